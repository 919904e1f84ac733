internal import AWSKit
internal import Logging

extension EventWiring {
  /// Takes away what was made for this node, and what all nodes of the prefix shared when this is the last one.
  ///
  /// Goes on where a step fails, so that as little as possible is left.
  ///
  /// - Parameter route: the way that `connect` has found; nil: unknown, so all are looked for.
  /// - Returns: what could not be taken away, in words.
  package func disconnect(_ route: EventRoute?) async -> [String] {
    var left: [String] = []
    func attempt(_ step: () async throws -> Void) async {
      do { try await step() } catch { left.append("\(error)") }
    }
    var queue: (url: String, arn: ResourceName)?
    await attempt {
      guard let url = try await services.sqs.queueURL(names.queue) else { return }
      guard let arn = try await services.sqs.attributes(["QueueArn"], of: url)["QueueArn"].flatMap(ResourceName.init)
      else { return }
      queue = (url, arn)
    }
    let (ways, found) = (route.map { [$0] } ?? self.route.ways, queue)
    if ways.contains(.eventBridge) {
      await attempt { try await services.eventBridge.deleteRule(names.rule, targets: [Self.target]) }
    }
    if ways.contains(.sqs), let arn = found?.arn {
      await attempt { try await locked { try await change { $0.remove(id: directRule(arn).id) } } }
    }
    if ways.contains(.sns) {
      await attempt {
        // For its ARN: what is there already is not made again.
        let topic = try await services.sns.createTopic(names.topic)
        guard try await leave(topic: topic, queue: found?.arn.text) else { return }
        try await locked {
          // Somebody may have come while the lock was waited for.
          if try await services.sns.subscriptions(toTopic: topic).isEmpty { try await dissolve(topic: topic) }
        }
      }
    }
    if let url = found?.url {
      await attempt {
        if try await services.sqs.tags(of: url)[Self.tag] == nil {
          logger.notice("the queue \(names.queue) was not made here: it is kept")
        } else {
          try await services.sqs.deleteQueue(url)
        }
      }
    }
    return left
  }

  /// Ends the subscription of a queue.
  /// - Returns: whether no other is left. Of nodes that leave at the same time the last one at least finds it so.
  func leave(topic: String, queue: String?) async throws -> Bool {
    for subscription in try await services.sns.subscriptions(toTopic: topic) where subscription.endpoint == queue {
      try await services.sns.unsubscribe(subscription.arn)
    }
    return try await services.sns.subscriptions(toTopic: topic).isEmpty
  }

  /// Takes away what all nodes of the prefix share.
  func dissolve(topic: String) async throws {
    try await change { $0.remove(id: topicRule(topic).id) }
    try await services.sns.deleteTopic(topic)
  }
}

extension EventRoute {
  fileprivate var ways: [EventRoute] { self == .auto ? [.sns, .eventBridge] : [self] }
}
