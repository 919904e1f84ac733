internal import AWSKit

/// One destination of a bucket's events.
package struct NotificationRule: Hashable, Sendable {
  package enum Destination: Hashable, Sendable {
    case topic(String)
    case queue(String)
    /// Of a kind that we never make.
    case other(element: String)

    var element: String {
      switch self {
      case .topic: "TopicConfiguration"
      case .queue: "QueueConfiguration"
      case .other(let element): element
      }
    }
  }

  package var id: String
  package var destination: Destination
  package var events: Set<String>
  package var prefix = ""
  package var suffix = ""

  /// Everything that may change a file. Of two rules for one event their prefixes must not overlap.
  package static let events: Set<String> = [
    "s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*", "s3:ObjectRestore:Completed",
  ]

  package init(id: String, _ destination: Destination, events: Set<String> = Self.events, prefix: String) {
    self.id = id
    self.destination = destination
    self.events = events
    self.prefix = prefix
  }

  /// Nil: not a rule.
  init?(_ node: XMLNode) {
    let events = node.all("Event").map(\.text)
    guard !events.isEmpty else { return nil }
    id = node.text("Id") ?? ""
    destination =
      switch node.name {
      case "TopicConfiguration": .topic(node.text("Topic") ?? "")
      case "QueueConfiguration": .queue(node.text("Queue") ?? "")
      default: .other(element: node.name)
      }
    self.events = Set(events)
    for filter in node["Filter"]?["S3Key"]?.all("FilterRule") ?? [] {
      // AWS gives the names back with a capital.
      switch filter.text("Name")?.lowercased() {
      case "prefix": prefix = filter.text("Value") ?? ""
      case "suffix": suffix = filter.text("Value") ?? ""
      default: break
      }
    }
  }

  var document: String {
    let target =
      switch destination {
      case .topic(let arn): "<Topic>\(XMLText.escape(arn))</Topic>"
      case .queue(let arn): "<Queue>\(XMLText.escape(arn))</Queue>"
      case .other: ""
      }
    let events = events.sorted().map { "<Event>\($0)</Event>" }.joined()
    let filter =
      prefix.isEmpty
      ? ""
      : "<Filter><S3Key><FilterRule><Name>prefix</Name><Value>\(XMLText.escape(prefix))</Value></FilterRule></S3Key>"
        + "</Filter>"
    let element = destination.element
    return "<\(element)><Id>\(XMLText.escape(id))</Id>\(target)\(events)\(filter)</\(element)>"
  }

  /// Whether S3 refuses the two beside each other ("Event notification types and destinations", S3 user guide).
  func overlaps(_ other: NotificationRule) -> Bool {
    Self.begin(prefix.utf8, other.prefix.utf8) && Self.begin(suffix.utf8.reversed(), other.suffix.utf8.reversed())
      && events.contains { event in other.events.contains { Self.overlap(event, $0) } }
  }

  private static func overlap(_ one: String, _ other: String) -> Bool {
    func stem(_ event: String) -> String { event.hasSuffix("*") ? String(event.dropLast()) : event }
    if one.hasSuffix("*") || other.hasSuffix("*") { return begin(stem(one).utf8, stem(other).utf8) }
    return one == other
  }

  /// Whether one of them is how the other begins.
  private static func begin(_ one: some Collection<UInt8>, _ other: some Collection<UInt8>) -> Bool {
    one.count <= other.count ? other.starts(with: one) : one.starts(with: other)
  }
}
