package import SyncEngine
package import SyncModel

// MARK: - Changing

extension SimLocalTree {
  package func stage(for path: RelativePath, size: Int64) async throws -> any StagedFile {
    try await life.step()
    return SimStagedFile(size: Int(size))
  }

  package func install(
    _ content: InstallContent, at path: RelativePath, metadata: EntryMetadata, fingerprint: Fingerprint,
    replacing expected: ExpectedLocal?
  ) async throws -> InstallOutcome {
    try await life.step()
    try checkAccess(to: path)
    if life.oneIn(traits.fullDisk) {
      ledger.count("local disk full")
      throw LocalFailure(.noSpace, "no space for \(path)")
    }
    let bytes = content.bytes
    guard SimContent.fingerprint(bytes) == fingerprint else {
      throw LocalFailure(.inputOutput, "\(path) was staged with another content than announced")
    }
    if let outcome = obstacle(at: path) { return outcome }
    var held: (inode: Inode, content: [UInt8])?
    if let expected {
      guard let inode = disk.lookup(path) else { return .changed }
      do { try await waitForWriters(of: inode, at: path) } catch is LocalFailure { return .busy }
      guard matches(inode, expected) else { return .changed }
      held = (inode, inode.content)
    }
    try await life.step()
    if let outcome = obstacle(at: path) { return outcome }
    let found = disk.lookup(path)
    if let expected {
      guard let found, let held, isUntouched(found, since: held), matches(found, expected) else {
        ledger.count("local install lost a race")
        return .changed
      }
      disk.displace(path, as: recorded(expected), isInBucket: expected.isInBucket)
    } else if found != nil {
      ledger.count("local install found a name taken")
      return .changed
    }
    let inode = disk.newInode(metadata.kind, bytes, mode: found?.mode ?? 0o644)
    disk.set(metadata, on: inode)
    guard let parent = disk.directory(of: path, creatingParents: true) else { return .changed }
    disk.attach(inode, as: path.name, in: parent)
    ledger.wrote("install \(path)", node: life.node)
    announce(.changed(path))
    return .installed(inode.stamp(on: disk.mount), isProvisional: !traits.hasLeases)
  }

  package func remove(_ path: RelativePath, expecting expected: ExpectedLocal) async throws -> RemovalOutcome {
    try await life.step()
    try checkAccess(to: path)
    guard let inode = disk.lookup(path) else { return .absent }
    do { try await waitForWriters(of: inode, at: path) } catch is LocalFailure { return .busy }
    guard matches(inode, expected) else { return .changed }
    let held = (inode, inode.content)
    try await life.step()
    guard let found = disk.lookup(path) else { return .absent }
    guard isUntouched(found, since: held), matches(found, expected) else {
      ledger.count("local removal lost a race")
      return .changed
    }
    ledger.removedLocally(path, content: found.content, node: life.node)
    ledger.wrote("remove \(path)", node: life.node)
    disk.displace(path, as: recorded(expected), isInBucket: expected.isInBucket)
    announce(.removed(path))
    return .removed
  }

  package func copyAside(
    _ path: RelativePath, expecting expected: ExpectedLocal, to copy: RelativePath
  ) async throws -> CopyOutcome {
    try await life.step()
    try checkAccess(to: path)
    guard let inode = disk.lookup(path) else { return .changed }
    do { try await waitForWriters(of: inode, at: path) } catch is LocalFailure { return .busy }
    guard matches(inode, expected) else { return .changed }
    let bytes = inode.content
    try await life.step()
    guard isUntouched(inode, since: (inode, bytes)), matches(inode, expected) else { return .changed }
    if let found = disk.lookup(copy) { return found.content == bytes ? .existed : .taken }
    guard let parent = disk.directory(of: copy, creatingParents: true) else { return .taken }
    let kept = disk.newInode(inode.kind, bytes, mode: inode.mode)
    kept.modified = inode.modified
    disk.attach(kept, as: copy.name, in: parent)
    ledger.wrote("copy \(path) to \(copy)", node: life.node)
    announce(.changed(copy))
    return .copied(kept.stamp(on: disk.mount), SimContent.fingerprint(bytes))
  }

