public import Logging

/// The calls of SQS that a reader of events needs. Source: "Amazon SQS API Reference", the JSON protocol. A value:
/// copies share connections and credentials. All functions throw ``AWSServiceError``.
public struct SQSClient: Sendable {
  public struct Message: Hashable, Sendable {
    public var body: String
    /// By which it is deleted.
    public var receipt: String

    public init(body: String, receipt: String) {
      self.body = body
      self.receipt = receipt
    }
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

  /// Most messages of one request.
  public static let batchLimit = 10
  /// Seconds that a request waits at most for a message.
  public static let longestWait = 20

  /// The URL of a queue of this account; nil where there is none of this name.
  public func queueURL(_ name: String) async throws -> String? {
    do {
      return try await call("GetQueueUrl", name, ["QueueName": .string(name)])["QueueUrl"]?.string
    } catch let error as AWSServiceError where error.isMissingQueue {
      return nil
    }
  }

  /// - Throws: also where a queue of this name has other attributes, or was deleted within the last minute.
  public func createQueue(
    _ name: String, attributes: [String: String], tags: [String: String]
  ) async throws -> String {
    let reply = try await call(
      "CreateQueue", name,
      ["QueueName": .string(name), "Attributes": .strings(attributes), "tags": .strings(tags)])
    guard let url = reply["QueueUrl"]?.string else { throw service.lacking("QueueUrl", "sqs:CreateQueue \(name)") }
    return url
  }

  /// Those of the wanted attributes that the queue has.
  public func attributes(_ names: [String], of queue: String) async throws -> [String: String] {
    let reply = try await call(
      "GetQueueAttributes", queue, ["QueueUrl": .string(queue), "AttributeNames": .array(names.map { .string($0) })])
    return reply["Attributes"]?.strings ?? [:]
  }

  public func setAttributes(_ attributes: [String: String], of queue: String) async throws {
    _ = try await call(
      "SetQueueAttributes", queue, ["QueueUrl": .string(queue), "Attributes": .strings(attributes)])
  }

  public func tags(of queue: String) async throws -> [String: String] {
    try await call("ListQueueTags", queue, ["QueueUrl": .string(queue)])["Tags"]?.strings ?? [:]
  }

  /// Adds tags, or changes those of the same names.
  public func tag(_ queue: String, _ tags: [String: String]) async throws {
    _ = try await call("TagQueue", queue, ["QueueUrl": .string(queue), "Tags": .strings(tags)])
  }

  public func deleteQueue(_ queue: String) async throws {
    _ = try await call("DeleteQueue", queue, ["QueueUrl": .string(queue)])
  }

  /// Up to ten messages, hidden from other readers for the queue's visibility time-out.
  /// - Parameter wait: seconds, at most ``longestWait``; returns as soon as a message is there.
  public func receive(from queue: String, wait: Int) async throws -> [Message] {
    let reply = try await call(
      "ReceiveMessage", queue,
      [
        "QueueUrl": .string(queue), "MaxNumberOfMessages": .integer(Int64(Self.batchLimit)),
        "WaitTimeSeconds": .integer(Int64(wait)),
      ], timeout: .seconds(wait + 30))
    return (reply["Messages"]?.array ?? []).compactMap { message in
      guard let body = message["Body"]?.string, let receipt = message["ReceiptHandle"]?.string else { return nil }
      return Message(body: body, receipt: receipt)
    }
  }

  /// - Parameter messages: at most ``batchLimit``.
  /// - Returns: how many could not be deleted; they come again.
  @discardableResult
  public func delete(_ messages: [Message], from queue: String) async throws -> Int {
    let entries = messages.enumerated().map { number, message -> JSONValue in
      ["Id": .string("\(number)"), "ReceiptHandle": .string(message.receipt)]
    }
    let reply = try await call("DeleteMessageBatch", queue, ["QueueUrl": .string(queue), "Entries": .array(entries)])
    return reply["Failed"]?.array?.count ?? 0
  }

  /// Calls whose action has another name.
  private static let actions = ["DeleteMessageBatch": "DeleteMessage"]

  /// - Parameter queue: its name, or its URL: `https://HOST/ACCOUNT/NAME`.
  private func arn(_ queue: String) -> String {
    let parts = queue.split(separator: "/").suffix(2)
    let account = parts.count == 2 ? parts.first.map(String.init) : nil
    return service.arn("sqs", account: account, String(parts.last ?? ""))
  }

  private func call(
    _ name: String, _ subject: String, _ body: JSONValue, timeout: Duration? = nil
  ) async throws -> JSONValue {
    try await service.json(
      "sqs:\(name) \(subject)", target: "AmazonSQS.\(name)", version: "1.0", body,
      permission: AWSPermission("sqs:\(Self.actions[name] ?? name)", on: arn(subject)),
      headers: [("x-amzn-query-mode", "true")], timeout: timeout)
  }
}

extension AWSServiceError {
  public var isMissingQueue: Bool {
    ["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"].contains(code)
  }
}

extension JSONValue {
  fileprivate static func strings(_ members: [String: String]) -> JSONValue {
    .object(members.mapValues { .string($0) })
  }

  fileprivate var strings: [String: String]? { object?.compactMapValues(\.string) }
}
