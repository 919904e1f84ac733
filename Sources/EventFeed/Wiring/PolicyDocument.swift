internal import AWSKit

/// A statement of ours in the policy of a queue or a topic, beside what others have put there.
package struct PolicyStatement: Hashable, Sendable {
  /// Its name, by which it is found again.
  var id: String
  let value: JSONValue

  private init(id source: String, service: String, action: String, resource: String, condition: JSONValue) {
    id = FeedNames.id(source)
    value = [
      "Sid": .string(id), "Effect": "Allow", "Principal": ["Service": .string(service)], "Action": .string(action),
      "Resource": .string(resource), "Condition": condition,
    ]
  }

  /// S3 may send what happens in this bucket.
  /// - Parameter action: `sqs:SendMessage` or `sns:Publish`.
  package static func s3(_ action: String, bucket: String, account: String, resource: String) -> Self {
    PolicyStatement(
      id: bucket, service: "s3.amazonaws.com", action: action, resource: resource,
      condition: [
        "ArnLike": ["aws:SourceArn": .string(bucket)], "StringEquals": ["aws:SourceAccount": .string(account)],
      ])
  }

  /// A topic may send to this queue.
  package static func topic(_ topic: String, queue: String) -> Self {
    PolicyStatement(
      id: topic, service: "sns.amazonaws.com", action: "sqs:SendMessage", resource: queue,
      condition: ["ArnEquals": ["aws:SourceArn": .string(topic)]])
  }

  /// A rule of EventBridge may send to this queue.
  package static func rule(_ rule: String, queue: String) -> Self {
    PolicyStatement(
      id: rule, service: "events.amazonaws.com", action: "sqs:SendMessage", resource: queue,
      condition: ["ArnEquals": ["aws:SourceArn": .string(rule)]])
  }
}

extension PolicyStatement {
  /// The policy with this statement; nil where it is there already. Other statements stay as they are.
  /// - Parameter policy: nil, or empty: there is none. One that is no JSON object is replaced.
  package func added(to policy: String?) -> String? {
    var document = policy.flatMap { JSONValue(parsing: $0.utf8)?.object } ?? ["Version": "2012-10-17"]
    let statements = Self.statements(document)
    let others = statements.filter { $0["Sid"]?.string != id }
    if statements.count == others.count + 1, statements.contains(value) { return nil }
    document["Statement"] = .array(others + [value])
    return JSONValue.object(document).text
  }

  /// A policy may hold one statement without an array around it.
  private static func statements(_ document: [String: JSONValue]) -> [JSONValue] {
    switch document["Statement"] {
    case .array(let statements)?: statements
    case .object(let statement)?: [.object(statement)]
    default: []
    }
  }
}
