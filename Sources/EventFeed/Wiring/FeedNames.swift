internal import Checksums
internal import Digests

/// The names of what carries events from a bucket to a node.
package struct FeedNames: Hashable, Sendable {
  /// Of the node's own queue.
  package var queue: String
  /// Of the topic that all nodes of a bucket and prefix share.
  package var topic: String
  /// Of the node's rule in EventBridge.
  package var rule: String

  /// - Parameters:
  ///   - queue: `--event-queue`, in which `[uid]` stands for the node.
  ///   - node: its id.
  package init(queue template: String, node: String, bucket: String, prefix: String) {
    queue = Self.queue(template, node: node)
    let place = Self.digest("\(bucket)\u{0}\(prefix)")
    topic = "martlet-\(place)"
    // At most 64 characters (EventBridge API reference, PutRule).
    rule = "martlet-\(queue.prefix(39))-\(Self.digest("\(queue)\u{0}\(bucket)\u{0}\(prefix)"))"
  }

  /// Of our statements in policies and rules in the bucket's configuration.
  package static func id(_ text: String) -> String { "Martlet\(digest(text))" }

  private static func digest(_ text: String) -> String {
    String(Hex.encode(SHA256Digest.digest(Array(text.utf8))).prefix(16))
  }
}

extension FeedNames {
  private static let token = "[uid]"
  /// Characters of a queue's name (SQS API reference, CreateQueue).
  private static let longest = 80

  /// What is wrong with `--event-queue`; nil where it can be used.
  package static func problem(withQueue template: String) -> String? {
    let pieces = pieces(of: template)
    let fixed = pieces.reduce(0) { $0 + $1.count }
    guard pieces.allSatisfy({ $0.allSatisfy(isAllowed) }) else {
      return "a queue's name may have letters, digits, “-” and “_” only, and \(token) for the id of this node"
    }
    if template.isEmpty { return "give the name of a queue" }
    if pieces.count == 1, fixed > longest { return "a queue's name has at most \(longest) characters" }
    if pieces.count > 1, (longest - fixed) / (pieces.count - 1) < 1 {
      return "a queue's name has at most \(longest) characters: there is no room for \(token)"
    }
    return nil
  }

  /// A node id that does not fit loses its beginning: what tells nodes of one name apart stands at the end.
  static func queue(_ template: String, node: String) -> String {
    let pieces = pieces(of: template)
    guard pieces.count > 1 else { return template }
    let room = max(0, longest - pieces.reduce(0) { $0 + $1.count }) / (pieces.count - 1)
    let id = String(node.map { isAllowed($0) ? $0 : "-" }.suffix(room))
    return pieces.joined(separator: id)
  }

  /// What the queues of all nodes match; `*` stands for anything.
  package static func pattern(_ template: String) -> String { pieces(of: template).joined(separator: "*") }

  /// The same of their rules in EventBridge.
  package static func rulePattern(_ template: String) -> String {
    "martlet-\((pieces(of: template).first ?? "").prefix(39))*"
  }

  private static func pieces(of template: String) -> [String] {
    var pieces: [String] = []
    var rest = template[...]
    while let start = firstToken(in: rest) {
      pieces.append(String(rest[..<start]))
      rest = rest[rest.index(start, offsetBy: token.count)...]
    }
    return pieces + [String(rest)]
  }

  private static func firstToken(in text: Substring) -> Substring.Index? {
    text.indices.first { text[$0...].hasPrefix(token) }
  }

  private static func isAllowed(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || character == "-" || character == "_")
  }
}
