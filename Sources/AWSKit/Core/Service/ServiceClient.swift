internal import AsyncHTTPClient
internal import Checksums
internal import Digests
internal import Logging
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOHTTP1

/// What the clients of services other than S3 share.
public struct ServiceConfiguration: Sendable {
  /// Few attempts: who waits for long does so in steps of his own.
  public var retry = RetryPolicy(maximumAttempts: 3)
  /// Limit of one attempt.
  public var requestTimeout: Duration = .seconds(30)
  public var userAgent = "martlet"
  /// The local clock.
  public var now: @Sendable () -> AWSTimestamp = AWSTimestamp.systemNow

  public init() {}
}

/// Signs and sends requests to one service, with retries and the corrections that replies ask for (clock,
/// credentials).
struct ServiceClient: Sendable {
  /// For logs.
  let name: String
  let server: CustomEndpoint
  let signingRegion: String
  let signer: SigV4Signer
  var configuration: ServiceConfiguration
  let transport: HTTPTransport
  let credentials: CredentialCache
  let logger: Logger
  /// Seconds that the server's clock is ahead of ours, as its replies taught.
  let clockOffset: NIOLockedValueBox<Int64>

  init(
    _ endpoint: ServiceEndpoint, configuration: ServiceConfiguration, credentials: CredentialCache,
    transport: HTTPTransport, logger: Logger
  ) {
    self.init(
      name: endpoint.service.rawValue, server: endpoint.server, signingRegion: endpoint.region,
      signer: SigV4Signer(service: endpoint.service.name), configuration: configuration, transport: transport,
      credentials: credentials, logger: logger, clockOffset: NIOLockedValueBox(0))
  }

  init(
    name: String, server: CustomEndpoint, signingRegion: String, signer: SigV4Signer,
    configuration: ServiceConfiguration, transport: HTTPTransport, credentials: CredentialCache, logger: Logger,
    clockOffset: NIOLockedValueBox<Int64>
  ) {
    self.name = name
    self.server = server
    self.signingRegion = signingRegion
    self.signer = signer
    self.configuration = configuration
    self.transport = transport
    self.credentials = credentials
    self.logger = logger
    self.clockOffset = clockOffset
  }

  /// The ARN of what belongs to the account whose credentials are used.
  /// - Parameter account: nil: not known.
  func arn(_ service: String, account: String? = nil, _ resource: String) -> String {
    "arn:\(AWSPartition.of(region: signingRegion).id):\(service):\(signingRegion):\(account ?? "*"):\(resource)"
  }

  /// - Returns: the body of the reply.
  /// - Throws: ``AWSServiceError``.
  func perform(_ call: ServiceCall) async throws -> [UInt8] {
    var failedAttempts = 0
    var outcomeUnknown = false
    var corrections = Corrections()
    while true {
      do {
        return try await attempt(call)
      } catch let failure as AttemptFailure {
        var error = failure.error
        outcomeUnknown = outcomeUnknown || error.outcomeUnknown
        error.outcomeUnknown = outcomeUnknown && call.body != nil
        if await correct(failure, &corrections) { continue }
        failedAttempts += 1
        guard error.mayPass, failedAttempts < configuration.retry.maximumAttempts else { throw error }
        let delay = configuration.retry.delay(afterAttempt: failedAttempts, throttled: error.kind == .throttled)
        logger.debug(
          "\(name) request failed, trying again",
          metadata: ["error": "\(error)", "attempt": "\(failedAttempts)", "pause": "\(delay)"])
        try await configuration.retry.sleep(delay)
      }
    }
  }

