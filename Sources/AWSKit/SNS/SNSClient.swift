public import Logging

/// The calls of SNS that carry events to queues. Source: "Amazon SNS API Reference", 2010-03-31, the query protocol. A
/// value: copies share connections and credentials. All functions throw ``AWSServiceError``.
public struct SNSClient: Sendable {
  public struct Subscription: Hashable, Sendable {
    /// `PendingConfirmation` and `Deleted` stand for those that are none.
    public var arn: String
    public var endpoint: String
  }

  private let service: ServiceClient

  /// - Parameter transport: shut down by its owner, after the last request.
  public init(
    endpoint: ServiceEndpoint, configuration: ServiceConfiguration = ServiceConfiguration(),
    credentials: CredentialCache, transport: HTTPTransport, logger: Logger
  ) {
    service = ServiceClient(
      endpoint, configuration: configuration, credentials: credentials, transport: transport, logger: logger)
  }

  /// - Returns: the ARN of the topic of this name, which may have been there.
  public func createTopic(_ name: String) async throws -> String {
    try await text("TopicArn", "CreateTopic", name, [("Name", name)])
  }

  public func attributes(ofTopic topic: String) async throws -> [String: String] {
    let result = try await call("GetTopicAttributes", topic, [("TopicArn", topic)])
    let entries = result?["Attributes"]?.all("entry") ?? []
    return Dictionary(entries.map { ($0.text("key") ?? "", $0.text("value") ?? "") }) { $1 }
  }

  public func setAttribute(_ name: String, to value: String, ofTopic topic: String) async throws {
    _ = try await call(
      "SetTopicAttributes", topic, [("TopicArn", topic), ("AttributeName", name), ("AttributeValue", value)])
  }

  /// Has the topic's messages sent to a queue as they are, without an envelope.
  /// - Returns: the ARN of the subscription, which may have been there.
  public func subscribe(queue: String, toTopic topic: String) async throws -> String {
    try await text(
      "SubscriptionArn", "Subscribe", topic,
      [
        ("TopicArn", topic), ("Protocol", "sqs"), ("Endpoint", queue),
        ("Attributes.entry.1.key", "RawMessageDelivery"), ("Attributes.entry.1.value", "true"),
        ("ReturnSubscriptionArn", "true"),
      ])
  }

  /// Empty also where there is no such topic.
  public func subscriptions(toTopic topic: String) async throws -> [Subscription] {
    var found: [Subscription] = []
    var token: String?
    repeat {
      let result: XMLNode?
      do {
        result = try await call(
          "ListSubscriptionsByTopic", topic, [("TopicArn", topic)] + (token.map { [("NextToken", $0)] } ?? []))
      } catch let error as AWSServiceError where error.isMissingInSNS {
        return []
      }
      for member in result?["Subscriptions"]?.all("member") ?? [] {
        found.append(
          Subscription(arn: member.text("SubscriptionArn") ?? "", endpoint: member.text("Endpoint") ?? ""))
      }
      token = result?.text("NextToken").flatMap { $0.isEmpty ? nil : $0 }
    } while token != nil
    return found
  }

  /// Succeeds also where there is no such subscription.
  public func unsubscribe(_ subscription: String) async throws {
    do {
      _ = try await call("Unsubscribe", subscription, [("SubscriptionArn", subscription)])
    } catch let error as AWSServiceError where error.isMissingInSNS {}
  }

  /// Succeeds also where there is no such topic.
  public func deleteTopic(_ topic: String) async throws {
    _ = try await call("DeleteTopic", topic, [("TopicArn", topic)])
  }

  private func call(
    _ action: String, _ subject: String, _ parameters: [(String, String)]
  ) async throws -> XMLNode? {
    // A subscription is named by its own ARN, all else by that of the topic.
    let resource = subject.hasPrefix("arn:") ? subject : service.arn("sns", subject)
    return try await service.query(
      "sns:\(action) \(subject)", action: action, version: "2010-03-31", parameters,
      permission: AWSPermission("sns:\(action)", on: resource))
  }

  private func text(
    _ field: String, _ action: String, _ subject: String, _ parameters: [(String, String)]
  ) async throws -> String {
    guard let text = try await call(action, subject, parameters)?.text(field), !text.isEmpty else {
      throw service.lacking(field, "sns:\(action) \(subject)")
    }
    return text
  }
}

extension AWSServiceError {
  public var isMissingInSNS: Bool { ["NotFound", "NotFoundException"].contains(code) }
}
