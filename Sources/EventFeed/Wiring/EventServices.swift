package import AWSKit

/// The services that events go through, all in the bucket's region.
package struct EventServices: Sendable {
  package var sqs: SQSClient
  package var sns: SNSClient
  package var eventBridge: EventBridgeClient

  package init(sqs: SQSClient, sns: SNSClient, eventBridge: EventBridgeClient) {
    self.sqs = sqs
    self.sns = sns
    self.eventBridge = eventBridge
  }
}

/// `--event-route`: how events come from the bucket to a node's queue.
package enum EventRoute: String, Sendable, CaseIterable {
  /// `sns`, or `eventbridge` where somebody else's rule stands in the way.
  case auto
  /// A rule in the bucket for each node. S3 takes one for each prefix only.
  case sqs
  /// One rule in the bucket, one topic, a subscription for each node.
  case sns
  /// A rule in EventBridge for each node.
  case eventBridge = "eventbridge"
}

/// Why events do not arrive, in words for the user.
package struct EventFeedError: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: Hashable, Sendable {
    /// A rule of somebody else takes the same events.
    case overlap
    /// The feed was made ready, and nothing arrives.
    case silent
    /// Another node reads the same queue.
    case shared
  }

  package var code: Code
  package var description: String

  package init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }

  package static func shared(_ queue: String, with node: String) -> Self {
    Self(
      .shared,
      "the queue \(queue) is read by the node \(node) as well, so that each hears half of what happens: give each node a "
        + "queue of its own, with [uid] in --event-queue")
  }
}
