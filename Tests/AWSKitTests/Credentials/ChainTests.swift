import AWSKit
import Logging
import NIOConcurrencyHelpers
import NIOHTTP1
import Testing

@Suite struct CredentialChainTests {
  /// In botocore's order, each with the beginning of the key that it gives.
  static let places = [
    "AKIDENV", "ROLE", "WEB", "SSO", "AKIDFILE", "PROCESS", "AKIDCONFIG", "ECS", "IMDS",
  ]

  /// The environment and files in which the n-th place and all after it hold something.
  private func settings(
    _ harness: CredentialHarness, from first: Int, profile: String? = nil
  ) throws -> AWSSettings {
    var environment: [String: String] = [:]
    var config = "[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = base-secret\n[default]\n"
    var credentials = ""
    for place in Self.places[first...] {
      switch place {
      case "AKIDENV": environment.merge(["AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "s"]) { $1 }
      case "ROLE": config += "role_arn = r\nsource_profile = base\n"
      case "WEB":
        environment["AWS_WEB_IDENTITY_TOKEN_FILE"] = try harness.folder.write("jwt", "the-jwt")
        environment["AWS_ROLE_ARN"] = "w"
      case "SSO":
        config += "sso_start_url = https://x.awsapps.com/start\nsso_region = eu-central-1\n"
        config += "sso_account_id = 123456789012\nsso_role_name = the role\n"
        harness.fake.state.withLockedValue { $0.ssoTokens["access"] = .max }
        try harness.folder.write(
          ".aws/sso/cache/3947de8b16688092197fa616c34e01335f21d256.json",
          #"{"accessToken":"access","expiresAt":"2124-05-24T00:00:00Z"}"#)
      case "AKIDFILE": credentials = "[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = s\n"
      case "PROCESS": config += "credential_process = cat \(try harness.folder.write("out", Self.printed))\n"
      case "AKIDCONFIG": config += "aws_access_key_id = AKIDCONFIG\naws_secret_access_key = s\n"
      case "ECS":
        environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "\(harness.server.url)/v1/credentials"
        environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "container-token"
      default: break
      }
    }
    return try harness.settings(config, credentials: credentials, environment, profile: profile)
  }

  private static let printed = #"{"Version":1,"AccessKeyId":"PROCESS","SecretAccessKey":"s"}"#

  @Test(arguments: places.indices) func theFirstThatHoldsSomethingWins(index: Int) async throws {
    try await CredentialHarness.run { harness in
      let chain = CredentialChain.standard(
        settings: try settings(harness, from: index), services: harness.services)
      let found = try #require(try await chain.credentials())
      #expect(found.accessKeyID.hasPrefix(Self.places[index]), "\(found)")
    }
  }

  /// A profile that the caller names comes before keys in the environment, and the variables of a web identity do
  /// not count then.
  @Test(arguments: [(0, "ROLE"), (2, "SSO"), (4, "AKIDFILE")]) func anExplicitProfile(
    first: Int, winner: String
  ) async throws {
    try await CredentialHarness.run { harness in
      let settings = try settings(harness, from: first, profile: "default")
      let chain = CredentialChain.standard(settings: settings, services: harness.services)
      #expect(try await chain.credentials()?.accessKeyID.hasPrefix(winner) == true)
    }
  }

  @Test func keysInTheEnvironmentComeBeforeANamedProfileOfTheEnvironment() async throws {
    try await CredentialHarness.run { harness in
      let settings = try harness.settings(
        "", credentials: "[work]\naws_access_key_id = AKIDFILE\naws_secret_access_key = s\n",
        ["AWS_PROFILE": "work", "AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "s"])
      let chain = CredentialChain.standard(settings: settings, services: harness.services)
      #expect(try await chain.credentials()?.accessKeyID == "AKIDENV")
    }
  }

  @Test func everyPlaceThatWasTriedIsNamed() async throws {
    try await CredentialHarness.run { harness in
      harness.fail(.instance, with: [.reply(404), .reply(404)])
      let settings = try harness.settings("[default]\nregion = x\n")
      let cache = harness.cache(CredentialChain.standard(settings: settings, services: harness.services))
      let error = try await #require(throws: CredentialError.self) { try await cache.credentials() }
      let config = harness.folder.path + "/config"
      let file = harness.folder.path + "/credentials"
      #expect(
        error.description == """
          no credentials found: tried were environment: AWS_ACCESS_KEY_ID is not set; \
          role of profile "default": role_arn is not set; \
          web identity: neither AWS_WEB_IDENTITY_TOKEN_FILE nor web_identity_token_file of profile "default" is set; \
          SSO of profile "default": sso_account_id and sso_role_name are not set; \
          profile "default" in \(file): no such profile; \
          login session of profile "default": login_session is not set; \
          credential_process of profile "default": it is not set; \
          profile "default" in \(config): aws_access_key_id is not set; \
          container endpoint: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI \
          is set; \
          instance metadata: 127.0.0.1: it answered HTTP 404, no role is attached to the instance. \
          Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile that has keys or a role
          """)
    }
  }

  /// A place that is configured and broken is not passed over: the next one's rights may be others.
  @Test(arguments: [
    ("[default]\naws_access_key_id = a", "no aws_secret_access_key"), ("[default]\nsso_account_id = 1", "uses SSO"),
    ("[default]\nrole_arn = r", "neither source_profile"), ("[default]\ncredential_process = false", "status 1"),
    ("[default]\nlogin_session = x", "login_session"),
  ]) func whatIsBrokenEndsTheSearch(config: String, says: String) async throws {
    try await CredentialHarness.run { harness in
      let chain = CredentialChain.standard(settings: try harness.settings(config), services: harness.services)
      let text = await failure(of: chain)
      #expect(text.contains(says), "\(text)")
      #expect(harness.server.requests.isEmpty)
    }
  }

  @Test func theSourceIsLoggedOnce() async throws {
    try await CredentialHarness.run { harness in
      let lines = NIOLockedValueBox<[String]>([])
      var logger = Logger(label: "test") { _ in Recorder(lines: lines) }
      logger.logLevel = .debug
      let settings = try settings(harness, from: 1)
      let cache = harness.cache(
        CredentialChain.standard(settings: settings, services: harness.services), logger: logger)
      _ = try await cache.credentials()
      harness.fake.advance(minutes: 55)
      _ = try await cache.credentials()
      #expect(
        lines.withLockedValue { $0 } == [
          "info credentials found key=ROLE1 source=role r of profile \"default\" until=2024-05-24T01:00:00.000Z",
          "debug credentials refreshed key=ROLE2 source=role r of profile \"default\" until=2024-05-24T01:55:00.000Z",
        ])
    }
  }

  private struct Recorder: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace
    let lines: NIOLockedValueBox<[String]>

    init(lines: NIOLockedValueBox<[String]>) { self.lines = lines }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let metadata = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
      lines.withLockedValue { $0.append("\(event.level) \(event.message)\(metadata.joined())") }
    }
  }

  /// `--no-sign-request`.
  @Test func anonymousRequests() async throws {
    try await ClientHarness.run(
      provider: StaticCredentialProvider(.anonymous, name: "--no-sign-request"),
      answer: { _, index in index == 0 ? .reply(200, ["ETag": "e"]) : .reply(403, [:], errorDocument("AccessDenied")) },
      body: { harness in
        _ = try await harness.client.putObject(bucket: "bucket", key: "k", body: .empty, condition: .ifAbsent)
        let error = try await ClientHarness.error { try await harness.client.getObject(bucket: "bucket", key: "k") }
        #expect(error.kind == .accessDenied)
        for request in harness.server.requests {
          let names = request.headers.map { $0.name.lowercased() }
          #expect(!names.contains("authorization") && !names.contains("x-amz-date"), "\(names)")
          #expect(!names.contains("x-amz-content-sha256") && !names.contains("x-amz-security-token"))
        }
        #expect(harness.server.requests.count == 2)
        #expect("\(AWSCredentials.anonymous)" == "AWSCredentials(anonymous)")
      })
  }
}
