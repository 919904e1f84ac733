internal import CLinux
internal import Glibc
internal import SyncEngine
package import SyncModel

/// The disk of one node: it survives the node's crashes. Every function is one atomic step of the kernel;
/// programs and the engine interleave between them.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class SimFileSystem: @unchecked Sendable {
  /// Stamps move on in ticks of the kernel's clock, 4 ms where it runs at 250 Hz.
  package static let tick: Int64 = 4_000_000

  package let mount: MountID
  package let root: Inode
  let traits: LocalTraits
  var volume: SimVolume?
  let environment: SimEnvironment
  /// The kernel's report of changes; one queue for each run that watches.
  var queues: [EventQueue] = []
  /// When one was dropped by a kernel that loses events, virtual nanoseconds.
  var lastLostEvent = Int64.min
  /// Changes of names that a power failure may undo.
  var journal: [JournalEntry] = []
  /// Power failures so far: what a program had open before one is gone.
  package internal(set) var failures = 0
  var generator: SeededGenerator
  private var nextInode: UInt64 = 100
  private var freed: [UInt64] = []
  private var nextCookie: UInt32 = 0

  package init(mount: MountID, environment: SimEnvironment, traits: LocalTraits = LocalTraits()) {
    self.mount = mount
    self.traits = traits
    self.environment = environment
    generator = SeededGenerator(seed: environment.random())
    root = Inode(
      number: 2, kind: .directory, fileSystem: 1, content: [], mode: 0o755, at: environment.wallTime())
    root.links = 1
    if traits.hasVolume { addVolume() }
  }

  /// The time that a change gets now.
  package var now: Timestamp {
    let wall = environment.wallTime().nanoseconds
    return Timestamp(nanoseconds: wall - wall % Self.tick)
  }
}

// MARK: - What the file system can keep

extension SimFileSystem {
  package func kept(_ time: Timestamp) -> Timestamp {
    Timestamp(nanoseconds: time.nanoseconds - time.nanoseconds % traits.timeStep)
  }

  package func kept(_ metadata: EntryMetadata) -> EntryMetadata {
    var metadata = metadata
    metadata.modified = metadata.modified.map { kept($0) }
    if let fixedMode = traits.fixedMode, metadata.mode != nil { metadata.mode = fixedMode }
    return metadata
  }

  func set(mode: UInt32, of inode: Inode) {
    inode.mode = inode.kind == .file ? traits.fixedMode ?? mode : mode
    inode.changed = now
    touch(inode)
  }

  package func owner(of inode: Inode) -> Owner { inode.owner ?? traits.owner }

  func set(owner: Owner, of inode: Inode) {
    inode.owner = owner
    inode.changed = now
    touch(inode)
  }

  func set(modified: Timestamp, of inode: Inode) {
    inode.modified = kept(modified)
    inode.changed = now
    touch(inode)
  }

  package func setSearchable(_ isSearchable: Bool, _ directory: Inode) {
    directory.mode = isSearchable ? 0o755 : 0
    directory.changed = now
  }
}

// MARK: - Names

extension SimFileSystem {
  package func lookup(_ path: RelativePath) -> Inode? {
    var inode = root
    for component in path.components {
      guard let child = inode.child(component) else { return nil }
      inode = child
    }
    return inode
  }

  func dentry(_ path: RelativePath) -> Dentry? { directory(of: path)?.entries[path.name] }

  package func names(in directory: Inode) -> [String] { directory.entries.keys.sorted() }

  func directory(of path: RelativePath) -> Inode? {
    guard let parent = path.parent, let inode = lookup(parent), inode.kind == .directory else { return nil }
    return inode
  }

  /// ext4 gives a number out again at once.
  func newInode(_ kind: EntryKind, _ content: [UInt8], mode: UInt32, in parent: Inode) -> Inode {
    let number = freed.popLast() ?? nextInode
    if number == nextInode { nextInode += 1 }
    let inode = Inode(
      number: number, kind: kind, fileSystem: parent.fileSystem, content: content, mode: mode, at: now)
    inode.modified = kept(inode.modified)
    if kind == .file, let fixedMode = traits.fixedMode { inode.mode = fixedMode }
    touch(inode)
    return inode
  }

  func free(_ inode: Inode) {
    if inode.links == 0 && inode.writers == 0 && inode.pins == 0 { freed.append(inode.number) }
  }

  /// A number of its own for what a power failure brought back.
  func freshNumber() -> UInt64 {
    nextInode += 1
    return nextInode - 1
  }

