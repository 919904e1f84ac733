import AWSKit
import Logging
import NIOConcurrencyHelpers
import Testing

/// A client on a scripted server; pauses are recorded, not slept.
struct ClientHarness: Sendable {
  let server: TestServer
  let client: S3Client
  let pauses: NIOLockedValueBox<[Duration]>
  let throttles: NIOLockedValueBox<Int>

  static let credentials = AWSCredentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "the-secret")
  static let now = AWSTimestamp(seconds: 1_716_508_800)  // 2024-05-24T00:00:00Z

  /// Runs `body`, then shuts server and connections down.
  @discardableResult
  static func run<Result>(
    connectTimeout: Duration = .seconds(10), stallTimeout: Duration = .seconds(30), proxies: ProxySettings = .init(),
    configure: (inout S3Client.Configuration) -> Void = { _ in },
    provider: any CredentialProvider = StaticCredentialProvider(credentials),
    answer: @escaping @Sendable (TestServer.Request, Int) -> TestServer.Answer,
    body: (ClientHarness) async throws -> Result
  ) async throws -> Result {
    let server = try await TestServer.start(answer)
    var settings = HTTPTransport.Configuration()
    settings.stallTimeout = stallTimeout
    settings.connectTimeout = connectTimeout
    settings.proxies = proxies
    let pauses = NIOLockedValueBox<[Duration]>([])
    let throttles = NIOLockedValueBox(0)
    var configuration = S3Client.Configuration(endpoint: try S3Endpoint(url: server.url, region: "eu-west-1"))
    configuration.now = { now }
    configuration.retry.sleep = { pause in pauses.withLockedValue { $0.append(pause) } }
    configuration.retry.random = { 0.5 }
    configuration.onThrottle = { throttles.withLockedValue { $0 += 1 } }
    configure(&configuration)
    settings.receiving = configuration.bandwidth.down
    let transport = try HTTPTransport(configuration: settings)
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let cache = CredentialCache(provider: provider, now: { now }, logger: logger)
    let client = S3Client(configuration: configuration, credentials: cache, transport: transport, logger: logger)
    let harness = ClientHarness(server: server, client: client, pauses: pauses, throttles: throttles)
    do {
      let result = try await body(harness)
      try await transport.shutdown()
      try await server.stop()
      return result
    } catch {
      try await transport.shutdown()
      try await server.stop()
      throw error
    }
  }

  /// The error of a call that has to fail.
  static func error(_ body: () async throws -> some Any) async throws -> S3Error {
    try await #require(throws: S3Error.self) { _ = try await body() }
  }
}

func errorDocument(_ code: String, _ more: String = "") -> String {
  "<?xml version=\"1.0\"?>\n<Error><Code>\(code)</Code><Message>the message</Message>\(more)"
    + "<RequestId>R1</RequestId></Error>"
}
