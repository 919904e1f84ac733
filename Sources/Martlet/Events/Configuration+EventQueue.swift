import EventFeed

extension Configuration {
  /// The queue through which this node hears of changes in the bucket.
  public struct EventQueue: Hashable, Sendable {
    /// How events come from the bucket to the queue.
    public enum Route: String, Sendable, CaseIterable {
      /// As ``sns``, or as ``eventBridge`` where a rule of somebody else stands in the way.
      case auto
      /// A rule in the bucket leads to the queue: for one node only.
      case sqs
      /// A rule in the bucket leads to a topic, which feeds the queues of all nodes.
      case sns
      /// A rule in EventBridge for each node.
      case eventBridge = "eventbridge"
    }

    /// At most 80 of `A-Z a-z 0-9 - _`; `[uid]` in it stands for the id of the node.
    public var name: String
    /// `--event-queue-cleanup`: take the queue, and what leads to it, away at the end.
    public var cleansUp = false
    /// `--event-route`.
    public var route: Route = .auto

    /// - Parameter name: See ``name``.
    public init(name: String) { self.name = name }
  }
}

extension Configuration.EventQueue {
  /// Everything that is wrong with the values themselves.
  func problems(_ location: String) -> [String] {
    var problems: [String] = []
    if let problem = FeedNames.problem(withQueue: name) { problems.append("--event-queue \(name): \(problem)") }
    if location.hasPrefix("s3://arn:") {
      problems.append("--event-queue: events are those of a bucket: give its name in place of the access point's ARN")
    }
    return problems
  }
}
