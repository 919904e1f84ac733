import AWSKit
import Testing

@Suite struct AWSSettingsTests {
  private let folder: TemporaryFolder
  private let environment: [String: String]

  init() throws {
    folder = try TemporaryFolder()
    environment = [
      "AWS_CONFIG_FILE": "$FOLDER/config", "AWS_SHARED_CREDENTIALS_FILE": "${FOLDER}/credentials",
      "FOLDER": folder.path,
    ]
  }

  private func settings(
    _ config: String, credentials: String = "", _ more: [String: String] = [:], profile: String? = nil
  ) throws -> AWSSettings {
    try folder.write("config", config)
    try folder.write("credentials", credentials)
    return try AWSSettings(environment: environment.merging(more) { $1 }, profile: profile)
  }

  @Test func profiles() throws {
    let config = """
      # a comment
      [default]
      Region = eu-west-1
      [profile work]
      region: us-west-2
      s3 =
        addressing_style = path
        ; another
        other = x
      max_attempts = 7
      ca_bundle = ~/ca.pem
      [ profile  "two words" ]
      region = r3
      """
    #expect(try settings(config).region == "eu-west-1")
    let work = try settings(config, ["AWS_PROFILE": "work", "AWS_DEFAULT_PROFILE": "other", "HOME": "/home/x"])
    #expect(work.profile == "work")
    #expect(work.region == "us-west-2")
    #expect(work.addressingStyle == .path)
    #expect(try work.retryPolicy().maximumAttempts == 7)
    #expect(work.caBundle == "/home/x/ca.pem")
    #expect(try settings(config, profile: "two words").region == "r3")
    #expect(try settings(config, ["AWS_PROFILE": "work"], profile: "two words").region == "r3")
    #expect(try settings(config, ["AWS_DEFAULT_REGION": "r1"]).region == "r1")
    #expect(try settings(config, ["AWS_REGION": "r2", "AWS_DEFAULT_REGION": "r1"]).region == "r2")
    #expect(try settings(config, ["AWS_REGION": ""]).region == "eu-west-1")
  }

  /// Found by fuzzing against botocore: keys that are indented alike stand side by side.
  @Test func indentedKeys() throws {
    let settings = try settings("[default]\n  region = r1\n  endpoint_url = http://h\n")
    #expect(settings.region == "r1")
    #expect(settings.endpointURL(service: "S3") == "http://h")
  }

  /// Found by fuzzing against botocore.
  @Test func aCommentBehindAHeading() throws {
    #expect(try settings("[default] # mine\nregion = r1").region == "r1")
  }

  @Test func aBlockWithoutPairsIsRefusedWithoutShowingIt() throws {
    let error = try #require(throws: CredentialError.self) { try settings("[default]\ns3 =\n  secret") }
    #expect(error.description.contains("\"s3\"") && !error.description.contains("secret"))
  }

  @Test func theLaterOfTwoDefaultsWins() throws {
    #expect(try settings("[default]\nregion=a\noutput=x\n[profile default]\nca_bundle=b").region == nil)
    #expect(try settings("[profile default]\nregion=a\n[default]\nregion=b").region == "b")
  }

  @Test func theCredentialsFileWins() throws {
    #expect(try settings("[default]\nregion=a", credentials: "[default]\nregion=b").region == "b")
  }

  @Test func endpoints() throws {
    let config = """
      [default]
      endpoint_url = http://profile
      services = mine
      [services mine]
      s3 =
        endpoint_url = http://service
      sqs =
        endpoint_url = http://queue
      """
    func url(_ more: [String: String] = [:], service: String = "S3") throws -> String? {
      try settings(config, more).endpointURL(service: service)
    }
    #expect(try url() == "http://service")
    #expect(try url(service: "SQS") == "http://queue")
    #expect(try url(service: "STS") == "http://profile")
    #expect(try url(["AWS_ENDPOINT_URL": "http://all"]) == "http://all")
    #expect(try url(["AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_S3": "http://s3"]) == "http://s3")
    #expect(try url(["AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_S3": ""]) == "http://all")
    #expect(try url(["AWS_ENDPOINT_URL": "http://all", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "True"]) == nil)
    #expect(try S3Endpoint(settings: settings(config), url: "http://option:1").description == "http://option:1")
    #expect(try S3Endpoint(settings: settings(config)).description == "http://service")
  }

