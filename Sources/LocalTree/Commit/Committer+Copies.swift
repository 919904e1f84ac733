internal import CLinux
internal import Glibc
internal import SyncEngine
internal import SyncModel

extension Committer {
  /// Step 0 of a conflict: the losing local version gets a name of its own, the original stays.
  func copyAside(
    _ path: RelativePath, expecting expected: ExpectedLocal, to copy: RelativePath, reader: StableReader
  ) throws -> CopyOutcome {
    do {
      let leaf = try reader.open(path, expecting: expected.stamp)
      let (content, fingerprint) = try copyContent(of: leaf, reader)
      if expected.isProvisional, let known = expected.fingerprint, known != fingerprint { return .changed }
      let parentPath = copy.parent ?? .root
      let parent = try root.makeDirectories(parentPath)
      let incoming = try Incoming(
        content, at: .replacing(leaf), on: observer.mount(of: parent, at: parentPath), metadata: leaf.stamp.metadata,
        fingerprint: fingerprint, path: copy, ownership: observer.ownership,
        umask: root.kernel.umask)
      switch try link(incoming, at: copy, in: parent, parentPath) {
      case .installed(let stamp, _): return .copied(stamp, fingerprint)
      default: return try holds(copy, fingerprint, leaf.kind) ? .existed : .taken
      }
    } catch let failure as LocalFailure {
      switch failure.code {
      case .changed, .vanished: return .changed
      case .busy: return .busy
      default: throw failure
      }
    }
  }

  private func copyContent(of leaf: OpenLeaf, _ reader: StableReader) throws -> (InstallContent, Fingerprint) {
    if leaf.kind == .symlink {
      let target = try leaf.descriptor.linkTarget()
      return (.symlink(target: target), Fingerprint(of: target))
    }
    var staged: StagedContent?
    let held = try reader.hold(leaf, whileOpen: .rested(Self.rest)) { leaf, size in
      let file = try StagedContent(on: leaf.mount, for: leaf.path.string, size: 0)
      staged = file
      return try file.fill(from: leaf.descriptor, upTo: size)
    }
    guard let staged else { throw changed(leaf.path) }
    return (.staged(staged), held.result)
  }

  /// Of a file that somebody has open for writing, nanoseconds.
  private static let rest: Int64 = 1_000_000_000

  private func holds(_ path: RelativePath, _ fingerprint: Fingerprint, _ kind: EntryKind) throws -> Bool {
    do {
      let leaf = try OpenLeaf(path, in: observer)
      return try leaf.kind == kind && leaf.content() == fingerprint
    } catch is OpenLeaf.Absence { return false }
  }

  func keepInTrash(_ content: InstallContent, of path: RelativePath, fingerprint: Fingerprint) throws {
    let mount = try observer.mount(of: root.directory, at: .root)
    let incoming = try Incoming(
      content, at: .new(in: mount.staging.directory), on: mount, metadata: EntryMetadata(kind: .file),
      fingerprint: fingerprint, path: path, ownership: observer.ownership, umask: 0o077)
    do {
      try mount.trash.checkRoom(for: fingerprint.size, displacing: path.string)
      let version = SlotRecord.Version(
        kind: incoming.kind, inode: incoming.status.inode, modified: incoming.status.modified,
        mode: incoming.status.permissions, content: fingerprint)
      // Inside .git the trash is where the losers of conflicts are kept for good.
      let expires = !path.components.contains(".git")
      let record = SlotRecord(path: path, displaced: version, installed: nil, isInBucket: expires)
      let slot = try mount.trash.reserve(record, at: wallTime())
      try check(mount.staging.directory.rename(incoming.name, to: slot.name, in: mount.trash.directory))
      incoming.release()
      try mount.trash.directory.sync()
      mount.trash.noteFilled(fingerprint.size)
      try mount.trash.settle(slot, as: expires ? .expiring : .kept, bytes: fingerprint.size)
    } catch {
      incoming.discard()
      throw error
    }
  }
}
