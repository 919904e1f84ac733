/// A map in key order: leaves of at most `leafCapacity` pairs, so that a lookup is two binary searches and an
/// insertion moves a few kilobytes, however many keys there are.
struct SortedMap<Key: Comparable & Sendable, Value: Sendable>: Sendable {
  typealias Element = (key: Key, value: Value)

  private static var leafCapacity: Int { 512 }

  /// No leaf is empty.
  private var leaves: [[Element]] = []
  private(set) var count = 0

  var isEmpty: Bool { self.count == 0 }

  subscript(key: Key) -> Value? {
    get {
      let position = self.position(of: key)
      return position.found ? self.leaves[position.leaf][position.index].value : nil
    }
    set {
      if let newValue {
        self.set(key, newValue)
      } else {
        self.remove(key)
      }
    }
  }

  /// Calls `body` for the pairs with keys from `start` on, in order. `body` says where to go next.
  func scan(from start: Key, _ body: (Key, Value) -> ScanStep<Key>) {
    var position = self.position(of: start)
    while position.leaf < self.leaves.count {
      guard position.index < self.leaves[position.leaf].count else {
        position = Position(leaf: position.leaf + 1, index: 0, found: false)
        continue
      }
      let element = self.leaves[position.leaf][position.index]
      switch body(element.key, element.value) {
      case .next: position.index += 1
      case .seek(let key): position = self.position(of: key)
      case .stop: return
      }
    }
  }

  private struct Position {
    var leaf: Int
    var index: Int
    var found: Bool
  }

  /// Where `key` is, or where it would be inserted. An insertion point behind a leaf's end stays in that leaf.
  private func position(of key: Key) -> Position {
    guard !self.leaves.isEmpty else { return Position(leaf: 0, index: 0, found: false) }
    var low = 0
    var high = self.leaves.count
    while low + 1 < high {
      let middle = (low + high) / 2
      if key < self.leaves[middle][0].key { high = middle } else { low = middle }
    }
    let leaf = low
    low = 0
    high = self.leaves[leaf].count
    while low < high {
      let middle = (low + high) / 2
      if self.leaves[leaf][middle].key < key { low = middle + 1 } else { high = middle }
    }
    let found = low < self.leaves[leaf].count && self.leaves[leaf][low].key == key
    return Position(leaf: leaf, index: low, found: found)
  }

  private mutating func set(_ key: Key, _ value: Value) {
    guard !self.leaves.isEmpty else {
      self.leaves.append([(key, value)])
      self.count = 1
      return
    }
    let position = self.position(of: key)
    if position.found {
      self.leaves[position.leaf][position.index].value = value
      return
    }
    self.leaves[position.leaf].insert((key, value), at: position.index)
    self.count += 1
    let size = self.leaves[position.leaf].count
    if size > Self.leafCapacity {
      // Keys often come in ascending order: splitting off only the tail then leaves full leaves behind.
      let isAppend = position.leaf == self.leaves.count - 1 && position.index == size - 1
      let cut = isAppend ? size - 1 : size / 2
      let upper = Array(self.leaves[position.leaf][cut...])
      self.leaves[position.leaf].removeSubrange(cut...)
      self.leaves.insert(upper, at: position.leaf + 1)
    }
  }

  private mutating func remove(_ key: Key) {
    let position = self.position(of: key)
    guard position.found else { return }
    self.leaves[position.leaf].remove(at: position.index)
    self.count -= 1
    if self.leaves[position.leaf].isEmpty { self.leaves.remove(at: position.leaf) }
  }
}

/// What a scan of a ``SortedMap`` does after a pair.
enum ScanStep<Key> {
  case next
  case seek(Key)
  case stop
}
