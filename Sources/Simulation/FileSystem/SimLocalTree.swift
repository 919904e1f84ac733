package import SyncEngine
package import SyncModel

/// What kind of system a node runs on.
package struct LocalTraits: Sendable {
  /// Read leases are to be had; without them every row is provisional and contents are compared.
  package var hasLeases = true
  /// Changes announce themselves.
  package var hasWatcher = true
  /// One event in so many is lost, as for a mapped write; 0: none.
  package var lostEvents = 0
  /// One install in so many finds the disk full; 0: none.
  package var fullDisk = 0
  /// Modification times are kept in steps of so many nanoseconds.
  package var timeStep: Int64 = 1
  /// The mode of every file, where the file system knows none.
  package var fixedMode: UInt32?

  package init() {}
}

/// The local port over a simulated disk, with the outcomes of the protocol of design §5: other programs act
/// between the first look and the exchange, and what the exchange finds decides.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class SimLocalTree: LocalTreePort, @unchecked Sendable {
  package let disk: SimFileSystem
  package let traits: LocalTraits
  let life: NodeLife
  let ledger: any EffectLedger
  var sabotage: Sabotage?
  private var sink: (any HintSink)?

  package init(disk: SimFileSystem, life: NodeLife, traits: LocalTraits, ledger: any EffectLedger) {
    self.disk = disk
    self.life = life
    self.traits = traits
    self.ledger = ledger
  }

  package var watchState: WatchState {
    get async { traits.hasWatcher ? .live : .scanning(reason: "simulated without a watcher") }
  }

  package func checkRoot() async throws -> MountID {
    try await life.step()
    // The recovery of a run that only looks once.
    if sink == nil { keepLateWrites() }
    return disk.mount
  }

  package func sync(_ directories: Set<RelativePath>) async throws { try await life.step() }

  package func run(_ sink: any HintSink) async throws {
    self.sink = sink
    let life = life
    if traits.hasWatcher { disk.watcher = { [weak self] event in self?.announce(event) } }
    while !Task.isCancelled {
      try await life.executor.sleep(1_000_000_000)
      try life.check()
      keepLateWrites()
    }
  }

  /// The watch on displaced files, and the comparison before a slot is removed.
  private func keepLateWrites() {
    if sabotage == .displacedFilesForgotten { return }
    for slot in disk.lateWrites() {
      let hash = String(slot.fingerprint.crc64, radix: 16)
      let name = slot.path.name + " (conflict \(life.node) late \(hash))"
      var path = (slot.path.parent ?? .root).appending(name)
      if disk.obstruction(above: path) != nil { path = RelativePath.root.appending(name) }
      guard let parent = disk.directory(of: path, creatingParents: true), parent.children[path.name] == nil else {
        continue
      }
      disk.attach(disk.newInode(slot.inode.kind, slot.inode.content, mode: slot.inode.mode), as: path.name, in: parent)
      ledger.count("local late writer kept")
      sink?.hint(.path(path))
    }
  }

  func announce(_ event: SimFileSystem.Event) {
    guard life.isAlive, !life.oneIn(traits.lostEvents) else { return }
    let delay = Int64(life.below(life.oneIn(20) ? 1_000_000_000 : 30_000_000))
    life.executor.after(delay) { [weak self] in
      guard let self, self.life.isAlive, let sink = self.sink else { return }
      switch event {
      case .changed(let path): sink.hint(path.isDirectory && self.life.oneIn(2) ? .subtree(path) : .path(path))
      case .removed(let path): sink.hint(.vanished(path))
      case .moved(let source, let target):
        if self.life.oneIn(3) {
          sink.hint(.vanished(source))
          sink.hint(target.isDirectory ? .subtree(target) : .path(target))
        } else {
          sink.hint(.renamed(from: source, to: target))
        }
      }
    }
  }
}

// MARK: - Looking

extension SimLocalTree {
  package func observe(_ path: RelativePath) async throws -> LocalObservation {
    try await life.step()
    try checkAccess(to: path)
    if let leaf = disk.obstruction(above: path) { return .below(leaf: leaf) }
    guard let inode = disk.lookup(path) else { return .absent(mount: disk.mount) }
    return .present(inode.stamp(on: disk.mount))
  }

  package func walk(_ directory: RelativePath) -> any LocalWalk {
    SimLocalWalk(disk: disk, life: life, directory: directory)
  }

  package func hasEntries(
    _ directory: RelativePath, where isIncluded: @Sendable (RelativePath) -> Bool
  ) async throws -> Bool {
    try await life.step()
    try checkAccess(to: directory.appending("entry"))
    guard let inode = disk.lookup(directory), inode.kind == .directory else { return false }
    return disk.names(in: inode).contains { name in
      let isDirectory = inode.children[name]!.kind == .directory
      let path = directory.appending(name, isDirectory: isDirectory)
      return ReservedNames.match(in: path) == nil && isIncluded(path)
    }
  }

  package func read(
    _ path: RelativePath, expecting expected: LocalStamp, whileOpen open: OpenVersion
  ) async throws -> SmallContent {
    let snapshot = try await openSnapshot(path, expecting: expected, whileOpen: open)
    let bytes = try await snapshot.read(at: 0, count: Int(snapshot.size))
    guard case .stable(let isProvisional) = try await snapshot.verify() else { throw changed(path) }
    return SmallContent(
      bytes: bytes, fingerprint: SimContent.fingerprint(bytes), stamp: snapshot.stamp, isProvisional: isProvisional,
      isOfOpenFile: snapshot.isOfOpenFile)
  }

