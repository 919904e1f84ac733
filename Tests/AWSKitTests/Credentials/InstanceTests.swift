import NIOConcurrencyHelpers
import NIOHTTP1
import Testing

@testable import AWSKit

@Suite struct InstanceTests {
  private func provider(
    _ harness: CredentialHarness, _ environment: [String: String] = [:]
  ) throws -> InstanceCredentialProvider {
    InstanceCredentialProvider(settings: try harness.settings("", environment), services: harness.services)
  }

  private static let role = "/latest/meta-data/iam/security-credentials/"
  private static let version2 = ["PUT /latest/api/token", "GET \(role)", "GET \(role)the-role"]

  private func requests(_ harness: CredentialHarness) -> [String] {
    harness.server.requests.map { "\($0.method.rawValue) \($0.uri)" }
  }

  @Test func version2() async throws {
    try await CredentialHarness.run { harness in
      guard case .found(let credentials, let source) = try await provider(harness).lookUp() else {
        Issue.record("nothing found")
        return
      }
      #expect(credentials.accessKeyID == "IMDS1" && credentials.sessionToken == "token-IMDS1")
      #expect(credentials.expiration == harness.fake.now.adding(seconds: 3_600))
      #expect(source == "instance metadata, role the-role")
      #expect(requests(harness) == Self.version2)
    }
  }

  /// Without a token: the service does not know tokens, or the reply does not get into the container.
  @Test(arguments: [.reply(404), .reply(403), .reply(405), .silence, .reply(500), .close] as [TestServer.Answer])
  func version1(answer: TestServer.Answer) async throws {
    try await CredentialHarness.run { harness in
      harness.fake.state.withLockedValue { $0.instanceGivesTokens = false }
      harness.fail(.instance, with: [answer])
      #expect(try await provider(harness).credentials()?.accessKeyID == "IMDS1")
      #expect(requests(harness) == Self.version2)
      #expect(harness.server.requests.allSatisfy { !$0.headers.contains(name: "x-aws-ec2-metadata-token") })
      let strict = try provider(harness, ["AWS_EC2_METADATA_V1_DISABLED": "TRUE"])
      harness.fail(.instance, with: [answer])
      #expect(await failure(of: strict).contains("AWS_EC2_METADATA_V1_DISABLED forbids version 1"))
      #expect(harness.server.requests.count == 4)
    }
  }

  static let failures: [(answers: [TestServer.Answer], says: String)] = [
    ([.reply(400)], "it refuses to give a token (HTTP 400)"),
    ([.reply(200, [:], "a-wrong-token")], "it answered HTTP 401"),
    ([.reply(404), .reply(404)], "it answered HTTP 404, no role is attached"),
    ([.reply(404), .silence], "no answer within 60 s"),
    ([.reply(404), .reply(200, [:], "")], "cannot be read"),
    ([.reply(404), .reply(200, [:], "r"), .reply(200, [:], "HIDDEN")], "cannot be read"),
    (
      [
        .reply(404), .reply(200, [:], "r"),
        .reply(200, [:], #"{"Code":"AssumeRoleUnauthorizedAccess","Message":"HIDDEN"}"#),
      ], "lacks AccessKeyId, SecretAccessKey, Token, Expiration (its code is AssumeRoleUnauthorizedAccess)"
    ),
    (
      [
        .reply(404), .reply(200, [:], "r"),
        .reply(200, [:], #"{"AccessKeyId":"a","SecretAccessKey":"HIDDEN","Token":"","Expiration":"x"}"#),
      ], "lacks Token"
    ),
  ]

  /// The last place gives its reason and no error.
  @Test(arguments: failures.indices) func failuresAreReasons(index: Int) async throws {
    try await CredentialHarness.run { harness in
      let (answers, says) = Self.failures[index]
      harness.fail(.instance, with: answers)
      let reason = try #require(try await provider(harness).reason())
      #expect(reason.contains(says) && reason.contains("127.0.0.1") && !reason.contains("HIDDEN"), "\(reason)")
    }
  }

  @Test func nobodyListens() async throws {
    try await CredentialHarness.run { harness in
      let port = RefusingPort()
      defer { port.close() }
      let provider = try provider(
        harness, ["AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:\(port.number)"])
      #expect(try await provider.reason()?.contains("cannot connect") == true)
    }
  }

  @Test func moreAttempts() async throws {
    try await CredentialHarness.run { harness in
      let provider = try provider(harness, ["AWS_METADATA_SERVICE_NUM_ATTEMPTS": "3"])
      harness.fail(.instance, with: [.reply(500), .close])
      #expect(try await provider.credentials()?.accessKeyID == "IMDS1")
      #expect(requests(harness).count == 5)
    }
  }

  @Test func switchedOff() async throws {
    try await CredentialHarness.run { harness in
      let off = try provider(harness, ["AWS_EC2_METADATA_DISABLED": "True"])
      #expect(try await off.reason() == "switched off by AWS_EC2_METADATA_DISABLED")
      #expect(harness.server.requests.isEmpty)
      #expect(try await provider(harness, ["AWS_EC2_METADATA_DISABLED": "1"]).credentials() != nil)
    }
  }

  /// A service in trouble gives out what ends soon, or has ended: that is to be used, and asked for again soon: here
  /// in 6 minutes, the middle of 2 and 10, which is when the last 15 begin.
  @Test(arguments: [(60, 60), (22, 22), (20, 21), (1, 21), (-30, 21)] as [(Int64, Int64)])
  func staticStability(minutes: Int64, expected: Int64) async throws {
    try await CredentialHarness.run { harness in
      harness.fake.state.withLockedValue { $0.lifetime = minutes * 60 }
      let credentials = try #require(try await provider(harness).credentials())
      #expect(credentials.expiration == harness.fake.now.adding(seconds: expected * 60))
    }
  }

  @Test(
    arguments: [
      ([:], "http://169.254.169.254/x"),
      (["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"], "http://[fd00:ec2::254]/x"),
      (["AWS_IMDS_USE_IPV6": "true"], "http://[fd00:ec2::254]/x"),
      (["AWS_IMDS_USE_IPV6": "true", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipv4"], "http://169.254.169.254/x"),
      (
        [
          "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipv6", "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://h:1/base/",
        ], "http://h:1/base/x"
      ),
    ] as [([String: String], String)])
  func addresses(environment: [String: String], url: String) throws {
    let settings = try InstanceMetadataSettings(AWSSettings(environment: environment))
    #expect(settings.url("x") == url)
    #expect(settings.timeout == .seconds(1) && settings.attempts == 1)
  }

  @Test(arguments: ["AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"])
  func unusableAddresses(variable: String) async throws {
    try await CredentialHarness.run { harness async throws in
      #expect(try await failure(of: provider(harness, [variable: "nonsense"])).contains(variable))
    }
  }
}
