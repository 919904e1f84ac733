import Foundation
import Logging
import NIOConcurrencyHelpers
import NIOHTTP1
import Testing

@testable import AWSKit

@Suite struct CloudFrontTests {
  /// A client on a server that gives these answers, the last of them for ever, and the pauses that it made.
  private struct Harness {
    let client: CloudFrontClient
    let server: TestServer
    let pauses: NIOLockedValueBox<[Duration]>

    static func run(
      provider: any CredentialProvider = StaticCredentialProvider(ClientHarness.credentials),
      _ answers: TestServer.Answer..., body: (Harness) async throws -> Void
    ) async throws {
      let server = try await TestServer.start { _, index in answers[min(index, answers.count - 1)] }
      let transport = try HTTPTransport()
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      let pauses = NIOLockedValueBox<[Duration]>([])
      var configuration = CloudFrontClient.Configuration(endpoint: try CloudFrontEndpoint(url: server.url))
      configuration.now = { ClientHarness.now }
      configuration.retry.sleep = { pause in pauses.withLockedValue { $0.append(pause) } }
      let cache = CredentialCache(provider: provider, now: { ClientHarness.now }, logger: logger)
      let client = CloudFrontClient(
        configuration: configuration, credentials: cache, transport: transport, logger: logger)
      var failure: (any Error)?
      do { try await body(Harness(client: client, server: server, pauses: pauses)) } catch { failure = error }
      try await transport.shutdown()
      try await server.stop()
      if let failure { throw failure }
    }

    func create(_ paths: [String] = ["/*"]) async throws -> String {
      try await client.createInvalidation(distribution: "E1ABC", paths: paths, reference: "ref-1")
    }
  }

  private static func failure(_ code: String) -> String {
    "<?xml version=\"1.0\"?><ErrorResponse xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Error>"
      + "<Type>Sender</Type><Code>\(code)</Code><Message>the message</Message></Error></ErrorResponse>"
  }

  private static let accepted =
    "<?xml version=\"1.0\"?><Invalidation><Id>I9</Id><Status>InProgress</Status></Invalidation>"