  private func attempt(_ call: ServiceCall) async throws -> [UInt8] {
    let credentials: AWSCredentials
    do {
      credentials = try await self.credentials.credentials()
    } catch let error where !(error is CancellationError) {
      throw AWSServiceError(.noCredentials, message: "\(error)", operation: call.operation, cause: error)
    }
    let offset = clockOffset.withLockedValue { $0 }
    do {
      let response = try await transport.send(
        request(call, credentials, clockOffset: offset), timeout: call.timeout ?? configuration.requestTimeout)
      // With a success the request has taken effect, whatever becomes of the rest of the reply.
      let body = (try? await response.body.collect(upTo: Self.replyLimit)).map { Array($0.readableBytesView) } ?? []
      let status = Int(response.status.code)
      guard (200..<300).contains(status) else {
        let said = ServiceErrorBody(
          parsing: body, queryError: response.headers.first(name: "x-amzn-query-error"))
        throw AttemptFailure(
          error: AWSServiceError(
            status: status, code: said.code, message: said.message,
            requestID: response.headers.first(name: "x-amzn-requestid"), operation: call.operation,
            permission: call.permission),
          credentials: credentials, clockOffset: offset,
          serverDate: response.headers.first(name: "Date").flatMap { AWSTimestamp(httpDate: $0) })
      }
      return body
    } catch let failure as HTTPFailure {
      throw AttemptFailure(
        error: AWSServiceError(failure, operation: call.operation), credentials: credentials, clockOffset: offset)
    }
  }

  /// Bytes. An invalidation comes back with all its paths; ten messages of SQS have 1 MiB each at most.
  private static let replyLimit = 32 << 20

  private func request(_ call: ServiceCall, _ credentials: AWSCredentials, clockOffset: Int64) -> HTTPClientRequest {
    let path = server.basePath + call.path
    var headers: [(name: String, value: String)] = [("Host", server.authority)]
    headers += call.headers
    if !credentials.isAnonymous {
      let timestamp = configuration.now().adding(seconds: clockOffset).amzDate
      headers.append(("X-Amz-Date", timestamp))
      if let token = credentials.sessionToken { headers.append(("X-Amz-Security-Token", token)) }
      let payloadHash = call.body.map { Hex.encode(SHA256Digest.digest($0)) } ?? SigV4.emptyPayloadHash
      // Unlike S3, other services sign the path encoded once more.
      let authorization = signer.authorization(
        method: call.method.rawValue, path: URIEncoding.path(path), query: "", headers: headers,
        payloadHash: payloadHash, credentials: credentials, region: signingRegion, timestamp: timestamp)
      headers.append(("Authorization", authorization))
    }
    headers.append(("User-Agent", configuration.userAgent))
    var request = HTTPClientRequest(
      url: "\(server.isSecure ? "https" : "http")://\(server.authority)\(path)")
    request.method = call.method
    request.headers = HTTPHeaders(headers.map { ($0.name, $0.value) })
    if let body = call.body { request.body = .bytes(ByteBuffer(bytes: body)) }
    return request
  }

  // MARK: Corrections

  /// Each at most once per request.
  private struct Corrections {
    var clock = false
    var credentials = false
  }

  /// Seconds; AWS rejects from 5 minutes on, and a `Date` is cut to a second.
  private static let toleratedSkew: Int64 = 240

  /// Whether the request should be sent again at once, since the reply taught how it has to be.
  private func correct(_ failure: AttemptFailure, _ done: inout Corrections) async -> Bool {
    if !done.clock, let serverDate = failure.serverDate, [400, 403].contains(failure.error.status) {
      let skew = serverDate.seconds - configuration.now().seconds
      if abs(skew - failure.clockOffset) > Self.toleratedSkew {
        done.clock = true
        clockOffset.withLockedValue { $0 = skew }
        return true
      }
    }
    if !done.credentials, failure.error.kind == .invalidCredentials {
      done.credentials = true
      // Files are read again, roles are assumed again; the same ones again would be rejected again.
      await credentials.invalidate(failure.credentials)
      if let fresh = try? await credentials.credentials(), fresh != failure.credentials { return true }
    }
    return false
  }
}

/// What went wrong in one attempt and what the reply said beside it.
private struct AttemptFailure: Error {
  var error: AWSServiceError
  var credentials: AWSCredentials
  /// Seconds that the request was signed ahead of the local clock.
  var clockOffset: Int64
  var serverDate: AWSTimestamp?
}
