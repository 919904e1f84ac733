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
      $0.cliReadTimeout = silence
      $0.cliConnectTimeout = .seconds(3)
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

  /// No variable of the AWS CLI is passed over in silence: each changes something, or is named. Those of credentials
  /// and profiles are not about connections.
  @Test(arguments: [
    ("AWS_REGION", "eu-west-1"), ("AWS_DEFAULT_REGION", "eu-west-1"), ("AWS_ENDPOINT_URL", "http://h"),
    ("AWS_ENDPOINT_URL_S3", "http://h"), ("AWS_CA_BUNDLE", "/x"), ("REQUESTS_CA_BUNDLE", "/x"),
    ("AWS_MAX_ATTEMPTS", "9"), ("AWS_RETRY_MODE", "standard"), ("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required"),
    ("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_required"), ("AWS_USE_DUALSTACK_ENDPOINT", "true"),
    ("AWS_USE_FIPS_ENDPOINT", "true"), ("AWS_S3_USE_ARN_REGION", "false"),
    ("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "legacy"), ("HTTP_PROXY", "http://p:1"), ("HTTPS_PROXY", "http://p:1"),
    ("AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS", "true"), ("AWS_STS_REGIONAL_ENDPOINTS", "legacy"),
    ("AWS_SDK_UA_APP_ID", "x"), ("AWS_DEFAULTS_MODE", "standard"), ("AWS_SIGV4A_SIGNING_REGION_SET", "*"),
    ("AWS_AUTH_SCHEME_PREFERENCE", "sigv4"), ("AWS_ACCOUNT_ID_ENDPOINT_MODE", "disabled"),
    ("AWS_DISABLE_REQUEST_COMPRESSION", "true"), ("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "1"),
    ("AWS_DISABLE_HOST_PREFIX_INJECTION", "true"), ("AWS_ENDPOINT_DISCOVERY_ENABLED", "true"),
    ("AWS_S3_DISABLE_EXPRESS_SESSION_AUTH", "true"), ("BOTOCORE_TCP_KEEPALIVE", "true"), ("AWS_DATA_PATH", "/x"),
    ("AWS_CSM_ENABLED", "true"),
  ])
  func noVariableIsIgnoredInSilence(_ name: String, _ value: String) throws {
    let (without, with) = (try connection(), try connection("s3://bucket/p", [name: value]))
    let isNamed = with.notes.contains { $0.contains(name) }
    func text(_ connection: Connection) -> String {
      let (client, transport) = (connection.client, connection.transport)
      return "\(client.endpoint) \(client.retry) \(client.checksums) \(String(describing: client.asksForChecksums)) "
        + "\(transport.caBundle ?? "") \(transport.proxies)"
    }
    #expect((text(with) != text(without)) != isNamed)
    #expect(with.notes.count == (isNamed ? 1 : 0))
  }

  /// The same of the block `s3 =`.
  @Test(arguments: [
    ("max_concurrent_requests", "20"), ("max_queue_size", "5"), ("multipart_threshold", "16MB"),
    ("multipart_chunksize", "9MB"), ("max_bandwidth", "1MB/s"), ("addressing_style", "path"),
    ("use_accelerate_endpoint", "true"), ("use_dualstack_endpoint", "true"), ("payload_signing_enabled", "true"),
    ("us_east_1_regional_endpoint", "legacy"), ("use_arn_region", "false"),
    ("s3_disable_multiregion_access_points", "true"), ("preferred_transfer_client", "crt"),
    ("target_bandwidth", "1MB/s"),
    ("io_chunksize", "1MB"), ("should_stream", "true"), ("direct_io", "true"), ("disk_throughput", "1MB/s"),
  ])
  func noKeyOfTheBlockIsIgnoredInSilence(_ key: String, _ value: String) throws {
    let folder = try ScratchFolder()
    func connection(_ block: String) throws -> Connection {
      try #require(Executable.write("[default]\nregion = us-east-1\n\(block)", to: folder.path + "/config"))
      return try self.connection("s3://bucket", ["AWS_CONFIG_FILE": folder.path + "/config"])
    }
    let (without, with) = (try connection(""), try connection("s3 =\n  \(key) = \(value)\n"))
    let isNamed = with.notes.contains { $0.hasPrefix(key + ":") }
    let isUsed =
      with.section.maximumRequests != nil || with.section.multipartThreshold != nil || with.section.partSize != nil
      || with.section.signsPayload != nil || with.bandwidth != without.bandwidth
      || with.client.endpoint != without.client.endpoint
    #expect(isUsed != isNamed)
  }
}
