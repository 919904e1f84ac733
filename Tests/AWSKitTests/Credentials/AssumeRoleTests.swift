import AWSKit
import Checksums
import Digests
import NIOConcurrencyHelpers
import NIOHTTP1
import Testing

@Suite struct AssumeRoleTests {
  private static let base = "[base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = base-secret\n"

  private func provider(
    _ harness: CredentialHarness, _ config: String, credentials: String = base, _ environment: [String: String] = [:],
    profile: String? = nil
  ) throws -> AssumeRoleCredentialProvider {
    AssumeRoleCredentialProvider(
      settings: try harness.settings(config, credentials: credentials, environment, profile: profile),
      services: harness.services)
  }

  @Test func aRoleByTheKeysOfAnotherProfile() async throws {
    try await CredentialHarness.run { harness in
      harness.fake.state.withLockedValue { $0.externalID = "ext/1" }
      let role = try provider(
        harness,
        """
        [default]
        role_arn = arn:aws:iam::1:role/r+1
        source_profile = base
        role_session_name = my session
        external_id = ext/1
        duration_seconds = 7200
        """)
      guard case .found(let credentials, let source) = try await role.lookUp() else {
        Issue.record("nothing found")
        return
      }
      #expect(credentials.accessKeyID == "ROLE1" && credentials.sessionToken == "token-ROLE1")
      #expect(credentials.expiration == harness.fake.now.adding(seconds: 3_600))
      #expect(source == "role arn:aws:iam::1:role/r+1 of profile \"default\"")
      #expect(
        harness.form() == [
          "Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": "arn:aws:iam::1:role/r+1",
          "RoleSessionName": "my session", "ExternalId": "ext/1", "DurationSeconds": "7200",
        ])
    }
  }

  @Test func whatIsNotGivenIsNotSent() async throws {
    try await CredentialHarness.run { harness in
      let role = try provider(
        harness, "[default]\nrole_arn = r\nsource_profile = base\nduration_seconds = long\n")
      #expect(try await role.credentials()?.accessKeyID == "ROLE1")
      #expect(
        harness.form() == [
          "Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": "r",
          "RoleSessionName": "martlet-session-1716508800",
        ])
    }
  }

  /// Each link is assumed by the one before; the last profile of the chain has keys.
  @Test func aChainOfRoles() async throws {
    try await CredentialHarness.run { harness in
      harness.fake.state.withLockedValue { $0.trust = ["inner": "AKIDBASE", "middle": "ROLE1", "outer": "ROLE2"] }
      let role = try provider(
        harness,
        """
        [default]
        role_arn = outer
        source_profile = m
        [profile m]
        role_arn = middle
        source_profile = i
        [profile i]
        role_arn = inner
        source_profile = base
        """)
      #expect(try await role.credentials()?.accessKeyID == "ROLE3")
      #expect((0..<3).map { harness.form($0)["RoleArn"] } == ["inner", "middle", "outer"])
    }
  }

  @Test func aProfileThatNamesItself() async throws {
    try await CredentialHarness.run { harness in
      let keys = Self.base.replacing("[base]", with: "[default]")
      let role = try provider(harness, "[default]\nrole_arn = r\nsource_profile = default\n", credentials: keys)
      #expect(try await role.credentials()?.accessKeyID == "ROLE1")
    }
  }

  /// Keys of the source profile come before its own role.
  @Test func keysEndTheChain() async throws {
    try await CredentialHarness.run { harness async throws in
      let config =
        "[default]\nrole_arn = r\nsource_profile = base\n[profile base]\nrole_arn = x\nsource_profile = default\n"
      #expect(try await provider(harness, config).credentials()?.accessKeyID == "ROLE1")
      #expect(harness.fake.calls(.sts) == 1)
    }
  }

  @Test func aWebIdentityAsSource() async throws {
    try await CredentialHarness.run { harness in
      harness.fake.state.withLockedValue { $0.trust = ["outer": "WEB1"] }
      let token = try harness.folder.write("token", "the-jwt")
      let config = """
        [default]
        role_arn = outer
        source_profile = pod
        [profile pod]
        role_arn = inner
        web_identity_token_file = \(token)
        """
      // The variables do not count for source profiles.
      let environment = ["AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent", "AWS_ROLE_ARN": "other"]
      #expect(try await provider(harness, config, environment).credentials()?.accessKeyID == "ROLE2")
      #expect(harness.form()["RoleArn"] == "inner")
    }
  }

  @Test(arguments: ["Environment", "EcsContainer", "Ec2InstanceMetadata"])
  func credentialSources(name: String) async throws {
    try await CredentialHarness.run { harness in
      let expected = ["Environment": "AKIDBASE", "EcsContainer": "ECS1", "Ec2InstanceMetadata": "IMDS1"]
      harness.fake.state.withLockedValue { $0.trust = ["r": expected[name] ?? "", "x": "nobody"] }
      let environment = [
        "AWS_ACCESS_KEY_ID": "AKIDBASE", "AWS_SECRET_ACCESS_KEY": "base-secret",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(harness.server.url)/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token",
      ]
      let role = try provider(harness, "[default]\nrole_arn = r\ncredential_source = \(name)\n", environment)
      #expect(try await role.credentials()?.accessKeyID.hasPrefix("ROLE") == true)
    }
  }

  struct Broken: Sendable, CustomTestStringConvertible {
    var config: String
    var says: [String]
    var testDescription: String { says[0] }
  }

  static let broken: [Broken] = [
    Broken(
      config: "role_arn=r\nsource_profile=base\ncredential_source=Environment",
      says: ["\"default\" contains both source_profile and credential_source"]),
    Broken(config: "role_arn=r", says: ["neither source_profile nor credential_source"]),
    Broken(config: "role_arn=r\ncredential_source=environment", says: ["\"environment\"", "Ec2InstanceMetadata"]),
    Broken(config: "role_arn=r\nsource_profile=zz", says: ["source_profile \"zz\"", "\"default\" does not exist"]),
    Broken(
      config: "role_arn=r\nsource_profile=q\n[profile q]\nrole_arn=s\nsource_profile=default",
      says: ["circle: \"default\" → \"q\" → \"default\""]),
    Broken(config: "role_arn=r\nsource_profile=default", says: ["circle: \"default\" → \"default\""]),
    Broken(
      config: "role_arn=r\nsource_profile=x\n[profile x]\nregion=y",
      says: ["source_profile \"x\"", "has no credentials", "aws_access_key_id is not set", "credential_process"]),
    Broken(
      config: "role_arn=r\nsource_profile=base\nmfa_serial=arn:mfa", says: ["arn:mfa", "mfa_serial", "unattended"]),
    Broken(
      config: "role_arn=r\ncredential_source=Environment",
      says: ["credential_source Environment", "AWS_ACCESS_KEY_ID is not set"]),
    Broken(config: "role_arn=r\nsource_profile=half\n[profile half]\naws_access_key_id=a", says: ["\"half\""]),
  ]

  @Test(arguments: broken) func whatIsWrongIsSaid(test: Broken) async throws {
    try await CredentialHarness.run { harness in
      let text = await failure(of: try provider(harness, "[default]\n\(test.config)\n"))
      for part in test.says { #expect(text.contains(part), "\(text)") }
      #expect(harness.server.requests.isEmpty)
    }
  }

  @Test func refusalsAreShownAndNotRepeated() async throws {
    try await CredentialHarness.run { harness in
      harness.fake.state.withLockedValue { $0.trust = ["r": "nobody"] }
      let role = try provider(harness, "[default]\nrole_arn = r\nsource_profile = base\n")
      let text = await failure(of: role)
      #expect(text.contains("role r of profile \"default\"") && text.contains("AccessDenied: the message (HTTP 403)"))
      #expect(!text.contains("base-secret"))
      #expect(harness.server.requests.count == 1)
    }
  }

  @Test func nothingConfigured() async throws {
    try await CredentialHarness.run { harness async throws in
      #expect(try await provider(harness, "").reason() == "no such profile")
      #expect(try await provider(harness, "[default]\nregion=x").reason() == "role_arn is not set")
      #expect(
        try await provider(harness, "[default]\nrole_arn=r\nweb_identity_token_file=f").reason()?
          .contains("web identity") == true)
    }
  }

  // MARK: STS

  /// Computed by botocore's signer: other than for S3 no header names the body's hash.
  @Test func theSignatureIsThatOfBotocore() {
    let body =
      "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr&RoleSessionName=s"
    let authorization = SigV4Signer(service: "sts").authorization(
      method: "POST", path: "/", query: "",
      headers: [
        ("Host", "sts.eu-west-1.amazonaws.com"),
        ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"), ("Accept", "application/xml"),
        ("X-Amz-Date", "20240524T000000Z"), ("X-Amz-Security-Token", "the-token"),
      ], payloadHash: Hex.encode(SHA256Digest.digest(Array(body.utf8))),
      credentials: AWSCredentials(
        accessKeyID: "AKIDBASE", secretAccessKey: "base-secret", sessionToken: "the-token"),
      region: "eu-west-1", timestamp: "20240524T000000Z")
    #expect(
      authorization == "AWS4-HMAC-SHA256 Credential=AKIDBASE/20240524/eu-west-1/sts/aws4_request, "
        + "SignedHeaders=accept;content-type;host;x-amz-date;x-amz-security-token, "
        + "Signature=5f0e91d975823431c430b4ecbdc8135d2625f6f7c1234b4da9e137f42f87cb02")
  }

  static let passing: [[TestServer.Answer]] = [
    [.reply(500)], [.reply(503, [:], "<html>")], [.close], [.silence], [.reply(500), .silence],
    [.reply(400, [:], "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>")],
    [.truncated(announced: 100, sent: "<AssumeRole")],
  ]

  @Test(arguments: passing.indices) func passingFailuresOfSTS(index: Int) async throws {
    try await CredentialHarness.run { harness in
      harness.fail(.sts, with: Self.passing[index])
      let role = try provider(harness, "[default]\nrole_arn = r\nsource_profile = base\n")
      #expect(try await role.credentials()?.accessKeyID == "ROLE1")
      let pauses: [Duration] = [.milliseconds(500), .seconds(1)]
      #expect(harness.pauses.withLockedValue { $0 } == Array(pauses.prefix(Self.passing[index].count)))
    }
  }

  static let lasting: [(TestServer.Answer, String, Int)] = [
    (.reply(500), "HTTP 500", 3), (.silence, "no answer within 60 s", 3),
    (.reply(200, [:], "<AssumeRoleResponse>"), "lacks AccessKeyId", 1),
    (
      .reply(
        200, [:],
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>a</AccessKeyId><SecretAccessKey>HIDDEN"
          + "</SecretAccessKey></Credentials></AssumeRoleResult></AssumeRoleResponse>"), "lacks AccessKeyId", 1
    ),
  ]

  @Test(arguments: lasting.indices) func lastingFailuresOfSTS(index: Int) async throws {
    try await CredentialHarness.run { harness in
      let (answer, says, requests) = Self.lasting[index]
      harness.fail(.sts, with: [answer, answer, answer])
      let text = await failure(of: try provider(harness, "[default]\nrole_arn = r\nsource_profile = base\n"))
      #expect(text.contains(says) && !text.contains("HIDDEN"), "\(text)")
      #expect(harness.server.requests.count == requests)
    }
  }

  /// The signature is made for the server's time, the end of the credentials is told in ours.
  @Test(arguments: [-7_200, 7_200]) func aClockThatIsWrong(seconds: Int64) async throws {
    try await CredentialHarness.run { harness in
      var services = harness.services
      let fake = harness.fake
      services.now = { fake.now.adding(seconds: seconds) }
      let settings = try harness.settings(
        "[default]\nrole_arn = r\nsource_profile = base\n", credentials: Self.base)
      let role = AssumeRoleCredentialProvider(settings: settings, services: services)
      let credentials = try #require(try await role.credentials())
      #expect(credentials.expiration == services.now().adding(seconds: 3_600))
      #expect(harness.server.requests.count == 2)
    }
  }

  /// The address by variable and by the profile's `services`; AWS's own is not to be reached from a test.
  @Test func theEndpointOfSTS() async throws {
    try await CredentialHarness.run { harness in
      let config = """
        [default]
        role_arn = r
        source_profile = base
        services = mine
        [services mine]
        sts =
          endpoint_url = \(harness.server.url)/base/
        """
      let broken = try provider(harness, config, ["AWS_ENDPOINT_URL_STS": "nonsense"])
      #expect(await failure(of: broken).contains("AWS_ENDPOINT_URL_STS"))
      // The fake takes everything but `/` for S3.
      let byServices = try provider(harness, config, ["AWS_ENDPOINT_URL_STS": ""])
      _ = await failure(of: byServices)
      #expect(harness.server.requests.map(\.uri) == ["/base/"])
      let byAll = try provider(
        harness, "[default]\nrole_arn = r\nsource_profile = base\n",
        ["AWS_ENDPOINT_URL_STS": "", "AWS_ENDPOINT_URL": harness.server.url])
      #expect(try await byAll.credentials()?.accessKeyID == "ROLE1")
    }
  }
}