  package func fingerprint(
    _ path: RelativePath, expecting expected: LocalStamp, whileOpen open: OpenVersion
  ) async throws -> ContentCheck {
    let content = try await read(path, expecting: expected, whileOpen: open)
    return ContentCheck(
      fingerprint: content.fingerprint, stamp: content.stamp, isProvisional: content.isProvisional)
  }

  package func isOpenForWriting(_ path: RelativePath) async throws -> Bool {
    try await life.step()
    try checkAccess(to: path)
    return disk.lookup(path).map { $0.writers > 0 } ?? false
  }

  package func openSnapshot(
    _ path: RelativePath, expecting expected: LocalStamp, whileOpen open: OpenVersion
  ) async throws -> any LocalSnapshot {
    try await life.step()
    try checkAccess(to: path)
    guard let inode = disk.lookup(path) else { throw changed(path) }
    if inode.writers > 0 { return try await copy(inode, at: path, open) }
    // Any later write gets a later stamp once the tick is over; a stamp of the future is from a clock set back.
    while (0..<SimFileSystem.tick).contains(disk.now.nanoseconds - inode.changed.nanoseconds) {
      await life.executor.pause(SimFileSystem.tick)
      try life.check()
    }
    guard inode.stamp(on: disk.mount) == expected, inode.kind != .directory else { throw changed(path) }
    return SimSnapshot(inode: inode, stamp: expected, tree: self, path: path)
  }

  /// A version of a file that somebody has open for writing, read twice.
  private func copy(_ inode: Inode, at path: RelativePath, _ open: OpenVersion) async throws -> any LocalSnapshot {
    let stamp = inode.stamp(on: disk.mount)
    if case .rested(let rest) = open, disk.now.nanoseconds - stamp.changed.nanoseconds < rest {
      try await waitForWriters(of: inode, at: path)
      throw changed(path)
    }
    let snapshot = SimSnapshot(inode: inode, stamp: stamp, tree: self, path: path)
    var bytes: [UInt8] = []
    for round in 0..<2 {
      var read: [UInt8] = []
      while read.count < snapshot.size {
        read += try await snapshot.read(at: Int64(read.count), count: min(16, Int(snapshot.size) - read.count))
      }
      if round > 0, read != bytes { throw LocalFailure(.busy, "\(path) is being written") }
      bytes = read
    }
    let hasGrown = open == .steady && inode.content.count > bytes.count
    guard hasGrown || inode.stamp(on: disk.mount) == stamp else {
      ledger.count("local busy")
      throw LocalFailure(.busy, "\(path) is being written")
    }
    ledger.count("local snapshot of an open file")
    return SimCopy(bytes: bytes, stamp: stamp)
  }

  func waitForWriters(of inode: Inode, at path: RelativePath) async throws {
    for _ in 0..<4 where inode.writers > 0 {
      await life.executor.pause(100_000_000)
      try life.check()
    }
    if inode.writers > 0 {
      ledger.count("local busy")
      throw LocalFailure(.busy, "\(path) is open for writing")
    }
  }

  func checkAccess(to path: RelativePath) throws {
    guard let directory = disk.closedDirectory(above: path) else { return }
    ledger.count("local permission")
    throw LocalFailure(.permission, "\(directory) may not be searched")
  }

  func changed(_ path: RelativePath) -> LocalFailure {
    ledger.count("local changed")
    return LocalFailure(.changed, "\(path) is not the version that was expected")
  }
}

/// `@unchecked Sendable`: used only on the world's thread.
final class SimSnapshot: LocalSnapshot, @unchecked Sendable {
  let inode: Inode
  let stamp: LocalStamp
  let tree: SimLocalTree
  let path: RelativePath

  init(inode: Inode, stamp: LocalStamp, tree: SimLocalTree, path: RelativePath) {
    self.inode = inode
    self.stamp = stamp
    self.tree = tree
    self.path = path
  }

  var size: Int64 { stamp.size }
  var isOfOpenFile: Bool { false }

  func read(at offset: Int64, count: Int) async throws -> [UInt8] {
    try await tree.life.step()
    guard Int(offset) + count <= inode.content.count else { throw tree.changed(path) }
    return Array(inode.content[Int(offset)..<Int(offset) + count])
  }

  func verify() async throws -> SnapshotVerdict {
    try await tree.life.step()
    guard inode.writers == 0, inode.stamp(on: tree.disk.mount) == stamp else { return .changed }
    return .stable(isProvisional: !tree.traits.hasLeases)
  }

  func close() async {}
}

/// A private copy of a file that somebody has open for writing.
struct SimCopy: LocalSnapshot {
  let bytes: [UInt8]
  let stamp: LocalStamp
  var size: Int64 { stamp.size }
  var isOfOpenFile: Bool { true }

  func read(at offset: Int64, count: Int) async throws -> [UInt8] { Array(bytes[Int(offset)..<Int(offset) + count]) }
  func verify() async throws -> SnapshotVerdict { .stable(isProvisional: true) }
  func close() async {}
}
