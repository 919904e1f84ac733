import AWSKit
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import Testing

/// A transfer that outlives the credentials it began with.
@Suite struct RotationTests {
  enum Place: String, CaseIterable, Sendable { case role, chain, webIdentity, sso, process, container, pod, instance }

  private func provider(_ place: Place, _ harness: CredentialHarness) throws -> any CredentialProvider {
    let services = harness.services
    switch place {
    case .role:
      let keys = "[base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = base-secret\n"
      return AssumeRoleCredentialProvider(
        settings: try harness.settings("[default]\nrole_arn = r\nsource_profile = base\n", credentials: keys),
        services: services)
    case .chain:
      harness.fake.state.withLockedValue { $0.trust = ["outer": "ROLE"] }
      let keys = "[base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = base-secret\n"
      return AssumeRoleCredentialProvider(
        settings: try harness.settings(
          "[default]\nrole_arn = outer\nsource_profile = m\n[profile m]\nrole_arn = inner\nsource_profile = base\n",
          credentials: keys), services: services)
    case .pod:
      // EKS renews the token's file.
      let token = try harness.folder.write("pod-token", "container-token")
      return ContainerCredentialProvider(
        environment: [
          "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(harness.server.url)/v1/credentials",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token,
        ], services: services)
    case .webIdentity:
      let token = try harness.folder.write("token", "the-jwt")
      return WebIdentityCredentialProvider(
        settings: try harness.settings("", ["AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "r"]),
        services: services)
    case .sso:
      harness.fake.state.withLockedValue { $0.ssoTokens["access"] = .max }
      try harness.folder.write(
        ".aws/sso/cache/3947de8b16688092197fa616c34e01335f21d256.json",
        #"{"accessToken":"access","expiresAt":"2124-05-24T00:00:00Z"}"#)
      return SSOCredentialProvider(
        settings: try harness.settings(
          "[default]\nsso_start_url = https://x.awsapps.com/start\nsso_region = eu-central-1\n"
            + "sso_account_id = 123456789012\nsso_role_name = the role\n"), services: services)
    case .process:
      return ProcessCredentialProvider(
        settings: try harness.settings("[default]\ncredential_process = cat \(harness.folder.path)/printed\n"))
    case .container:
      return ContainerCredentialProvider(
        environment: [
          "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(harness.server.url)/v1/credentials",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token",
        ], services: services)
    case .instance:
      return InstanceCredentialProvider(settings: try harness.settings(""), services: services)
    }
  }

  private static func service(_ place: Place) -> FakeAWS.Service? {
    switch place {
    case .role, .chain, .webIdentity: .sts
    case .sso: .sso
    case .container, .pod: .container
    case .instance: .instance
    case .process: nil
    }
  }

  /// More often where a refresh is due: the credentials of the fake live for an hour.
  private static let minutes: [Int64] = [0, 20, 40, 44, 46, 48, 50, 52, 54, 56, 58, 60, 62, 75, 90]

  /// Requests that make one refresh.
  private static func requests(_ place: Place) -> Int {
    switch place {
    case .instance: 3
    case .chain: 2
    default: 1
    }
  }

  /// Parts of an upload, three at a time, at the given minutes; returns the keys they were signed with. The server
  /// refuses what is not valid at its time, and the client tries nothing twice.
  private func transfer(
    _ harness: CredentialHarness, _ place: Place, minutes: [Int64] = minutes, at: (Int64) throws -> Void = { _ in }
  ) async throws -> [String] {
    var configuration = S3Client.Configuration(endpoint: try S3Endpoint(url: harness.server.url, region: "eu-west-1"))
    configuration.now = harness.services.now
    configuration.retry.maximumAttempts = 1
    let client = S3Client(
      configuration: configuration, credentials: harness.cache(try provider(place, harness)),
      transport: harness.services.transport, logger: .silent)
    let start = harness.fake.now.seconds
    for minute in minutes {
      harness.fake.state.withLockedValue { $0.now = start + minute * 60 }
      try at(minute)
      try printNext(harness)
      try await withThrowingTaskGroup { group in
        for part in 1...3 {
          group.addTask {
            _ = try await client.uploadPart(
              bucket: "bucket", key: "k", uploadID: "u", partNumber: part, body: .bytes(ByteBuffer(string: "x")))
          }
        }
        try await group.waitForAll()
      }
    }
    return harness.server.requests.compactMap { request in
      guard request.path == "/bucket/k" else { return nil }
      return request.headers.first(name: "Authorization").flatMap { SigV4Authorization(header: $0)?.accessKeyID }
    }
  }

  /// What the command would print now.
  private func printNext(_ harness: CredentialHarness) throws {
    try harness.folder.write("printed", harness.fake.document("PROCESS"))
  }

  @Test(arguments: Place.allCases) func oneRefreshIsEnough(place: Place) async throws {
    try await CredentialHarness.run { harness in
      let keys = try await transfer(harness, place)
      // No request was refused, so none was sent twice.
      #expect(keys.count == Self.minutes.count * 3)
      #expect(Set(keys).count == 2)
      if let service = Self.service(place) {
        #expect(harness.fake.calls(service) == 2 * Self.requests(place))
      }
    }
  }

  /// From when the refresh is due, the place answers with everything that is wrong.
  @Test(arguments: Place.allCases) func failuresInBetween(place: Place) async throws {
    try await CredentialHarness.run { harness in
      let keys = try await transfer(harness, place) { minute in
        if minute == 44, let service = Self.service(place) {
          harness.fail(
            service,
            with: [.reply(500), .close, .silence, .reply(200, [:], "<nonsense"), .reply(200, [:], ""), .reply(429)])
        }
        if place == .process, (44..<56).contains(minute) {
          harness.fake.state.withLockedValue { $0.lifetime = -1 }
        } else if place == .process {
          harness.fake.state.withLockedValue { $0.lifetime = 3_600 }
        }
      }
      #expect(keys.count == Self.minutes.count * 3)
      #expect(Set(keys).count == 2)
      if let service = Self.service(place) {
        #expect(harness.fake.state.withLockedValue { $0.faults[service]?.isEmpty } == true)
      }
    }
  }

  /// The issuer goes on to give out what has ended: that is no refresh, and when the old ones have ended, too, it is
  /// said.
  @Test(arguments: [Place.role, .webIdentity, .sso, .process, .container, .pod])
  func anIssuerThatGivesOutOldOnes(place: Place) async throws {
    try await CredentialHarness.run { harness in
      let cache = harness.cache(try provider(place, harness))
      try printNext(harness)
      let first = try await cache.credentials()
      harness.fake.advance(minutes: 55)
      harness.fake.state.withLockedValue { $0.lifetime = -1 }
      try printNext(harness)
      #expect(try await cache.credentials() == first)
      harness.fake.advance(minutes: 5)
      let error = try await #require(throws: CredentialError.self) { try await cache.credentials() }
      #expect(error.description.contains("have already expired"))
      harness.fake.state.withLockedValue { $0.lifetime = 3_600 }
      try printNext(harness)
      #expect(try await cache.credentials().expiration == harness.fake.now.adding(seconds: 3_600))
    }
  }

  /// Keys that the server rejects before their end, since somebody took them back, are asked for anew.
  @Test(arguments: Place.allCases) func revokedInTheMiddle(place: Place) async throws {
    try await CredentialHarness.run { harness in
      let keys = try await transfer(harness, place, minutes: [0, 2, 4, 6]) { minute in
        guard minute == 4 else { return }
        harness.fake.state.withLockedValue { state in state.issued = state.issued.filter { $0.value.token == nil } }
        try printNext(harness)
      }
      #expect(Set(keys).count >= 2)
      #expect(keys.suffix(3).allSatisfy { $0 != keys[0] })
    }
  }

  /// What the platform hands to the process is renewed on disk, and the old one ends.
  @Test(arguments: [Place.webIdentity, .pod]) func theTokenIsRenewed(place: Place) async throws {
    try await CredentialHarness.run { harness in
      let keys = try await transfer(harness, place) { minute in
        guard minute == 20 else { return }
        harness.fake.state.withLockedValue { state in
          state.webIdentityTokens = ["the-next"]
          state.containerToken = "the-next"
        }
        for name in ["token", "pod-token"] { try harness.folder.write(name, "the-next") }
      }
      #expect(keys.count == Self.minutes.count * 3)
      #expect(Set(keys).count == 2)
    }
  }

  /// Keys in a file have no end: whoever rotates them writes others there and takes the old ones back. Meanwhile the
  /// file may be half written, or away.
  @Test(arguments: [ProfileCredentialProvider.File.credentials, .config])
  func keysInFiles(file: ProfileCredentialProvider.File) async throws {
    try await CredentialHarness.run { harness in
      func text(_ id: String, _ secret: String) -> String {
        "[default]\naws_access_key_id = \(id)\naws_secret_access_key = \(secret)\n"
      }
      func write(_ text: String) throws {
        try harness.folder.write(file == .config ? "config" : "credentials", text)
      }
      let settings = try harness.settings()
      try write(text("AKIDBASE", "base-secret"))
      var configuration = S3Client.Configuration(endpoint: try S3Endpoint(url: harness.server.url, region: "eu-west-1"))
      configuration.now = harness.services.now
      configuration.retry.maximumAttempts = 1
      let client = S3Client(
        configuration: configuration,
        credentials: harness.cache(ProfileCredentialProvider(settings: settings, file: file)),
        transport: harness.services.transport, logger: .silent)
      func part(_ number: Int) async throws {
        _ = try await client.uploadPart(
          bucket: "bucket", key: "k", uploadID: "u", partNumber: number, body: .bytes(ByteBuffer(string: "x")))
      }
      try await part(1)
      // The new ones are there before the old ones end.
      harness.fake.state.withLockedValue { $0.issued["AKIDNEXT"] = FakeAWS.Issued(secret: "next-secret") }
      try write(text("AKIDNEXT", "next-secret"))
      try await part(2)
      harness.fake.state.withLockedValue { $0.issued["AKIDBASE"] = nil }
      try await part(3)
      harness.fake.state.withLockedValue { $0.issued = ["AKIDLAST": FakeAWS.Issued(secret: "last-secret")] }
      for broken in ["[default]\naws_access_key_id = AKIDLAST\n", "", "<nonsense", text("AKIDNEXT", "next-secret")] {
        try write(broken)
        await #expect(throws: (any Error).self, "\(broken)") { try await part(4) }
      }
      try write(text("AKIDLAST", "last-secret"))
      try await part(4)
    }
  }
}
