internal import Glibc
internal import SyncModel

/// Changes of names that reach the disk together, or not at all.
struct JournalEntry {
  var changes: [(directory: Inode, name: String, inode: Inode?)]
  /// What loses a name by them without getting another.
  var removed: Inode?
  /// Virtual nanoseconds.
  var at: Int64

  /// What they change: the names in these directories, and the names of these entries.
  var parts: [ObjectIdentifier] {
    (changes.map(\.directory) + changes.compactMap(\.inode) + [removed].compactMap(\.self)).map { ObjectIdentifier($0) }
  }

  var isRemoval: Bool { changes.contains { $0.inode == nil } || removed != nil }

  func isIn(_ directories: Set<ObjectIdentifier>) -> Bool {
    changes.contains { directories.contains(ObjectIdentifier($0.directory)) }
  }

  func names(_ entries: Set<ObjectIdentifier>) -> Bool {
    changes.contains { $0.inode.map { entries.contains(ObjectIdentifier($0)) } ?? false }
  }
}

// MARK: - What a power failure leaves

extension SimFileSystem {
  /// The kernel writes names after 5 s and contents after 30 s by itself.
  private static let journalInterval: Int64 = 6_000_000_000
  private static let writebackInterval: Int64 = 35_000_000_000

  func touch(_ inode: Inode) {
    if inode.kind == .file, inode.dirtySince == nil { inode.dirtySince = environment.executor.now }
  }

  func record(_ changes: [(directory: Inode, name: String, inode: Inode?)], removed: Inode? = nil) {
    journal.append(JournalEntry(changes: changes, removed: removed, at: environment.executor.now))
    if journal.count >= 256 { settleOldNames() }
  }

  private func settleOldNames() {
    let limit = environment.executor.now - Self.journalInterval
    let old = journal.prefix { $0.at < limit }.count
    for entry in journal.prefix(old) { settle(entry) }
    journal.removeFirst(old)
  }

  private func settle(_ entry: JournalEntry) {
    for change in entry.changes { change.directory.durableEntries[change.name] = change.inode }
  }

  /// `fsync`: of a directory, its names with all that they depend on; of a file, what is in it, not its name.
  func sync(_ inode: Inode) {
    guard inode.kind == .directory else {
      inode.durable = (inode.content, inode.mode, inode.modified)
      inode.dirtySince = nil
      inode.isMappedDirty = false
      return
    }
    var directories: Set<ObjectIdentifier> = [ObjectIdentifier(inode)]
    // A file that loses a name must have got its other one, and the directory of that must be there, or a failure
    // would take a file away that was only moved.
    var needed: Set<ObjectIdentifier> = []
    var wanted = [Bool](repeating: false, count: journal.count)
    for index in journal.indices.reversed() {
      let entry = journal[index]
      let isNeeded = !needed.isEmpty && entry.names(needed)
      guard isNeeded || entry.isIn(directories) else { continue }
      wanted[index] = true
      for change in entry.changes { directories.insert(ObjectIdentifier(change.directory)) }
      if let removed = entry.removed, removed.kind == .directory { directories.insert(ObjectIdentifier(removed)) }
      if isNeeded || entry.isRemoval { needed.formUnion(entry.parts) }
    }
    guard wanted.contains(true) else { return }
    for index in journal.indices where wanted[index] { settle(journal[index]) }
    journal = journal.indices.filter { !wanted[$0] }.map { journal[$0] }
  }

  /// The power goes: of what was not synced any part may be lost; the names of each directory, and those of each
  /// file, in their order, as a journal keeps them: what was only moved, or linked anew, keeps one of its names.
  ///
  /// - Returns: Contents that only the failure made.
  package func failPower(_ generator: inout SeededGenerator) -> [[UInt8]] {
    failures += 1
    queues = []
    settleOldNames()
    var cut: Set<ObjectIdentifier> = []
    for entry in journal {
      if !cut.isDisjoint(with: entry.parts) || generator.oneIn(4) {
        cut.formUnion(entry.parts)
      } else {
        settle(entry)
      }
    }
    journal = []
    var before: [Inode] = []
    list(root, into: &before)
    var made: [[UInt8]] = []
    var seen: [ObjectIdentifier: Inode] = [:]
    var found: [Inode] = []
    restore(root, &seen, &found, &generator, &made)
    noteBoot()
    for inode in before where inode !== root && seen[ObjectIdentifier(inode)] == nil {
      (inode.links, inode.writers, inode.entries) = (0, 0, [:])
    }
    var numbers: Set<UInt64> = []
    for inode in found where !numbers.insert(inode.number).inserted {
      inode.number = freshNumber()
    }
    return made
  }

  private func list(_ directory: Inode, into found: inout [Inode]) {
    for dentry in directory.entries.values {
      found.append(dentry.inode)
      if dentry.inode.kind == .directory { list(dentry.inode, into: &found) }
    }
  }

  private func restore(
    _ directory: Inode, _ seen: inout [ObjectIdentifier: Inode], _ found: inout [Inode],
    _ generator: inout SeededGenerator,
    _ made: inout [[UInt8]]
  ) {
    directory.entries = [:]
    for (name, inode) in directory.durableEntries.sorted(by: { $0.key < $1.key }) {
      directory.entries[name] = Dentry(inode, as: name, in: directory)
      if seen.updateValue(inode, forKey: ObjectIdentifier(inode)) != nil {
        inode.links += 1
        continue
      }
      found.append(inode)
      (inode.links, inode.writers, inode.pins, inode.leases, inode.isMappedDirty) = (1, 0, 0, [], false)
      if inode.kind == .directory {
        restore(inode, &seen, &found, &generator, &made)
      } else if let since = inode.dirtySince {
        if environment.executor.now - since < Self.writebackInterval { lose(inode, &generator, &made) }
        inode.durable = (inode.content, inode.mode, inode.modified)
        inode.dirtySince = nil
      }
    }
  }

  private func lose(_ inode: Inode, _ generator: inout SeededGenerator, _ made: inout [[UInt8]]) {
    defer { inode.changed = now }
    if let durable = inode.durable, durable.content == inode.content {
      // Only attributes are at stake.
      if generator.oneIn(2) { (inode.mode, inode.modified) = (durable.mode, durable.modified) }
      return
    }
    let zeros = [UInt8](repeating: 0, count: inode.content.count)
    switch generator.below(4) {
    case 0: return
    case 1:
      inode.content = zeros
      made.append(zeros)
    case 2:
      let written = generator.below(inode.content.count + 1)
      inode.content = Array(inode.content.prefix(written)) + Array(zeros.dropFirst(written))
      made.append(inode.content)
    default:
      (inode.content, inode.mode, inode.modified) = inode.durable ?? ([], inode.mode, inode.modified)
    }
  }
}
