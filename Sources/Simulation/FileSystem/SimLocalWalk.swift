import SyncEngine
import SyncModel

/// One look through a simulated tree: a directory's names are read at once, its entries' stamps a few at a time,
/// and anything may happen in between.
///
/// `@unchecked Sendable`: used only on the world's thread.
final class SimLocalWalk: LocalWalk, @unchecked Sendable {
  private let disk: SimFileSystem
  private let life: NodeLife
  /// Open directories, the innermost last, each with the names still to be visited in reverse order.
  private var open: [(place: RelativePath, inode: Inode, names: [String])] = []
  private var start: RelativePath?

  init(disk: SimFileSystem, life: NodeLife, directory: RelativePath) {
    self.disk = disk
    self.life = life
    start = directory
  }

  func next() async throws -> LocalBatch {
    try await life.step()
    if let start {
      self.start = nil
      if let inode = disk.lookup(start), inode.kind == .directory { enter(inode, at: start) }
    }
    var entries: [LocalEntry] = []
    var unreadable: [RelativePath] = []
    let limit = 1 + life.below(12)
    while entries.count < limit, let last = open.indices.last {
      guard let name = open[last].names.popLast() else {
        open.removeLast()
        continue
      }
      guard let inode = open[last].inode.children[name] else { continue }
      let path = open[last].place.appending(name, isDirectory: inode.kind == .directory)
      if ReservedNames.match(in: path) != nil { continue }
      entries.append(LocalEntry(path: path, stamp: inode.stamp(on: disk.mount)))
      if inode.kind == .directory {
        if life.oneIn(4) { try await life.step() }
        if inode.mode == 0 { unreadable.append(path) } else { enter(inode, at: path) }
      }
    }
    return LocalBatch(entries: entries, unreadable: unreadable, isLast: open.isEmpty)
  }

  private func enter(_ directory: Inode, at place: RelativePath) {
    let keys = directory.children.map { (key: $0.value.kind == .directory ? $0.key + "/" : $0.key, name: $0.key) }
    let names = keys.sorted { $1.key.utf8.lexicographicallyPrecedes($0.key.utf8) }.map(\.name)
    open.append((place, directory, names))
  }
}
