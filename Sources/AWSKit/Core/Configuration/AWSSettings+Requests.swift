/// How requests are sent: where to, how often, by whose certificate.
extension AWSSettings {
  /// - Throws: ``S3Error`` (`invalidArgument`) that names the setting, for what no SDK takes either.
  public func retryPolicy() throws -> RetryPolicy {
    var policy = RetryPolicy()
    if let (name, text) = setting("AWS_RETRY_MODE", "retry_mode") {
      guard let mode = RetryPolicy.Mode(rawValue: text.lowercased()) else {
        let modes = RetryPolicy.Mode.allCases.map(\.rawValue).joined(separator: ", ")
        throw S3Error(.invalidArgument, message: "\(name) = \(S3Call.printable(text)): give one of \(modes)")
      }
      policy = RetryPolicy(mode: mode)
    }
    if let (name, text) = setting("AWS_MAX_ATTEMPTS", "max_attempts") {
      guard let attempts = Int(text), attempts > 0 else {
        throw S3Error(
          .invalidArgument,
          message: "\(name) = \(S3Call.printable(text)): give a number of requests, the first included")
      }
      policy.maximumAttempts = attempts
    }
    return policy
  }

  /// `max_bandwidth` of the profile's block `s3`; nil: no limit.
  /// - Throws: ``S3Error`` (`invalidArgument`) that names the setting.
  public func maximumBandwidth() throws -> TransferRate? {
    try s3Value("max_bandwidth", TransferRate.hint) { TransferRate(parsing: $0) }
  }

  /// A PEM file.
  public var caBundle: String? {
    (environment["AWS_CA_BUNDLE"] ?? profileValue("ca_bundle") ?? environment["REQUESTS_CA_BUNDLE"])
      .map { Self.expanded($0, environment) }
  }

  public var addressingStyle: S3Endpoint.AddressingStyle {
    profileValue("s3.addressing_style").flatMap { S3Endpoint.AddressingStyle(rawValue: $0.lowercased()) } ?? .auto
  }

  public var endpointVariant: S3Endpoint.Variant {
    var variant: S3Endpoint.Variant = []
    let dualStack =
      profileValue("s3.use_dualstack_endpoint")
      ?? setting("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")?.value
    let ownRegion =
      environment["AWS_S3_USE_ARN_REGION"] ?? profileValue("s3_use_arn_region")
      ?? profileValue("s3.use_arn_region")
    if isTrue(dualStack) { variant.insert(.dualStack) }
    if isTrue(setting("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint")?.value) { variant.insert(.fips) }
    if isTrue(profileValue("s3.use_accelerate_endpoint")) { variant.insert(.accelerate) }
    if let ownRegion, !isTrue(ownRegion) { variant.insert(.ownRegion) }
    if usEast1Endpoint?.value.lowercased() == "legacy" { variant.insert(.globalHost) }
    return variant
  }

  /// botocore's names for which host us-east-1 is asked at, in its order.
  private var usEast1Endpoint: (name: String, value: String)? {
    setting("AWS_S3_US_EAST_1_REGIONAL_ENDPOINT", "s3_us_east_1_regional_endpoint")
      ?? profileValue("s3.us_east_1_regional_endpoint").map { ("us_east_1_regional_endpoint in the block s3", $0) }
  }

  /// - Throws: ``S3Error`` (`invalidArgument`) that names the setting, for words that the AWS CLI does not take either.
  public func checkWords() throws {
    let regional = ["legacy", "regional"]
    let checksums = ["when_supported", "when_required"]
    let settings = [
      (usEast1Endpoint, regional), (setting("AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints"), regional),
      (setting("AWS_REQUEST_CHECKSUM_CALCULATION", "request_checksum_calculation"), checksums),
      (setting("AWS_RESPONSE_CHECKSUM_VALIDATION", "response_checksum_validation"), checksums),
    ]
    for (setting, words) in settings {
      guard let setting, !words.contains(setting.value.lowercased()) else { continue }
      throw S3Error(
        .invalidArgument,
        message: "\(setting.name) = \(S3Call.printable(setting.value)): give \(words.joined(separator: " or "))")
    }
  }

  /// Variables and keys of the profile that the AWS CLI reads, that are set, and that change nothing here.
  public var withoutEffect: [String] {
    let sts = setting("AWS_STS_REGIONAL_ENDPOINTS", "sts_regional_endpoints")
    // Otherwise it says what is done anyway.
    let idleSTS = sts.flatMap { $0.value.lowercased() == "legacy" ? $0.name : nil }
    return Self.idle.compactMap { variable, key in setting(variable, key)?.name } + (idleSTS.map { [$0] } ?? [])
  }

  /// They are about other services, other signatures, or how Python sends requests.
  private static let idle = [
    ("AWS_ACCOUNT_ID_ENDPOINT_MODE", "account_id_endpoint_mode"),
    ("AWS_AUTH_SCHEME_PREFERENCE", "auth_scheme_preference"),
    ("AWS_CSM_ENABLED", "csm_enabled"),
    ("AWS_DATA_PATH", "data_path"),
    ("AWS_DEFAULTS_MODE", "defaults_mode"),
    ("AWS_DISABLE_HOST_PREFIX_INJECTION", "disable_host_prefix_injection"),
    ("AWS_DISABLE_REQUEST_COMPRESSION", "disable_request_compression"),
    ("AWS_ENDPOINT_DISCOVERY_ENABLED", "endpoint_discovery_enabled"),
    ("AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES", "request_min_compression_size_bytes"),
    ("AWS_S3_DISABLE_EXPRESS_SESSION_AUTH", "s3_disable_express_session_auth"),
    ("AWS_S3_DISABLE_MULTIREGION_ACCESS_POINTS", "s3_disable_multiregion_access_points"),
    ("AWS_SDK_UA_APP_ID", "sdk_ua_app_id"),
    ("AWS_SIGV4A_SIGNING_REGION_SET", "sigv4a_signing_region_set"),
    ("BOTOCORE_TCP_KEEPALIVE", "tcp_keepalive"),
  ]

  private func setting(_ variable: String, _ key: String) -> (name: String, value: String)? {
    environment[variable].map { (variable, $0) } ?? profileValue(key).map { (key, $0) }
  }

  /// botocore's reading: any other word is false.
  private func isTrue(_ value: String?) -> Bool { value?.lowercased() == "true" }
}

extension S3Endpoint {
  /// - Parameters:
  ///   - url: `--endpoint-url`; comes before everything configured.
  ///   - region: `--region`, likewise.
  ///   - addressingStyle: likewise.
  /// - Throws: ``S3Error`` (`invalidArgument`).
  public init(
    settings: AWSSettings, url: String? = nil, region: String? = nil, addressingStyle: AddressingStyle? = nil
  ) throws {
    try self.init(
      url: url ?? settings.endpointURL(service: "S3"), region: region ?? settings.region,
      addressingStyle: addressingStyle ?? settings.addressingStyle, variant: settings.endpointVariant)
  }
}
