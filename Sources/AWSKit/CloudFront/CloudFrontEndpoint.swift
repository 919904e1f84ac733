/// Where CloudFront is: one place for all regions of a partition.
public struct CloudFrontEndpoint: Sendable, Equatable {
  let server: CustomEndpoint
  /// The region that requests are signed for.
  let signingRegion: String

  /// - Parameters:
  ///   - url: `http://host[:port][/base]` or `https://…`; nil for AWS.
  ///   - region: of the bucket; only its partition matters.
  /// - Throws: ``S3Error`` (`invalidArgument`) when the URL is not one.
  public init(url: String? = nil, region: String? = nil) throws {
    // The partitions of botocore's endpoint rules that have CloudFront.
    let isChina = region?.hasPrefix("cn-") ?? false
    signingRegion = isChina ? "cn-northwest-1" : "us-east-1"
    let host = isChina ? "cloudfront.cn-northwest-1.amazonaws.com.cn" : "cloudfront.amazonaws.com"
    server =
      try url.map(CustomEndpoint.init(url:)) ?? CustomEndpoint(isSecure: true, host: host, port: nil, basePath: "")
  }

  /// What was given for CloudFront itself comes first, since ``url`` may be meant for S3 alone.
  ///
  /// - Parameters:
  ///   - url: `--endpoint-url`; comes before what is configured for all services.
  ///   - region: `--region`, likewise.
  /// - Throws: ``S3Error`` (`invalidArgument`).
  public init(settings: AWSSettings, url: String? = nil, region: String? = nil) throws {
    let configured = settings.endpointURL(service: "CLOUDFRONT")
    let isForCloudFront = settings.environment["AWS_ENDPOINT_URL_CLOUDFRONT"] != nil
    try self.init(
      url: isForCloudFront ? configured ?? url : url ?? configured, region: region ?? settings.region)
  }

  /// For logs and error messages.
  public var description: String { server.url }
}
