internal import SyncModel

/// The watched directories by the kernel's numbers; knows where each lies, through renames of its parents.
struct WatchTable {
  private struct Node {
    var parent: Int32?
    var name: String
    /// By the bytes of the name.
    var children: [RelativePath: Int32] = [:]
  }

  private var nodes: [Int32: Node] = [:]
  private var root: Int32?
  /// A folder was to come to lie within itself: an event told of an earlier state than is known. The table is to be
  /// made anew.
  private(set) var isOutdated = false

  var count: Int { nodes.count }
  var watches: Set<Int32> { Set(nodes.keys) }

  /// Nil for watches that are unknown, or whose directory is no longer below the root.
  func path(of watch: Int32) -> RelativePath? {
    var names: [String] = []
    var next = watch
    while next != root {
      guard let node = nodes[next], let parent = node.parent else { return nil }
      names.append(node.name)
      next = parent
    }
    guard nodes[next] != nil else { return nil }
    return names.isEmpty ? .root : RelativePath(unchecked: names.reversed().joined(separator: "/") + "/")
  }

  func child(of watch: Int32, named name: String) -> Int32? { nodes[watch]?.children[RelativePath(unchecked: name)] }

  mutating func setRoot(_ watch: Int32) {
    root = watch
    nodes[watch] = nodes[watch] ?? Node(parent: nil, name: "")
  }

  /// A watch that is known already moves there with all that is below it.
  mutating func add(_ watch: Int32, named name: String, in parent: Int32) {
    guard watch != root, nodes[parent] != nil else { return }
    guard !isBelow(parent, watch) else {
      isOutdated = true
      return
    }
    detach(watch)
    var node = nodes[watch] ?? Node(parent: parent, name: name)
    node.parent = parent
    node.name = name
    nodes[watch] = node
    nodes[parent]?.children[RelativePath(unchecked: name)] = watch
  }

  /// Forgets the directory and everything below; returns the watches to end.
  mutating func remove(_ watch: Int32) -> [Int32] {
    detach(watch)
    var removed: [Int32] = []
    var open = [watch]
    while let next = open.popLast() {
      guard let node = nodes.removeValue(forKey: next) else { continue }
      removed.append(next)
      open.append(contentsOf: node.children.values)
    }
    if let root, removed.contains(root) { self.root = nil }
    return removed
  }

  private func isBelow(_ watch: Int32, _ other: Int32) -> Bool {
    var next: Int32? = watch
    while let current = next {
      if current == other { return true }
      next = nodes[current]?.parent
    }
    return false
  }

  private mutating func detach(_ watch: Int32) {
    guard let node = nodes[watch], let parent = node.parent,
      nodes[parent]?.children[RelativePath(unchecked: node.name)] == watch
    else { return }
    nodes[parent]?.children[RelativePath(unchecked: node.name)] = nil
  }
}