  func cookie() -> UInt32 {
    nextCookie += 1
    return nextCookie
  }

  /// Puts a name into a directory.
  func attach(_ dentry: Dentry, as name: String, in directory: Inode) {
    dentry.parent = directory
    dentry.name = name
    directory.entries[name] = dentry
    directory.modified = now
    directory.changed = now
    dentry.inode.changed = now
    dentry.inode.links += 1
  }

  func detach(_ dentry: Dentry) {
    guard let directory = dentry.parent else { return }
    directory.entries[dentry.name] = nil
    dentry.parent = nil
    directory.modified = now
    directory.changed = now
    dentry.inode.changed = now
    dentry.inode.links -= 1
  }
}

// MARK: - Calls that change names; zero or minus errno

extension SimFileSystem {
  func add(_ inode: Inode, as name: String, in directory: Inode) -> Dentry {
    let dentry = Dentry(inode, as: name, in: directory)
    attach(dentry, as: name, in: directory)
    record([(directory, name, inode)])
    announce(dentry, IN_CREATE)
    return dentry
  }

  func unlink(_ name: String, in directory: Inode, isDirectory: Bool) -> Int32 {
    guard let dentry = directory.entries[name] else { return -ENOENT }
    let inode = dentry.inode
    if inode === volume?.point { return -EPERM }
    if isDirectory {
      guard inode.kind == .directory else { return -ENOTDIR }
      guard inode.entries.isEmpty else { return -ENOTEMPTY }
      guard inode.fileSystem == directory.fileSystem else { return -EBUSY }
    } else if inode.kind == .directory {
      return -EISDIR
    }
    detach(dentry)
    record([(directory, name, nil)], removed: inode)
    announce(IN_DELETE, name, inode, in: directory)
    announceEnd(of: inode)
    free(inode)
    return 0
  }

  func link(_ dentry: Dentry, as name: String, in directory: Inode) -> Int32 {
    if directory.entries[name] != nil { return -EEXIST }
    if directory.isReadOnly { return -EACCES }
    if dentry.inode.kind == .directory { return -EPERM }
    if dentry.inode.fileSystem != directory.fileSystem { return -EXDEV }
    _ = add(dentry.inode, as: name, in: directory)
    return 0
  }

  func rename(_ name: String, in from: Inode, to newName: String, in into: Inode) -> Int32 {
    guard let dentry = from.entries[name] else { return -ENOENT }
    let inode = dentry.inode
    if inode === volume?.point { return -EPERM }
    if from.fileSystem != into.fileSystem { return -EXDEV }
    if into.isReadOnly { return -EACCES }
    if inode.fileSystem != from.fileSystem { return -EBUSY }
    if inode.kind == .directory, isWithin(into, inode) { return -EINVAL }
    let replaced = into.entries[newName]
    if let replaced {
      if replaced.inode === inode { return 0 }
      if inode.kind == .directory && replaced.inode.kind != .directory { return -ENOTDIR }
      if inode.kind != .directory && replaced.inode.kind == .directory { return -EISDIR }
      if !replaced.inode.entries.isEmpty { return -ENOTEMPTY }
      if replaced.inode.fileSystem != into.fileSystem { return -EBUSY }
      detach(replaced)
    }
    detach(dentry)
    attach(dentry, as: newName, in: into)
    record([(from, name, nil), (into, newName, inode)], removed: replaced?.inode)
    announceMove(inode, from, name, into, newName)
    if let replaced {
      announceEnd(of: replaced.inode)
      free(replaced.inode)
    }
    return 0
  }

  func exchange(_ name: String, in from: Inode, with other: String, in into: Inode) -> Int32 {
    guard let first = from.entries[name], let second = into.entries[other] else { return -ENOENT }
    if from.fileSystem != into.fileSystem { return -EXDEV }
    if first.inode === volume?.point || second.inode === volume?.point { return -EPERM }
    if first.inode.fileSystem != from.fileSystem || second.inode.fileSystem != into.fileSystem { return -EBUSY }
    for (moved, target) in [(first, into), (second, from)] {
      if moved.inode.kind == .directory && isWithin(target, moved.inode) { return -EINVAL }
    }
    if first === second { return 0 }
    detach(first)
    detach(second)
    attach(first, as: other, in: into)
    attach(second, as: name, in: from)
    record([(from, name, second.inode), (into, other, first.inode)])
    announceMove(first.inode, from, name, into, other)
    announceMove(second.inode, into, other, from, name)
    return 0
  }

