import SyncModel

/// Deletions that wait for the guard and for all creations (I8). Bounded: what does not fit is found
/// again by the next pass.
struct DeletionSpool: Sendable {
  struct Entry: Hashable, Sendable {
    var path: RelativePath
    var side: DeletionSide
    /// Uptime nanoseconds at which the absence was first seen.
    var seen: Int64
    /// A hint found it, not a pass that looked at everything.
    var isHinted: Bool
    /// The store's when it was last asked for: a row that was written since tells of another version.
    var revision: Int64
  }

  static let capacity = 100_000

  private(set) var entries: [RelativePath: Entry] = [:]
  /// Files that did not fit; they count for the guard all the same.
  private(set) var left: [DeletionSide: Int] = [:]

  var isEmpty: Bool { entries.isEmpty }

  mutating func add(_ path: RelativePath, _ side: DeletionSide, now: Int64, isHinted: Bool, revision: Int64) {
    guard entries.count < Self.capacity || entries[path] != nil else {
      if !path.isDirectory { left[side, default: 0] += 1 }
      return
    }
    entries[path] = Entry(
      path: path, side: side, seen: entries[path]?.seen ?? now, isHinted: isHinted, revision: revision)
  }

  /// In order of the paths: the same history gives the same run.
  mutating func take(where isTaken: (Entry) -> Bool) -> [Entry] {
    let taken = entries.values.filter(isTaken).sorted { $0.path < $1.path }
    for entry in taken { entries[entry.path] = nil }
    left = [:]
    return taken
  }

  /// What was derived from a look that did not reach its end proves nothing; hinted absences were seen.
  mutating func dropUnproven() {
    entries = entries.filter { $0.value.isHinted }
    left = [:]
  }
}
