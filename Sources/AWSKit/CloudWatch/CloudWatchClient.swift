public import Logging

/// The call of CloudWatch that takes a number. Source: "Amazon CloudWatch API Reference", 2010-08-01, the query protocol.
public struct CloudWatchClient: Sendable {
  private let service: ServiceClient

  /// - Parameter transport: shut down by its owner, after the last request.
  public init(
    endpoint: ServiceEndpoint, configuration: ServiceConfiguration = ServiceConfiguration(),
    credentials: CredentialCache, transport: HTTPTransport, logger: Logger
  ) {
    service = ServiceClient(
      endpoint, configuration: configuration, credentials: credentials, transport: transport, logger: logger)
  }

  /// Adds one value to a metric without dimensions, at the server's time. Throws ``AWSServiceError``.
  ///
  /// - Parameter unit: one of CloudWatch's, such as `Seconds`.
  public func put(_ value: Double, unit: String, metric: String, namespace: String) async throws {
    _ = try await service.query(
      "PutMetricData", action: "PutMetricData", version: "2010-08-01",
      [
        ("Namespace", namespace), ("MetricData.member.1.MetricName", metric), ("MetricData.member.1.Unit", unit),
        ("MetricData.member.1.Value", "\(value)"),
      ], permission: AWSPermission("cloudwatch:PutMetricData", on: "*"))
  }
}
