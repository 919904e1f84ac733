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
    return variant
  }

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
  /// - Throws: ``S3Error`` (`invalidArgument`).
  public init(settings: AWSSettings, url: String? = nil, region: String? = nil) throws {
    try self.init(
      url: url ?? settings.endpointURL(service: "S3"), region: region ?? settings.region,
      addressingStyle: settings.addressingStyle, variant: settings.endpointVariant)
  }
}