  /// botocore's variable and both of its keys; the variable first, the key of the profile before that of the block.
  @Test func theHostOfUSEast1() throws {
    func isGlobal(_ config: String, _ variable: String = "") throws -> Bool {
      let settings = try settings(
        "[default]\nregion = us-east-1\n" + config, ["AWS_S3_US_EAST_1_REGIONAL_ENDPOINT": variable])
      try settings.checkWords()
      return settings.endpointVariant.contains(.globalHost)
    }
    let (block, key) = ("s3 =\n  us_east_1_regional_endpoint = ", "s3_us_east_1_regional_endpoint = ")
    #expect(try !isGlobal("") && !isGlobal(block + "regional"))
    #expect(try isGlobal(block + "legacy") && isGlobal(key + "legacy") && isGlobal("", "legacy"))
    #expect(try !isGlobal(key + "regional\n" + block + "legacy") && !isGlobal(block + "legacy", "regional"))
  }

  @Test(arguments: [
    ("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "legacy or regional"), ("AWS_STS_REGIONAL_ENDPOINTS", "legacy or regional"),
    ("AWS_REQUEST_CHECKSUM_CALCULATION", "when_supported or when_required"),
    ("AWS_RESPONSE_CHECKSUM_VALIDATION", "when_supported or when_required"),
  ])
  func wordsThatNobodyKnows(_ variable: String, _ hint: String) throws {
    let error = try #require(throws: S3Error.self) { try settings("", [variable: "never"]).checkWords() }
    #expect(error.message == "\(variable) = never: give \(hint)")
  }

  @Test func whatChangesNothingIsNamed() throws {
    #expect(try settings("[default]\nregion = r\nsts_regional_endpoints = regional").withoutEffect == [])
    let config = "[default]\nsdk_ua_app_id = x\ndefaults_mode = auto\nsts_regional_endpoints = legacy"
    #expect(
      try settings(config, ["AWS_DEFAULTS_MODE": "standard", "BOTOCORE_TCP_KEEPALIVE": "true"]).withoutEffect
        == ["AWS_DEFAULTS_MODE", "sdk_ua_app_id", "BOTOCORE_TCP_KEEPALIVE", "sts_regional_endpoints"])
  }

  @Test func checksums() throws {
    #expect(try settings("").checksums == .whenSupported)
    #expect(try settings("[default]\nrequest_checksum_calculation=when_required").checksums == .none)
    #expect(try settings("", ["AWS_REQUEST_CHECKSUM_CALCULATION": "WHEN_REQUIRED"]).checksums == .none)
    let required = "[default]\nresponse_checksum_validation = when_required"
    #expect(try settings("").asksForChecksums == nil)
    #expect(try settings(required).asksForChecksums == false)
    #expect(try settings(required, ["AWS_RESPONSE_CHECKSUM_VALIDATION": "When_Supported"]).asksForChecksums == true)
  }

  @Test(
    arguments: [
      ("", [:], 5, false, false), ("retry_mode = legacy", [:], 5, false, false),
      ("retry_mode = standard", [:], 3, true, false), ("retry_mode = Adaptive", [:], 3, true, true),
      ("retry_mode = legacy", ["AWS_RETRY_MODE": "adaptive"], 3, true, true),
      ("retry_mode = standard\nmax_attempts = 8", [:], 8, true, false),
      ("max_attempts = 8", ["AWS_MAX_ATTEMPTS": "1"], 1, false, false),
    ] as [(String, [String: String], Int, Bool, Bool)])
  func retries(
    _ config: String, _ environment: [String: String], attempts: Int, isStandard: Bool, limitsRate: Bool
  ) throws {
    let policy = try settings("[default]\n\(config)", environment).retryPolicy()
    #expect(policy.maximumAttempts == attempts)
    #expect((policy.baseDelay == .seconds(1) && policy.hasQuota) == isStandard)
    #expect(policy.limitsRate == limitsRate)
  }

