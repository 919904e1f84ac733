public import Logging

/// The calls of EventBridge that send the events of the default bus to a queue. Source: "Amazon EventBridge API
/// Reference", the JSON protocol. A value: copies share connections and credentials. All functions throw
/// ``AWSServiceError``.
public struct EventBridgeClient: Sendable {
  private let service: ServiceClient

  /// - Parameter transport: shut down by its owner, after the last request.
  public init(
    endpoint: ServiceEndpoint, configuration: ServiceConfiguration = ServiceConfiguration(),
    credentials: CredentialCache, transport: HTTPTransport, logger: Logger
  ) {
    service = ServiceClient(
      endpoint, configuration: configuration, credentials: credentials, transport: transport, logger: logger)
  }

  /// Creates or replaces a rule.
  /// - Parameter pattern: of the events that it takes, JSON.
  /// - Returns: its ARN.
  public func putRule(_ name: String, pattern: String, description: String) async throws -> String {
    let reply = try await call(
      "PutRule", name,
      [
        "Name": .string(name), "EventPattern": .string(pattern), "Description": .string(description),
        "State": "ENABLED",
      ])
    guard let arn = reply["RuleArn"]?.string else { throw service.lacking("RuleArn", "events:PutRule \(name)") }
    return arn
  }

  /// Adds or replaces a target of a rule.
  public func putTarget(_ id: String, arn: String, ofRule rule: String) async throws {
    let reply = try await call(
      "PutTargets", rule, ["Rule": .string(rule), "Targets": [["Id": .string(id), "Arn": .string(arn)]]])
    guard let failed = reply["FailedEntries"]?.array?.first else { return }
    throw AWSServiceError(
      .rejected, code: failed["ErrorCode"]?.string ?? "",
      message: failed["ErrorMessage"]?.string ?? "the target was refused", operation: "events:PutTargets \(rule)")
  }

  /// Succeeds also where there is no such rule.
  public func deleteRule(_ rule: String, targets: [String]) async throws {
    do {
      _ = try await call(
        "RemoveTargets", rule, ["Rule": .string(rule), "Ids": .array(targets.map { .string($0) })])
      _ = try await call("DeleteRule", rule, ["Name": .string(rule)])
    } catch let error as AWSServiceError where error.code == "ResourceNotFoundException" {}
  }

  private func call(_ name: String, _ subject: String, _ body: JSONValue) async throws -> JSONValue {
    try await service.json(
      "events:\(name) \(subject)", target: "AWSEvents.\(name)", version: "1.1", body,
      permission: AWSPermission("events:\(name)", on: service.arn("events", "rule/\(subject)")))
  }
}