  package func keepInTrash(
    _ content: InstallContent, of path: RelativePath, fingerprint: Fingerprint
  ) async throws {
    try await life.step()
    disk.keep(disk.newInode(.file, content.bytes, mode: 0o600), of: path, isInBucket: false)
    ledger.count("local kept a remote version in the trash")
  }

  package func makeDirectory(_ path: RelativePath, metadata: EntryMetadata?) async throws -> LocalStamp {
    try await life.step()
    try checkAccess(to: path)
    if let inode = disk.lookup(path) {
      guard inode.kind == .directory else { throw changed(path) }
      return inode.stamp(on: disk.mount)
    }
    guard let parent = disk.directory(of: path, creatingParents: true) else { throw changed(path) }
    let inode = disk.newInode(.directory, [], mode: metadata?.mode ?? 0o755)
    disk.attach(inode, as: path.name, in: parent)
    ledger.wrote("mkdir \(path)", node: life.node)
    announce(.changed(path.asDirectory))
    return inode.stamp(on: disk.mount)
  }

  package func removeDirectory(_ path: RelativePath) async throws -> DirectoryRemovalOutcome {
    try await life.step()
    try checkAccess(to: path)
    guard let inode = disk.lookup(path) else { return .absent }
    guard inode.kind == .directory else { throw changed(path) }
    guard inode.children.isEmpty, let parent = disk.directory(of: path, creatingParents: false) else {
      return .notEmpty
    }
    disk.detach(path.name, from: parent)
    ledger.wrote("rmdir \(path)", node: life.node)
    announce(.removed(path.asDirectory))
    return .removed
  }

  package func applyMetadata(
    _ metadata: EntryMetadata, to path: RelativePath, expecting expected: LocalStamp
  ) async throws -> MetadataOutcome {
    try await life.step()
    try checkAccess(to: path)
    guard let inode = disk.lookup(path), inode.stamp(on: disk.mount) == expected else { return .changed }
    disk.set(metadata, on: inode)
    ledger.wrote("metadata of \(path)", node: life.node)
    announce(.changed(path))
    return .applied(inode.stamp(on: disk.mount))
  }

  private func obstacle(at path: RelativePath) -> InstallOutcome? {
    if let leaf = disk.obstruction(above: path) { return .obstructed(by: leaf) }
    if let inode = disk.lookup(path), inode.kind == .directory { return .obstructed(by: path.asDirectory) }
    return nil
  }

  /// The content that the slot's record names.
  private func recorded(_ expected: ExpectedLocal) -> Fingerprint? {
    sabotage == .localIgnoresStamps ? nil : expected.fingerprint
  }

  /// What the lease and the stamp after the exchange tell: nobody wrote since the first look.
  private func isUntouched(_ found: Inode, since held: (inode: Inode, content: [UInt8])) -> Bool {
    if sabotage == .localIgnoresStamps { return true }
    return found === held.inode && found.writers == 0 && found.content == held.content
  }

  /// Stamps, and where they prove nothing the content.
  private func matches(_ inode: Inode, _ expected: ExpectedLocal) -> Bool {
    if sabotage == .localIgnoresStamps { return inode.kind != .directory }
    guard inode.stamp(on: disk.mount) == expected.stamp, inode.kind != .directory else { return false }
    guard expected.isProvisional || !traits.hasLeases, let fingerprint = expected.fingerprint else { return true }
    return SimContent.fingerprint(inode.content) == fingerprint
  }
}

extension InstallContent {
  var bytes: [UInt8] {
    switch self {
    case .bytes(let bytes): bytes
    case .symlink(let target): target
    case .staged(let file): (file as? SimStagedFile)?.bytes ?? []
    }
  }
}

/// `@unchecked Sendable`: used only on the world's thread.
final class SimStagedFile: StagedFile, @unchecked Sendable {
  private(set) var bytes: [UInt8]

  init(size: Int) { bytes = Array(repeating: 0, count: size) }

  func write(_ new: UnsafeRawBufferPointer, at offset: Int64) throws {
    bytes.replaceSubrange(Int(offset)..<Int(offset) + new.count, with: new)
  }

  func discard() async {}
}
