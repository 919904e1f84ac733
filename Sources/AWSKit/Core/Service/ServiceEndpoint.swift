/// Where a regional service other than S3 is.
public struct ServiceEndpoint: Sendable, Equatable {
  public enum Service: String, Sendable {
    case sqs = "SQS"
    case sns = "SNS"
    case eventBridge = "EVENTBRIDGE"
    case cloudWatch = "CLOUDWATCH"

    /// The first label of AWS's host, and the name that requests are signed for.
    var name: String {
      switch self {
      case .sqs: "sqs"
      case .sns: "sns"
      case .eventBridge: "events"
      case .cloudWatch: "monitoring"
      }
    }
  }

  let service: Service
  let server: CustomEndpoint
  /// The region that requests are signed for.
  let region: String

  /// What was given for the service itself comes first, since `url` may be meant for S3 alone.
  ///
  /// - Parameters:
  ///   - url: `--endpoint-url`; comes before what is configured for all services.
  ///   - region: that of the bucket: S3 sends events to its own region only.
  /// - Throws: ``S3Error`` or ``CredentialError`` when a URL is not one.
  public init(_ service: Service, settings: AWSSettings, url: String?, region: String) throws {
    self.service = service
    self.region = region
    if let url, settings.environment["AWS_ENDPOINT_URL_\(service.rawValue)"] == nil {
      server = try CustomEndpoint(url: url)
    } else {
      server = try settings.endpoint(of: service.rawValue, host: service.name, region: region)
    }
  }

  /// For logs and error messages.
  public var description: String { server.url }
}
