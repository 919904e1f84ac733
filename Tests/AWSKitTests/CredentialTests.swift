import AWSKit
import Logging
import NIOConcurrencyHelpers
import NIOHTTP1
import Testing

@Suite struct CredentialTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func settings(_ environment: [String: String] = [:], profile: String? = nil) throws -> AWSSettings {
    try AWSSettings(
      environment: [
        "AWS_CONFIG_FILE": folder.path + "/config", "AWS_SHARED_CREDENTIALS_FILE": folder.path + "/credentials",
      ].merging(environment) { $1 }, profile: profile)
  }

  @Test func environment() throws {
    func credentials(_ environment: [String: String]) throws -> AWSCredentials? {
      try EnvironmentCredentialProvider(environment: environment).credentials()
    }
    #expect(try credentials([:]) == nil)
    #expect(try credentials(["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "s"]) == nil)
    let keys = ["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"]
    #expect(try credentials(keys) == AWSCredentials(accessKeyID: "a", secretAccessKey: "s"))
    let all = keys.merging([
      "AWS_SESSION_TOKEN": "t", "AWS_CREDENTIAL_EXPIRATION": "2030-01-01T00:00:00Z",
    ]) { $1 }
    let full = try #require(try credentials(all))
    #expect(full.sessionToken == "t")
    #expect(full.expiration == AWSTimestamp(iso8601: "2030-01-01T00:00:00Z"))
    #expect(throws: CredentialError.self) { try credentials(["AWS_ACCESS_KEY_ID": "a"]) }
    #expect(throws: CredentialError.self) {
      try credentials(keys.merging(["AWS_CREDENTIAL_EXPIRATION": "soon"]) { $1 })
    }
  }

  @Test func files() throws {
    try folder.write(
      "config", "[profile work]\naws_access_key_id=c\naws_secret_access_key=d\n[profile half]\naws_access_key_id=h")
    try folder.write(
      "credentials", "[work]\naws_access_key_id = a\naws_secret_access_key = b=/+:c\naws_session_token = t\n")
    let work = try settings(profile: "work")
    let provider = ProfileCredentialProvider(settings: work, file: .credentials)
    #expect(
      try provider.credentials()
        == AWSCredentials(accessKeyID: "a", secretAccessKey: "b=/+:c", sessionToken: "t"))
    #expect(
      try ProfileCredentialProvider(settings: work, file: .config).credentials()
        == AWSCredentials(accessKeyID: "c", secretAccessKey: "d"))
    let half = ProfileCredentialProvider(settings: try settings(profile: "half"), file: .config)
    #expect(throws: CredentialError.self) { try half.credentials() }
    // Keys that were rotated are seen.
    try folder.write("credentials", "[work]\naws_access_key_id = n\naws_secret_access_key = m\n")
    #expect(try provider.credentials()?.accessKeyID == "n")
  }

  @Test func chainOrderAndWhatWasSearched() async throws {
    try folder.write("config", "")
    try folder.write("credentials", "[work]\naws_access_key_id = file\naws_secret_access_key = s\n")
    let keys = ["AWS_ACCESS_KEY_ID": "env", "AWS_SECRET_ACCESS_KEY": "s"]
    let transport = try HTTPTransport()
    func chain(_ environment: [String: String], profile: String? = nil) throws -> CredentialChain {
      .standard(settings: try settings(environment, profile: profile), transport: transport)
    }
    #expect(try await chain(keys.merging(["AWS_PROFILE": "work"]) { $1 }).credentials()?.accessKeyID == "env")
    // A profile that was named by the caller comes before the environment.
    #expect(try await chain(keys, profile: "work").credentials()?.accessKeyID == "file")
    let nothing = try chain([:])
    let error = try await #require(throws: CredentialError.self) { try await nothing.credentials() }
    for place in ["environment variables", folder.path + "/credentials", folder.path + "/config", "container"] {
      #expect(error.description.contains(place))
    }
    try await transport.shutdown()
  }

  @Test func secretsDoNotShow() {
    let credentials = AWSCredentials(
      accessKeyID: "AKID", secretAccessKey: "SECRET", sessionToken: "TOKEN", expiration: AWSTimestamp(seconds: 0))
    var dumped = ""
    dump(credentials, to: &dumped)
    dump(["x": credentials], to: &dumped)
    for text in ["\(credentials)", String(reflecting: credentials), "\([credentials])", dumped] {
      #expect(!text.contains("SECRET") && !text.contains("TOKEN"))
      #expect(text.contains("AKID"))
    }
  }
}