  @Test func sendsWhatTheAWSCLISends() async throws {
    try await Harness.run(.reply(201, [:], Self.accepted)) { harness in
      #expect(try await harness.create(["/a%20b.txt", "/dir/*", "/x&y"]) == "I9")
      let request = try #require(harness.server.requests.first)
      #expect(request.method == .POST)
      #expect(request.uri == "/2020-05-31/distribution/E1ABC/invalidation")
      #expect(
        String(decoding: request.body, as: UTF8.self)
          == "<InvalidationBatch xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\"><Paths><Quantity>3</Quantity>"
          + "<Items><Path>/a%20b.txt</Path><Path>/dir/*</Path><Path>/x&amp;y</Path></Items></Paths>"
          + "<CallerReference>ref-1</CallerReference></InvalidationBatch>")
      let authorization = try #require(request.headers.first(name: "Authorization"))
      #expect(authorization.contains("/20240524/us-east-1/cloudfront/aws4_request, SignedHeaders="))
      #expect(!request.headers.contains(name: "x-amz-content-sha256"))
    }
  }

  @Test func nothingIsSignedWithoutCredentials() async throws {
    let provider = StaticCredentialProvider(.anonymous, name: "none")
    try await Harness.run(provider: provider, .reply(201, [:], Self.accepted)) { harness in
      _ = try await harness.create()
      let headers = try #require(harness.server.requests.first?.headers)
      #expect(!headers.contains(name: "Authorization") && !headers.contains(name: "X-Amz-Date"))
    }
  }

  @Test func signsThePathEncodedOnceMore() async throws {
    try await Harness.run(.reply(200, [:], "<Distribution/>")) { harness in
      try await harness.client.getDistribution("a/b ü")
      let request = try #require(harness.server.requests.first)
      #expect(request.uri == "/2020-05-31/distribution/a%2Fb%20%C3%BC")
      let headers = ["Host", "X-Amz-Date"].map { (name: $0, value: request.headers.first(name: $0) ?? "") }
      let expected = SigV4Signer(service: "cloudfront").authorization(
        method: "GET", path: "/2020-05-31/distribution/a%252Fb%2520%25C3%25BC", query: "", headers: headers,
        payloadHash: SigV4.emptyPayloadHash, credentials: ClientHarness.credentials, region: "us-east-1",
        timestamp: "20240524T000000Z")
      #expect(request.headers.first(name: "Authorization") == expected)
    }
  }

  @Test(arguments: [
    (404, "NoSuchDistribution", CloudFrontError.Kind.noSuchDistribution, false),
    (400, "TooManyInvalidationsInProgress", .tooManyInvalidations, true),
    (400, "InvalidArgument", .pathsRefused, false),
    (413, "BatchTooLarge", .pathsRefused, false), (400, "InvalidationBatchAlreadyExists", .referenceUsed, false),
    (403, "AccessDenied", .accessDenied, false), (403, "SignatureDoesNotMatch", .invalidCredentials, false),
    (400, "Other", .rejected, false),
  ]) func tellsFailuresApart(_ status: Int, _ code: String, _ kind: CloudFrontError.Kind, _ mayPass: Bool) async throws
  {
    try await Harness.run(.reply(status, ["x-amzn-requestid": "R7"], Self.failure(code))) {
      harness in
      let error = try await #require(throws: CloudFrontError.self) { try await harness.create() }
      #expect(error.kind == kind)
      #expect(error.mayPass == mayPass)
      #expect(!error.outcomeUnknown)
      let subject =
        kind == .accessDenied
        ? "cloudfront:CreateInvalidation on arn:aws:cloudfront::*:distribution/E1ABC is denied"
        : "CreateInvalidation E1ABC"
      #expect(error.description == "\(subject): the message (\(code), HTTP \(status), request R7)")
      #expect(harness.server.requests.count == 1)
    }
  }

  @Test func triesAgainUnderTheSameReference() async throws {
    try await Harness.run(
      .close, .reply(400, [:], Self.failure("Throttling")), .reply(201, [:], Self.accepted)
    ) { harness in
      let id = try await harness.create()
      #expect(id == "I9")
      #expect(harness.server.requests.count == 3)
      #expect(Set(harness.server.requests.map(\.body)).count == 1)
      #expect(harness.pauses.withLockedValue(\.count) == 2)
    }
  }

  /// An earlier attempt may have arrived although the last was refused.
  @Test func anUnknownOutcomeStaysUnknown() async throws {
    try await Harness.run(.close, .reply(400, [:], Self.failure("TooManyInvalidationsInProgress"))) { harness in
      let error = try await #require(throws: CloudFrontError.self) { try await harness.create() }
      #expect(error.kind == .tooManyInvalidations)
      #expect(error.outcomeUnknown)
    }
  }

  @Test func aServerFailureHasAnUnknownOutcome() async throws {
    try await Harness.run(.reply(503, [:], "<html>")) { harness in
      let error = try await #require(throws: CloudFrontError.self) { try await harness.create() }
      #expect(error.kind == .serverFailure)
      #expect(error.outcomeUnknown)
      #expect(harness.server.requests.count == 3)
    }
  }

  @Test func aTruncatedReplyIsASuccess() async throws {
    try await Harness.run(.truncated(announced: 500, sent: "<Invalid")) { harness in
      let id = try await harness.create()
      #expect(id == "")
    }
  }

  @Test func goesByTheServersClock() async throws {
    try await Harness.run(
      .reply(403, ["Date": "Fri, 24 May 2024 01:00:00 GMT"], Self.failure("SignatureDoesNotMatch")),
      .reply(201, [:], Self.accepted)
    ) { harness in
      _ = try await harness.create()
      #expect(
        harness.server.requests.map { $0.headers.first(name: "X-Amz-Date") } == [
          "20240524T000000Z", "20240524T010000Z",
        ])
    }
  }

  @Test func looksForOtherCredentialsWhenTheseAreRejected() async throws {
    let provider = Rotating()
    try await Harness.run(
      provider: provider, .reply(403, [:], Self.failure("ExpiredToken")), .reply(201, [:], Self.accepted)
    ) { harness in
      _ = try await harness.create()
      #expect(harness.server.requests.map { $0.headers.first(name: "X-Amz-Security-Token") } == ["token 1", "token 2"])
    }
  }

  private final class Rotating: CredentialProvider {
    let name = "rotating"
    private let count = NIOLockedValueBox(0)

    func lookUp() -> CredentialLookup {
      let number = count.withLockedValue { count in
        count += 1
        return count
      }
      let keys = AWSCredentials(accessKeyID: "A", secretAccessKey: "S", sessionToken: "token \(number)")
      return .found(keys, source: name)
    }
  }

  @Test(
    arguments: [
      (nil, nil, [:], "https://cloudfront.amazonaws.com", "us-east-1"),
      (nil, "eu-west-1", [:], "https://cloudfront.amazonaws.com", "us-east-1"),
      (nil, "cn-north-1", [:], "https://cloudfront.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1"),
      ("http://given:1", nil, [:], "http://given:1", "us-east-1"),
      ("http://given:1", nil, ["AWS_ENDPOINT_URL": "http://all:2"], "http://given:1", "us-east-1"),
      (nil, nil, ["AWS_ENDPOINT_URL": "http://all:2"], "http://all:2", "us-east-1"),
      (
        "http://given:1", nil, ["AWS_ENDPOINT_URL": "http://all:2", "AWS_ENDPOINT_URL_CLOUDFRONT": "http://own:3"],
        "http://own:3", "us-east-1"
      ),
      (
        "http://given:1", nil,
        ["AWS_ENDPOINT_URL_CLOUDFRONT": "http://own:3", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"],
        "http://given:1", "us-east-1"
      ),
    ] as [(String?, String?, [String: String], String, String)])
  func endpoints(
    _ url: String?, _ region: String?, _ environment: [String: String], _ expected: String, _ signing: String
  ) throws {
    let folder = try TemporaryFolder()
    let files = ["AWS_CONFIG_FILE": folder.path + "/c", "AWS_SHARED_CREDENTIALS_FILE": folder.path + "/s"]
    let settings = try AWSSettings(environment: environment.merging(files) { given, _ in given })
    let endpoint = try CloudFrontEndpoint(settings: settings, url: url, region: region)
    #expect(endpoint.description == expected)
    #expect(endpoint.signingRegion == signing)
  }

  @Test(arguments: [
    ("a.txt", "/a.txt"), ("", "/"), ("dir/", "/dir/"), ("/lead", "//lead"), ("a b.txt", "/a%20b.txt"),
    ("ü", "/%C3%BC"), ("100%", "/100%25"), ("a?b#c", "/a%3Fb%23c"), ("star*", "/star%2A"), ("~x", "/%7Ex"),
    ("it's", "/it%27s"), ("a+b&c=d;e:f@g,h!i$j(k)_-.", "/a+b&c=d;e:f@g,h!i$j(k)_-."),
    ("{[^|`\\\"<>]}", "/%7B%5B%5E%7C%60%5C%22%3C%3E%5D%7D"), ("tab\tnew\n\u{7F}", "/tab%09new%0A%7F"),
  ]) func encodesWhatAWSSaysAndNothingElse(_ key: String, _ path: String) {
    #expect(InvalidationPath.ofKey(key) == path)
  }

  @Test(
    arguments: [
      ([], nil), (["/a"], "/*"), (["/p/a", "/p/b"], "/p/*"), (["/p/a/x", "/p/a/y", "/p/ab"], "/p/*"),
      (["/p/a/x", "/q"], "/*"), (["/p/a/", "/p/a/x"], "/p/a/*"), (["/p/%C3%BC", "/p/%C3%A4"], "/p/*"),
      (["/p/*", "/p/a/b"], "/p/*"), (["/p/q/*", "/p/q/r/*"], "/p/q/*"),
    ] as [([String], String?)]) func findsTheLongestCommonFolder(_ paths: [String], _ common: String?)
  {
    #expect(InvalidationPath.common(paths) == common)
  }
}
