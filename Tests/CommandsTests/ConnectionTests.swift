import AWSKit
import SyncModel
import Testing

@testable import Martlet

/// How options, variables and AWS's files come together; nothing is sent.
@Suite struct ConnectionTests {
  private func connection(
    _ location: String = "s3://bucket/p", _ environment: [String: String] = [:],
    _ configure: (inout Configuration) -> Void = { _ in }
  ) throws -> Connection {
    var configuration = Configuration(root: "/tmp", location: location)
    configure(&configuration)
    let nowhere = ["AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"]
    return try Connection(
      configuration, location: try S3Location(parsing: location), environment: nowhere.merging(environment) { $1 })
  }

  @Test func defaults() throws {
    let connection = try connection()
    #expect(connection.endpointName == "aws")
    #expect(connection.transport.verifiesCertificates && connection.transport.caBundle == nil)
    #expect(connection.transport.connectTimeout == .seconds(10) && connection.transport.stallTimeout == .seconds(60))
    #expect(connection.transport.proxies == ProxySettings())
    #expect(!connection.client.requestPayer)
    #expect(connection.client.requestTimeout == .seconds(600))
  }

  @Test func optionsComeBeforeVariables() throws {
    let variables = [
      "AWS_CA_BUNDLE": "/variable", "AWS_ENDPOINT_URL": "http://variable", "AWS_RETRY_MODE": "adaptive",
      "HTTPS_PROXY": "http://p:1",
    ]
    let read = try connection("s3://bucket", variables)
    #expect(read.transport.caBundle == "/variable")
    #expect(read.endpointName == "http://variable")
    #expect(read.client.retry.limitsRate)
    #expect(read.transport.proxies.summary == "p:1")
    let given = try connection("s3://bucket", variables) {
      $0.caBundle = "/option"
      $0.endpointURL = "http://option"
      $0.objects.requestPayer = true
      $0.verifiesCertificates = false
    }
    #expect(given.transport.caBundle == "/option")
    #expect(given.endpointName == "http://option")
    #expect(given.client.requestPayer && !given.transport.verifiesCertificates)
  }

  @Test func downloadsAskForChecksumsAsTold() throws {
    #expect(try connection().client.asksForChecksums == nil)
    let variables = ["AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required"]
    #expect(try connection("s3://bucket", variables).client.asksForChecksums == false)
    // --checksum-mode comes first.
    #expect(
      try connection("s3://bucket", variables) { $0.objects.asksForChecksums = true }.client.asksForChecksums == true)
  }

  /// The limit of a whole request gives way to that of a silence.
  @Test(arguments: [
    (Duration.seconds(30), Duration.seconds(600)), (.seconds(900), .seconds(1_800)), (.zero, .seconds(86_400)),
  ])
  func timeLimits(silence: Duration, request: Duration) throws {
    let connection = try connection {
      $0.readTimeout = silence
      $0.connectTimeout = .seconds(3)
    }
    #expect(connection.transport.stallTimeout == silence)
    #expect(connection.transport.connectTimeout == .seconds(3))
    #expect(connection.client.requestTimeout == request)
  }

  @Test(
    arguments: [
      ("s3://bucket", ["AWS_RETRY_MODE": "fast"], "AWS_RETRY_MODE"),
      ("s3://bucket", ["HTTPS_PROXY": "socks5://u:secret@p"], "HTTPS_PROXY"),
      ("s3://bad bucket", [:], "bad bucket"),
      ("s3://arn:aws:s3:us-west-2:1:accesspoint/x", [:], "ARN"),
      ("s3://arn:aws:s3:us-west-2:123456789012:accesspoint/x", ["AWS_ENDPOINT_URL": "http://127.0.0.1"], "127.0.0.1"),
      (
        "s3://arn:aws:s3:us-west-2:123456789012:accesspoint/x",
        ["AWS_S3_USE_ARN_REGION": "false", "AWS_REGION": "eu-west-1"], "use_arn_region"
      ),
    ] as [(String, [String: String], String)])
  func whatCannotWorkIsToldAtTheStart(location: String, environment: [String: String], reason: String) throws {
    let error = try #require(throws: MartletError.self) { try connection(location, environment) }
    #expect(error.code == .configuration)
    #expect(error.message.contains(reason) && !error.message.contains("secret"))
  }
}