@Suite struct ContainerCredentialTests {
  private static let document =
    #"{"AccessKeyId":"a","SecretAccessKey":"THESECRET","Token":"t","Expiration":"2030-01-01T00:00:00Z"}"#

  private func run(
    _ environment: (TestServer) -> [String: String],
    answer: @escaping @Sendable (TestServer.Request, Int) -> TestServer.Answer = { _, _ in .reply(200, [:], document) }
  ) async throws -> (Result<AWSCredentials?, any Error>, [TestServer.Request], pauses: Int) {
    let server = try await TestServer.start(answer)
    let transport = try HTTPTransport()
    let pauses = NIOLockedValueBox(0)
    let provider = ContainerCredentialProvider(environment: environment(server), transport: transport) { _ in
      pauses.withLockedValue { $0 += 1 }
    }
    let result: Result<AWSCredentials?, any Error>
    do { result = .success(try await provider.credentials()) } catch { result = .failure(error) }
    try await transport.shutdown()
    try await server.stop()
    return (result, server.requests, pauses.withLockedValue { $0 })
  }

  @Test func deliversWithToken() async throws {
    let folder = try TemporaryFolder()
    let token = try folder.write("token", "from-the-file")
    let (result, requests, _) = try await run { server in
      [
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(server.url)/v1/x?id=%2F1",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "variable",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token,
      ]
    }
    let credentials = try #require(try result.get())
    #expect(credentials.accessKeyID == "a" && credentials.sessionToken == "t")
    #expect(credentials.expiration == AWSTimestamp(iso8601: "2030-01-01T00:00:00Z"))
    #expect(requests.map(\.uri) == ["/v1/x?id=%2F1"])
    #expect(requests.first?.headers["Authorization"] == ["from-the-file"])
  }

  @Test func nothingConfigured() async throws {
    let (result, requests, _) = try await run { _ in [:] }
    #expect(try result.get() == nil)
    #expect(requests.isEmpty)
  }

  @Test(arguments: [
    "http://10.0.0.1/x", "http://example.com/x", "http://127.example.com/x", "http://[fd00:ec2::24]/x", "file:///x",
    "http://169.254.170.2@evil.example/x",
  ])
  func refusedHosts(url: String) async throws {
    let (result, _, pauses) = try await run { _ in
      ["AWS_CONTAINER_CREDENTIALS_FULL_URI": url, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "t"]
    }
    #expect(throws: CredentialError.self) { try result.get() }
    #expect(pauses == 0)
  }

