/// Who reads a queue, as a tag of the queue says: of two that read the same one each would hear half of the events.
struct QueueReader: Hashable, Sendable {
  /// Whoever comes overwrites it.
  static let tag = "martlet-reader"

  let node: String
  /// Which run of the node.
  let run: String

  init(node: String, run: String) {
    self.node = node
    self.run = run
  }

  init(tag: String) {
    let words = tag.split(separator: " ", maxSplits: 1).map(String.init)
    self.init(node: words.first ?? "", run: words.count > 1 ? words[1] : "")
  }

  var text: String { "\(node) \(run)" }
}
