import AWSKit
import Logging
import NIOConcurrencyHelpers

/// Providers before a fake of AWS, with a home folder of their own; pauses are recorded, not slept, and time-outs come
/// at once.
struct CredentialHarness: Sendable {
  let fake: FakeAWS
  let server: TestServer
  let folder: TemporaryFolder
  let services: CredentialServices
  let pauses: NIOLockedValueBox<[Duration]>

  @discardableResult
  static func run<Result>(_ body: (CredentialHarness) async throws -> Result) async throws -> Result {
    let fake = FakeAWS()
    let server = try await TestServer.start { request, _ in fake.answer(request) }
    let transport = try HTTPTransport()
    let pauses = NIOLockedValueBox<[Duration]>([])
    var services = CredentialServices(transport: transport, region: "eu-west-1")
    services.requestTimeout = .seconds(60)
    services.containerTimeout = .seconds(60)
    services.timer = { _ in try await fake.silence() }
    services.now = { fake.now }
    services.sleep = { pause in pauses.withLockedValue { $0.append(pause) } }
    services.random = { 0.5 }
    do {
      let result = try await body(
        CredentialHarness(
          fake: fake, server: server, folder: try TemporaryFolder(), services: services, pauses: pauses))
      try await transport.shutdown()
      try await server.stop()
      return result
    } catch {
      try await transport.shutdown()
      try await server.stop()
      throw error
    }
  }

  /// The files are written anew; every service is the fake, the instance's too.
  func settings(
    _ config: String = "", credentials: String = "", _ environment: [String: String] = [:], profile: String? = nil
  ) throws -> AWSSettings {
    let all = [
      "AWS_CONFIG_FILE": try folder.write("config", config),
      "AWS_SHARED_CREDENTIALS_FILE": try folder.write("credentials", credentials),
      "HOME": folder.path, "PATH": "/usr/bin:/bin", "AWS_ENDPOINT_URL_STS": server.url,
      "AWS_ENDPOINT_URL_SSO": server.url, "AWS_ENDPOINT_URL_SSO_OIDC": server.url,
      "AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url + "/", "AWS_METADATA_SERVICE_TIMEOUT": "60",
    ]
    return try AWSSettings(environment: all.merging(environment) { $1 }, profile: profile)
  }

  func fail(_ service: FakeAWS.Service, with answers: [TestServer.Answer]) {
    fake.state.withLockedValue { $0.faults[service] = answers }
  }

  /// The form of the n-th request to STS.
  func form(_ index: Int = 0) -> [String: String] {
    FakeAWS.form(String(decoding: server.requests[index].body, as: UTF8.self))
  }

  func cache(_ provider: any CredentialProvider, logger: Logger = .silent) -> CredentialCache {
    CredentialCache(provider: provider, now: services.now, logger: logger)
  }
}

extension Logger {
  static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

extension CredentialProvider {
  /// Nil when the place holds none.
  func credentials() async throws -> AWSCredentials? {
    if case .found(let credentials, _) = try await lookUp() { credentials } else { nil }
  }

  /// Why there are none.
  func reason() async throws -> String? {
    if case .nothing(let reason) = try await lookUp() { reason } else { nil }
  }
}

/// The text of the error that the lookup has to end with.
func failure(of provider: any CredentialProvider) async -> String {
  do {
    return "no failure, but \(try await provider.lookUp())"
  } catch {
    return "\(error)"
  }
}
