package import AWSKit
package import Logging
package import SyncEngine
package import SyncModel

/// Makes, between a bucket and the queue of a node, what carries events; and takes away what it made. Every step may
/// be repeated, by any number of nodes at once: it looks first, and changes what is missing.
package struct EventWiring: Sendable {
  let services: EventServices
  let objects: ScratchObjects
  let location: S3Location
  let names: FeedNames
  let route: EventRoute
  let node: String
  /// Of this process alone.
  let run: String
  /// Nil where nothing may be written to the bucket.
  let lock: WiringLock?
  let environment: any EngineEnvironment
  let logger: Logger

  package init(
    services: EventServices, objects: ScratchObjects, location: S3Location, names: FeedNames, route: EventRoute,
    node: String, run: String, lock: WiringLock?, environment: any EngineEnvironment, logger: Logger
  ) {
    self.services = services
    self.objects = objects
    self.location = location
    self.names = names
    self.route = route
    self.node = node
    self.run = run
    self.lock = lock
    self.environment = environment
    self.logger = logger
  }

  package func connect(displacing: Bool) async throws -> EventConnection {
    let queue = try await queue()
    let former = try await read(queue, displacing: displacing)
    return EventConnection(queue: queue.url, route: try await connect(queue), formerReader: former)
  }

  private func connect(_ queue: Queue) async throws -> EventRoute {
    switch route {
    case .sqs: try await connectDirectly(queue)
    case .sns: try await connectTopic(queue)
    case .eventBridge: try await connectEventBridge(queue)
    case .auto:
      do {
        try await connectTopic(queue)
      } catch let error as EventFeedError where error.code == .overlap {
        logger.notice("\(error); events come by EventBridge")
        try await connectEventBridge(queue)
        return .eventBridge
      }
      return .sns
    }
    return route
  }

  // MARK: Queue

  struct Queue: Sendable {
    var url: String
    var arn: ResourceName
    var policy: String?
  }

  /// Tells a queue that was made here from one that the user has made.
  static let tag = "martlet-node"

  /// Seconds, bytes. A node that was away looks at everything when it comes back, so messages need not live long; the
  /// largest event of S3 is far smaller than a message may be.
  private static let attributes = [
    "ReceiveMessageWaitTimeSeconds": "20", "MessageRetentionPeriod": "3600", "MaximumMessageSize": "262144",
    "VisibilityTimeout": "30",
  ]

  private func queue() async throws -> Queue {
    let url: String
    if let found = try await services.sqs.queueURL(names.queue) {
      url = found
    } else {
      url = try await services.sqs.createQueue(
        names.queue, attributes: Self.attributes, tags: [Self.tag: node, QueueReader.tag: reader.text])
      logger.info("made the queue \(names.queue)")
    }
    let attributes = try await services.sqs.attributes(["QueueArn", "Policy"], of: url)
    guard let arn = attributes["QueueArn"].flatMap(ResourceName.init) else {
      throw EventFeedError(.silent, "the queue \(names.queue) does not tell its ARN")
    }
    return Queue(url: url, arn: arn, policy: attributes["Policy"])
  }

  private var reader: QueueReader { QueueReader(node: node, run: run) }

  /// - Returns: another node that read it before.
  private func read(_ queue: Queue, displacing: Bool) async throws -> String? {
    let former = try await services.sqs.tags(of: queue.url)[QueueReader.tag].map(QueueReader.init(tag:))
    if former == reader { return nil }
    if let former, !displacing { throw EventFeedError.shared(names.queue, with: former.node) }
    try await services.sqs.tag(queue.url, [QueueReader.tag: reader.text])
    return former.flatMap { $0.node == reader.node ? nil : $0.node }
  }

  private func allow(_ statement: PolicyStatement, _ queue: Queue) async throws {
    guard let policy = statement.added(to: queue.policy) else { return }
    try await services.sqs.setAttributes(["Policy": policy], of: queue.url)
  }

  // MARK: Routes

  private func connectDirectly(_ queue: Queue) async throws {
    try await allow(
      .s3(
        "sqs:SendMessage", bucket: queue.arn.bucket(location.bucket), account: queue.arn.account,
        resource: queue.arn.text), queue)
    try await locked { try await add(directRule(queue.arn)) }
  }

  private func connectTopic(_ queue: Queue) async throws {
    try await locked {
      let topic = try await services.sns.createTopic(names.topic)
      let attributes = try await services.sns.attributes(ofTopic: topic)
      let statement = PolicyStatement.s3(
        "sns:Publish", bucket: queue.arn.bucket(location.bucket), account: queue.arn.account, resource: topic)
      if let policy = statement.added(to: attributes["Policy"]) {
        try await services.sns.setAttribute("Policy", to: policy, ofTopic: topic)
      }
      try await allow(.topic(topic, queue: queue.arn.text), queue)
      _ = try await services.sns.subscribe(queue: queue.arn.text, toTopic: topic)
      do {
        try await add(topicRule(topic))
      } catch let error as EventFeedError where error.code == .overlap {
        // Nothing will ever come through it.
        if (try? await leave(topic: topic, queue: queue.arn.text)) == true { try? await dissolve(topic: topic) }
        throw error
      }
    }
  }

  private func connectEventBridge(_ queue: Queue) async throws {
    let rule = try await services.eventBridge.putRule(
      names.rule, pattern: Self.pattern(location), description: "Martlet: changes of \(location) for \(node)")
    try await allow(.rule(rule, queue: queue.arn.text), queue)
    try await services.eventBridge.putTarget(Self.target, arn: queue.arn.text, ofRule: names.rule)
    try await locked { try await change { $0.addEventBridge() } }
  }

  static let target = "martlet"

  /// What EventBridge is to hand on. Source: "Amazon S3 events" in its user guide.
  static func pattern(_ location: S3Location) -> String {
    var detail: [String: JSONValue] = ["bucket": ["name": [.string(location.bucket)]]]
    if !location.prefix.isEmpty { detail["object"] = ["key": [["prefix": .string(location.prefix)]]] }
    let pattern: JSONValue = [
      "source": ["aws.s3"], "detail-type": ["Object Created", "Object Deleted", "Object Restore Completed"],
      "detail": .object(detail),
    ]
    return pattern.text
  }

  func topicRule(_ topic: String) -> NotificationRule {
    NotificationRule(id: FeedNames.id(names.topic), .topic(topic), prefix: location.prefix)
  }

  func directRule(_ queue: ResourceName) -> NotificationRule {
    NotificationRule(id: FeedNames.id(names.queue), .queue(queue.text), prefix: location.prefix)
  }

  // MARK: The bucket's configuration

  func locked<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
    guard let lock else { return try await body() }
    return try await lock.held(body)
  }

  private func add(_ rule: NotificationRule) async throws {
    try await change { notifications in
      if let obstacle = notifications.obstacle(to: rule) {
        throw EventFeedError(
          .overlap,
          "the bucket has a rule “\(obstacle.id)” for the same keys and events, and S3 takes no second one; use "
            + "--event-route eventbridge")
      }
      return notifications.add(rule)
    }
  }

  /// - Parameter change: of our own part of it; false where nothing is to be changed.
  func change(_ change: @Sendable (inout BucketNotifications) throws -> Bool) async throws {
    let (client, bucket, environment) = (objects.client, location.bucket, environment)
    let editor = NotificationEditor {
      try await client.getBucketNotifications(bucket)
    } write: {
      try await client.putBucketNotifications($0, of: bucket)
    } pause: { round in
      try await environment.sleep(for: .milliseconds(200 * round + Int(environment.random() % 200)))
    }
    // Some servers do not tell all that they keep: whether events come is seen by the canary.
    if try await !editor.change(change) {
      logger.debug("the bucket's notification configuration does not read as it was written")
    }
  }
}

extension EventWiring: EventSource {
  package func otherReader(of queue: String) async throws -> String? {
    let noted = try await services.sqs.tags(of: queue)[QueueReader.tag].map(QueueReader.init(tag:))
    return noted.flatMap { $0 == reader ? nil : $0.node }
  }

  package func receive(from queue: String, wait: Int) async throws -> [SQSClient.Message] {
    try await services.sqs.receive(from: queue, wait: wait)
  }

  package func delete(_ messages: [SQSClient.Message], from queue: String) async throws {
    try await services.sqs.delete(messages, from: queue)
  }

  package func sendCanary() async throws -> (key: String, etag: String?) {
    let name = "canary/\(node)"
    let etag = try await objects.put(name, "\(String(environment.random(), radix: 16))\n")
    // The event of its writing is on its way.
    if let etag { try await objects.delete(name, ifMatch: etag) }
    return (objects.key(name), etag)
  }
}
