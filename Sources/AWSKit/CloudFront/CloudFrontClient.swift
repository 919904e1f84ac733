public import Logging
internal import NIOConcurrencyHelpers
internal import NIOHTTP1

/// The calls of CloudFront that tell it of changes. A value: copies share connections and credentials.
public struct CloudFrontClient: Sendable {
  public struct Configuration: Sendable {
    public var endpoint: CloudFrontEndpoint
    /// Few attempts: who waits for long does so in steps of his own.
    public var retry = RetryPolicy(maximumAttempts: 3)
    /// Limit of one attempt.
    public var requestTimeout: Duration = .seconds(30)
    public var userAgent = "martlet"
    /// The local clock.
    public var now: @Sendable () -> AWSTimestamp = AWSTimestamp.systemNow

    public init(endpoint: CloudFrontEndpoint) { self.endpoint = endpoint }
  }

  public var configuration: Configuration
  let transport: HTTPTransport
  let credentials: CredentialCache
  let signer = SigV4Signer(service: "cloudfront")
  let logger: Logger
  /// Seconds that the server's clock is ahead of ours, as its replies taught.
  let clockOffset = NIOLockedValueBox<Int64>(0)

  /// - Parameter transport: shut down by its owner, after the last request.
  public init(
    configuration: Configuration, credentials: CredentialCache, transport: HTTPTransport, logger: Logger
  ) {
    self.configuration = configuration
    self.credentials = credentials
    self.transport = transport
    self.logger = logger
  }

  private static let version = "2020-05-31"

  /// Succeeds when there is such a distribution and the credentials may look at it.
  /// - Throws: ``CloudFrontError``.
  public func getDistribution(_ id: String) async throws {
    _ = try await perform(
      ServiceCall(
        operation: "GetDistribution \(id)", permission: permission("GetDistribution", id), method: .GET,
        path: "/\(Self.version)/distribution/\(URIEncoding.query(id))"))
  }

  private func permission(_ action: String, _ distribution: String) -> AWSPermission {
    let partition = AWSPartition.of(region: configuration.endpoint.signingRegion).id
    return AWSPermission("cloudfront:\(action)", on: "arn:\(partition):cloudfront::*:distribution/\(distribution)")
  }

  /// Has edge caches drop what they hold for these paths.
  ///
  /// - Parameters:
  ///   - paths: 1 to ``InvalidationPath/limit``, each with a slash at its start, encoded.
  ///   - reference: a request that is repeated with the same reference and paths makes no second invalidation.
  /// - Returns: the id of the invalidation.
  /// - Throws: ``CloudFrontError``.
  @discardableResult
  public func createInvalidation(distribution: String, paths: [String], reference: String) async throws -> String {
    let items = paths.map { "<Path>\(XMLText.escape($0))</Path>" }.joined()
    let document =
      "<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/\(Self.version)/\"><Paths>"
      + "<Quantity>\(paths.count)</Quantity><Items>\(items)</Items></Paths>"
      + "<CallerReference>\(XMLText.escape(reference))</CallerReference></InvalidationBatch>"
    let call = ServiceCall(
      operation: "CreateInvalidation \(distribution)", permission: permission("CreateInvalidation", distribution),
      method: .POST,
      path: "/\(Self.version)/distribution/\(URIEncoding.query(distribution))/invalidation",
      headers: [("Content-Type", "application/xml")], body: Array(document.utf8))
    let reply = try await perform(call)
    // It was accepted: what the reply looks like decides nothing.
    return (try? XMLNode(parsing: reply).text("Id")) ?? ""
  }
}
