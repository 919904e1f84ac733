public import Logging
internal import NIOConcurrencyHelpers

/// The calls of S3 that a synchroniser needs. A value: copies share connections, credentials and what was learned.
public struct S3Client: Sendable {
  public struct Configuration: Sendable {
    public var endpoint: S3Endpoint
    public var checksums: S3ChecksumMode = .whenSupported
    /// With ``S3ChecksumMode/whenSupported``.
    public var checksumAlgorithm: S3ChecksumAlgorithm = .crc64nvme
    /// Whether downloads ask for the object's checksum; nil: where uploads carry one.
    public var asksForChecksums: Bool?
    /// Objects are written and read with it; those that are encrypted otherwise cannot be read.
    public var customerKey: S3CustomerKey?
    /// Whether requests are signed with the hash of what they carry. Nil: as the AWS CLI does, unless a checksum is sent
    /// over TLS. False leaves the hash out everywhere.
    public var signsPayload: Bool?
    public var etagQuoting: ETagQuoting = .quoted
    public var retry = RetryPolicy()
    /// Whether requests say that their sender pays for them, as the buckets want that are set to “requester pays”.
    public var requestPayer = false
    /// Limit of a request as a whole, until its reply has been read (of GetObject: until its head is there). What a
    /// body takes at ``minimumRate`` comes on top.
    public var requestTimeout: Duration = .seconds(600)
    /// How long a request waits for a place that has given out good credentials and does not any more, such as a
    /// container's endpoint that is restarted.
    public var credentialPatience: Duration = .seconds(120)
    /// Bytes per second that an upload has to reach.
    public var minimumRate: Int64 = 65_536
    /// For the contents of objects and for what requests carry; listings and the like come down without limit.
    public var bandwidth = BandwidthLimits()
    public var userAgent = "martlet"
    /// Called for every reply that asks to slow down (503, 429) and every one that is late, so that a scheduler can.
    public var onThrottle: @Sendable () -> Void = {}
    /// The local clock.
    public var now: @Sendable () -> AWSTimestamp = AWSTimestamp.systemNow

    public init(endpoint: S3Endpoint) { self.endpoint = endpoint }

    var checksDownloads: Bool { asksForChecksums ?? (checksums == .whenSupported) }
  }

  public var configuration: Configuration
  private(set) var transport: HTTPTransport
  let credentials: CredentialCache
  let signer = SigV4Signer(service: "s3")
  let logger: Logger
  let learned = Learned()

  /// What replies taught; for the lifetime of the client.
  final class Learned: Sendable {
    let regions = NIOLockedValueBox<[String: String]>([:])
    /// Seconds that the server's clock is ahead of ours.
    let clockOffset = NIOLockedValueBox<Int64>(0)
    let budget = RetryBudget()
    /// Whether a request with the credentials has succeeded, so that the place that they come from is the right one.
    let credentialsWork = NIOLockedValueBox(false)
  }

  /// - Parameter transport: shut down by its owner, after the last request.
  public init(
    configuration: Configuration, credentials: CredentialCache, transport: HTTPTransport, logger: Logger
  ) {
    self.configuration = configuration
    self.credentials = credentials
    self.transport = transport
    self.logger = logger
  }

  /// The same on other connections.
  package func over(_ transport: HTTPTransport) -> S3Client {
    var client = self
    client.transport = transport
    return client
  }

  /// Seconds that the server's clock is ahead of ours, as far as it is known: a difference shows when it refuses a
  /// signature for it.
  package var clockOffset: Int64 { learned.clockOffset.withLockedValue { $0 } }

  /// The region of a bucket as far as it is known.
  public func region(of bucket: String) -> String? {
    learned.regions.withLockedValue { $0[bucket] } ?? configuration.endpoint.region
  }
}