  @Test(arguments: [
    ("AWS_RETRY_MODE", "retry_mode", "fast"), ("AWS_MAX_ATTEMPTS", "max_attempts", "0"),
    ("AWS_MAX_ATTEMPTS", "max_attempts", "many"), ("AWS_MAX_ATTEMPTS", "max_attempts", "-1"),
  ])
  func unusableRetries(variable: String, key: String, value: String) throws {
    for (settings, name) in [
      (try settings("", [variable: value]), variable), (try settings("[default]\n\(key) = \(value)"), key),
    ] {
      let error = #expect(throws: S3Error.self) { try settings.retryPolicy() }
      #expect(error?.message.hasPrefix("\(name) = \(value): ") == true)
    }
  }

  @Test func maximumBandwidth() throws {
    func settings(_ value: String) throws -> AWSSettings {
      try self.settings("[default]\ns3 =\n  max_bandwidth = \(value)")
    }
    #expect(try self.settings("").maximumBandwidth() == nil)
    #expect(try settings("50MB/s").maximumBandwidth()?.bytesPerSecond == 50 << 20)
    #expect(try settings("800Kb/s").maximumBandwidth()?.bytesPerSecond == 100 << 10)
    let error = #expect(throws: S3Error.self) { try settings("0").maximumBandwidth() }
    let place = "max_bandwidth = 0 in the block s3 of [default] in \(folder.path)/config: give "
    #expect(error?.message.hasPrefix(place) == true)
  }

  @Test(
    arguments: [
      ("", [:], []), ("use_dualstack_endpoint = true", [:], [.dualStack]),
      ("s3 =\n  use_dualstack_endpoint = TRUE", [:], [.dualStack]),
      ("", ["AWS_USE_DUALSTACK_ENDPOINT": "true"], [.dualStack]),
      ("s3 =\n  use_dualstack_endpoint = false", ["AWS_USE_DUALSTACK_ENDPOINT": "true"], []),
      ("use_fips_endpoint = true", [:], [.fips]), ("use_fips_endpoint = true", ["AWS_USE_FIPS_ENDPOINT": "no"], []),
      ("", ["AWS_USE_FIPS_ENDPOINT": "True"], [.fips]), ("s3 =\n  use_accelerate_endpoint = true", [:], [.accelerate]),
      ("s3 =\n  use_accelerate_endpoint = 1", [:], []), ("s3 =\n  use_arn_region = false", [:], [.ownRegion]),
      ("s3_use_arn_region = false", [:], [.ownRegion]), ("", ["AWS_S3_USE_ARN_REGION": "false"], [.ownRegion]),
      ("s3_use_arn_region = false", ["AWS_S3_USE_ARN_REGION": "true"], []),
    ] as [(String, [String: String], S3Endpoint.Variant)])
  func endpointVariants(
    _ config: String, _ environment: [String: String], expected: S3Endpoint.Variant
  ) throws {
    let settings = try settings("[default]\nregion = r\n\(config)", environment)
    #expect(settings.endpointVariant == expected)
    #expect(try S3Endpoint(settings: settings).variant == expected)
  }

  @Test func certificateAuthorities() throws {
    let config = "[default]\nca_bundle = /c"
    #expect(try settings("").caBundle == nil)
    #expect(try settings("", ["REQUESTS_CA_BUNDLE": "/r"]).caBundle == "/r")
    #expect(try settings(config, ["REQUESTS_CA_BUNDLE": "/r"]).caBundle == "/c")
    #expect(try settings(config, ["REQUESTS_CA_BUNDLE": "/r", "AWS_CA_BUNDLE": "/a"]).caBundle == "/a")
  }

  @Test func missingFilesAreFine() throws {
    let settings = try AWSSettings(environment: ["HOME": folder.path])
    #expect(settings.profile == "default")
    #expect(settings.region == nil)
  }

  @Test func missingProfile() throws {
    let error = try #require(throws: CredentialError.self) { try settings("[default]", profile: "nope") }
    #expect(error.description.contains("\"nope\""))
    #expect(error.description.contains(folder.path + "/config"))
  }

  @Test(arguments: ["key = before any section", "[default]\nnot a pair-secret", "[default\nx=y-secret"])
  func malformedFiles(text: String) throws {
    let error = try #require(throws: CredentialError.self) { try settings(text) }
    #expect(error.description.contains("config: line"))
    #expect(!error.description.contains("secret"))
  }

  @Test func unreadableFile() throws {
    let error = try #require(throws: CredentialError.self) {
      try AWSSettings(environment: ["AWS_CONFIG_FILE": folder.path])
    }
    #expect(error.description.contains(folder.path))
  }
}