  private func isWithin(_ directory: Inode, _ ancestor: Inode) -> Bool {
    if directory === ancestor { return true }
    return ancestor.entries.values.contains { $0.inode.kind == .directory && isWithin(directory, $0.inode) }
  }
}

// MARK: - Contents

extension SimFileSystem {
  /// `pwrite` and its like.
  func write(_ content: [UInt8], to inode: Inode, through dentry: Dentry?) {
    inode.content = content
    inode.modified = kept(now)
    inode.changed = now
    touch(inode)
    if let dentry { announce(dentry, IN_MODIFY) }
  }

  /// The opener counts as a writer at once, and the holders of leases are told; he goes on when they are gone.
  package func openForWriting(_ inode: Inode) {
    inode.writers += 1
    for lease in inode.leases { lease.isBroken = true }
  }

  func releaseLease(_ lease: Inode.Lease, on inode: Inode) {
    inode.leases.removeAll { $0 === lease }
    guard inode.leases.isEmpty else { return }
    let waiters = inode.waiters
    inode.waiters = []
    for waiter in waiters { waiter() }
  }

  func closeWriter(_ inode: Inode, _ dentry: Dentry?) {
    // None is left where the power went while it was open.
    inode.writers = max(0, inode.writers - 1)
    if let dentry { announce(dentry, IN_CLOSE_WRITE) }
    free(inode)
  }

  /// A store into a shared mapping: the first since the pages were clean sets the stamps, no event is raised.
  package func store(_ content: [UInt8], to inode: Inode) {
    inode.content = content
    touch(inode)
    // On tmpfs the page is writable since it was read.
    if inode.isMappedDirty || traits.isMemory { return }
    inode.modified = kept(now)
    inode.changed = now
    inode.isMappedDirty = true
    // The kernel writes the pages back, and the next store finds them clean.
    environment.executor.after(30_000_000_000) { inode.isMappedDirty = false }
  }
}

// MARK: - What lies there

extension SimFileSystem {
  /// Every leaf below the root, in tree order, Martlet's state aside.
  package func leaves() -> [(path: RelativePath, inode: Inode)] {
    leaves(below: root, at: .root)
  }

  func leaves(below directory: Inode, at place: RelativePath) -> [(path: RelativePath, inode: Inode)] {
    var found: [(path: RelativePath, inode: Inode)] = []
    collect(directory, at: place) { path, inode in if inode.kind != .directory { found.append((path, inode)) } }
    return found
  }

  package func directories() -> [RelativePath] {
    var found: [RelativePath] = []
    collect(root, at: .root) { path, inode in if inode.kind == .directory { found.append(path) } }
    return found
  }

  private func collect(_ directory: Inode, at place: RelativePath, _ visit: (RelativePath, Inode) -> Void) {
    for name in names(in: directory) where name != ReservedNames.state {
      let inode = directory.child(name)!
      let path = place.appending(name, isDirectory: inode.kind == .directory)
      visit(path, inode)
      if inode.kind == .directory { collect(inode, at: path, visit) }
    }
  }

  /// What lies in the trash of every mount.
  package var trash: [TrashSlot] {
    ([root, volume?.top].compactMap { $0 } + directories().compactMap { lookup($0) }.filter { $0 !== volume?.top })
      .flatMap { directory -> [TrashSlot] in
        guard let state = directory.child(ReservedNames.state) else { return [] }
        return names(in: state).compactMap { state.child($0)?.child("trash") }.flatMap { slots(in: $0) }
      }
  }

  private func slots(in folder: Inode) -> [TrashSlot] {
    names(in: folder).compactMap { name in
      guard !name.contains("."), let inode = folder.child(name) else { return nil }
      let record = ["pending", "expiring", "kept"].lazy.compactMap { folder.child("\(name).\($0)") }.first
      return TrashSlot(
        name: name, inode: inode, mayExpire: folder.entries["\(name).expiring"] != nil,
        isPending: folder.entries["\(name).pending"] != nil,
        // JSON: what was cut off or never reached the disk does not end like that.
        hasRecord: record?.content.last == UInt8(ascii: "}"))
    }
  }
}

/// A displaced entry of one node.
package struct TrashSlot {
  package var name: String
  package var inode: Inode
  /// Compared with its record, and known to be in the bucket: removed when its retention ends.
  package var mayExpire: Bool
  /// Not yet compared with its record.
  var isPending: Bool
  /// A readable one.
  var hasRecord: Bool
}