  @Test(arguments: ["tok\n", "tok\r\nX-Evil: 1"]) func tokenWithLineEnd(token: String) async throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("token", token)
    let (result, requests, _) = try await run { server in
      ["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": path]
    }
    #expect(throws: CredentialError.self) { try result.get() }
    #expect(requests.isEmpty)
  }

  @Test func triesThreeTimesAndShowsNoSecret() async throws {
    let (result, requests, pauses) = try await run(
      { ["AWS_CONTAINER_CREDENTIALS_FULL_URI": $0.url] },
      answer: { _, _ in .reply(200, [:], #"{"AccessKeyId":"a","SecretAccessKey":"THESECRET"}"#) })
    #expect(requests.count == 3 && pauses == 2)
    let error = try #require(throws: CredentialError.self) { try result.get() }
    #expect(!error.description.contains("THESECRET"))
  }

  @Test func recoversOnTheSecondTry() async throws {
    let (result, requests, _) = try await run(
      { ["AWS_CONTAINER_CREDENTIALS_FULL_URI": $0.url] },
      answer: { _, index in index == 0 ? .reply(500) : .reply(200, [:], Self.document) })
    #expect(try result.get()?.accessKeyID == "a")
    #expect(requests.count == 2)
  }
}

@Suite struct CredentialCacheTests {
  /// Serves numbered credentials that live for an hour, and stops or fails when told.
  private final class Source: CredentialProvider {
    let name = "source"
    let clock: NIOLockedValueBox<Int64>
    let calls = NIOLockedValueBox(0)
    let fails = NIOLockedValueBox(false)
    let gate = NIOLockedValueBox(true)

    init(clock: NIOLockedValueBox<Int64>) { self.clock = clock }

    func credentials() async throws -> AWSCredentials? {
      let number = calls.withLockedValue { calls in
        calls += 1
        return calls
      }
      while !gate.withLockedValue({ $0 }) { await Task.yield() }
      if fails.withLockedValue({ $0 }) { throw CredentialError("down") }
      return AWSCredentials(
        accessKeyID: "k\(number)", secretAccessKey: "s",
        expiration: AWSTimestamp(seconds: clock.withLockedValue { $0 } + 3_600))
    }
  }

  private let clock = NIOLockedValueBox<Int64>(0)
  private let source: Source
  private let cache: CredentialCache

  init() {
    let clock = clock
    source = Source(clock: clock)
    cache = CredentialCache(
      provider: source, now: { AWSTimestamp(seconds: clock.withLockedValue { $0 }) },
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  private func key(at minutes: Int64) async throws -> String {
    clock.withLockedValue { $0 = minutes * 60 }
    return try await cache.credentials().accessKeyID
  }

  @Test func keepsThemUntilTheirEndComesNear() async throws {
    #expect(try await key(at: 0) == "k1")
    #expect(try await key(at: 44) == "k1")
    #expect(source.calls.withLockedValue { $0 } == 1)
    // Less than 15 minutes left: refreshed in the background.
    #expect(try await key(at: 46) == "k1")
    while try await key(at: 46) == "k1" { await Task.yield() }
    #expect(try await key(at: 46) == "k2")
  }

  @Test func waitsWhenTheEndIsClose() async throws {
    _ = try await key(at: 0)
    #expect(try await key(at: 51) == "k2")
  }

  @Test func oneRefreshAtATime() async throws {
    source.gate.withLockedValue { $0 = false }
    let keys = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<50 { group.addTask { try await self.cache.credentials().accessKeyID } }
      while source.calls.withLockedValue({ $0 }) == 0 { await Task.yield() }
      source.gate.withLockedValue { $0 = true }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(keys == ["k1"])
    #expect(source.calls.withLockedValue { $0 } == 1)
  }

  @Test func oldOnesStayWhenARefreshFails() async throws {
    _ = try await key(at: 0)
    source.fails.withLockedValue { $0 = true }
    #expect(try await key(at: 55) == "k1")
    #expect(source.calls.withLockedValue { $0 } == 2)
    // Not at every request anew.
    #expect(try await key(at: 55) == "k1")
    #expect(source.calls.withLockedValue { $0 } == 2)
    #expect(try await key(at: 57) == "k1")
    #expect(source.calls.withLockedValue { $0 } == 3)
    await #expect(throws: CredentialError.self) { try await key(at: 60) }
    source.fails.withLockedValue { $0 = false }
    #expect(try await key(at: 60) == "k5")
  }

  @Test func rejectedOnesAreDropped() async throws {
    let first = try await cache.credentials()
    await cache.invalidate(first)
    let second = try await cache.credentials()
    #expect(second.accessKeyID == "k2")
    // A late rejection of the old ones does not touch the new.
    await cache.invalidate(first)
    #expect(try await cache.credentials() == second)
  }
}
