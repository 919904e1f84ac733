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
  }

  private var waiting: [Waiting] = []

  package init() {}

  package var count: Int { waiting.count }

  package func holds(_ leaf: RelativePath) -> Bool { waiting.contains { $0.path == leaf } }

  /// Holds the value of the leaf that the stream has reached, after `advance(to:)` with the same path.
  package mutating func push(_ path: RelativePath, _ value: Value) {
    waiting.append(Waiting(path: path, value: value))
  }

  /// Tells of the stream's next path, leaf or directory, and returns what need not wait any longer, in ascending
  /// order.
  package mutating func advance(to path: RelativePath) -> [Released] {
    if waiting.isEmpty { return [] }
    var released: [Released] = []
    var kept = 0
    for index in waiting.indices {
      switch PlaceOfDescendants(of: waiting[index].path, seenFrom: path) {
      case .passed:
        released.append(waiting[index].released)
        continue
      case .here: waiting[index].hadDescendants = true
      case .ahead: break
      }
      if kept != index { waiting.swapAt(kept, index) }
      kept += 1
    }
    waiting.removeLast(waiting.count - kept)
    return released
  }

  /// Returns what still waits: the stream is over.
  package mutating func finish() -> [Released] {
    defer { waiting = [] }
    return waiting.map(\.released)
  }
}

/// Where a stream's path stands in relation to the range of all paths below a leaf's name.
private enum PlaceOfDescendants {
  case ahead, here, passed

  init(of leaf: RelativePath, seenFrom path: RelativePath) {
    let next = path.withBytes { path in
      leaf.withBytes { leaf in path.count > leaf.count && path.starts(with: leaf) ? path[leaf.count] : nil }
    }
    let slash = UInt8(ascii: "/")
    self = next == nil || next! > slash ? .passed : next! == slash ? .here : .ahead
  }
}
