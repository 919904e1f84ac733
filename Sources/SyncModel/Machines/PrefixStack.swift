/// Holds values of leaves back until a stream of ascending paths shows whether something lies below their names.
///
/// `a` and `a/…` are not adjacent in S3's order, `a.txt` lies between, so `a` waits until the stream is beyond
/// every possible `a/…`. All that wait are starts of the stream's path, hence never more than it has bytes.
package struct PrefixStack<Value: Sendable>: Sendable {
  package struct Released: Sendable {
    package let path: RelativePath
    package let value: Value
    package let hadDescendants: Bool
  }

  private struct Waiting: Sendable {
    var path: RelativePath
    var value: Value
    var hadDescendants = false

    var released: Released { Released(path: path, value: value, hadDescendants: hadDescendants) }

    /// Where the path stands in relation to the range of all paths below the leaf's name.
    func relation(to path: RelativePath) -> Relation {
      let leaf = self.path.string.utf8
      let other = path.string.utf8
      guard other.starts(with: leaf), let next = other.dropFirst(leaf.count).first else { return .beyond }
      let slash = UInt8(ascii: "/")
      return next == slash ? .below : next < slash ? .before : .beyond
    }
  }

  private enum Relation { case before, below, beyond }

  private var waiting: [Waiting] = []

  package init() {}

  package var count: Int { waiting.count }

  /// Holds the value of the leaf that the stream has reached, after `advance(to:)` with the same path.
  package mutating func push(_ path: RelativePath, _ value: Value) {
    waiting.append(Waiting(path: path, value: value))
  }

  /// Tells of the stream's next path, leaf or directory, and returns what need not wait any longer, in ascending
  /// order.
  package mutating func advance(to path: RelativePath) -> [Released] {
    var released: [Released] = []
    waiting.removeAll { entry in
      guard entry.relation(to: path) == .beyond else { return false }
      released.append(entry.released)
      return true
    }
    for index in waiting.indices where waiting[index].relation(to: path) == .below {
      waiting[index].hadDescendants = true
    }
    return released
  }

  /// Returns what still waits: the stream is over.
  package mutating func finish() -> [Released] {
    defer { waiting = [] }
    return waiting.map(\.released)
  }
}
