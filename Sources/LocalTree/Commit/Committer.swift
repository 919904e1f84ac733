internal import CLinux
internal import Glibc
internal import SyncEngine
internal import SyncModel

/// Changes single names of the tree by the protocol of docs/architecture.md: nothing is replaced or
/// removed that is not the expected version, though other programs act on it at the same moment.
struct Committer: Sendable {
  let root: Root
  let observer: Observer
  let displaced: DisplacedWatch
  let wallTime: @Sendable () -> Timestamp
  let hook: CommitHook?

  /// Microseconds for which a writer of the target is waited for.
  static let patience: UInt32 = 20_000

  /// Stops as a crash would where a test says so.
  func pass(_ step: CommitStep, _ incoming: Incoming? = nil) throws {
    do { try hook?(step) } catch {
      incoming?.release()
      throw error
    }
  }

  func install(
    _ content: InstallContent, at path: RelativePath, metadata: EntryMetadata, fingerprint: Fingerprint,
    replacing expected: ExpectedLocal?
  ) throws -> InstallOutcome {
    guard let expected else { return try create(content, at: path, metadata, fingerprint) }
    let target: OpenLeaf
    do { target = try OpenLeaf(path, in: observer) } catch OpenLeaf.Absence.absent {
      return .changed
    } catch OpenLeaf.Absence.obstructed(let by) { return .obstructed(by: by) }
    guard target.stamp == expected.stamp else { return .changed }
    try requireNames(on: target.mount, for: path)
    try target.mount.trash.checkRoom(for: target.status.size, displacing: path.string)
    let incoming = try Incoming(
      content, at: .replacing(target), on: target.mount, metadata: metadata, fingerprint: fingerprint, path: path,
      ownership: observer.ownership, umask: root.kernel.umask)
    try pass(.staged, incoming)
    do {
      let replacement = Replacement(committer: self, incoming: incoming, target: target, expected: expected)
      return target.mount.capabilities.canExchange ? try replacement.exchange() : try replacement.moveAndLink()
    } catch let error as SystemError {
      incoming.discard()
      throw error
    }
  }

  func remove(_ path: RelativePath, expecting expected: ExpectedLocal) throws -> RemovalOutcome {
    let target: OpenLeaf
    do { target = try OpenLeaf(path, in: observer) } catch OpenLeaf.Absence.absent {
      return .absent
    } catch OpenLeaf.Absence.obstructed { return .changed }
    guard target.stamp == expected.stamp else { return .changed }
    try target.mount.trash.checkRoom(for: target.status.size, displacing: path.string)
    switch try Displacement(committer: self, target: target, expected: expected, incoming: nil).moveAway() {
    case .displaced: return .removed
    case .absent: return .absent
    case .changed: return .changed
    case .busy: return .busy
    }
  }

  private func create(
    _ content: InstallContent, at path: RelativePath, _ metadata: EntryMetadata, _ fingerprint: Fingerprint
  ) throws -> InstallOutcome {
    let parentPath = path.parent ?? .root
    let parent: Descriptor
    do { parent = try root.makeDirectories(parentPath) } catch let error as SystemError
      where error.code == ENOTDIR || error.code == ELOOP
    {
      return root.leafAncestor(of: path).map { .obstructed(by: $0) } ?? .changed
    }
    let mount = try observer.mount(of: parent, at: parentPath)
    try requireNames(on: mount, for: path)
    if let existing = try parent.statusIfPresent(of: path.name) {
      return try collision(with: existing, at: path, in: parentPath, on: mount)
    }
    let incoming = try Incoming(
      content, at: .new(in: parent), on: mount, metadata: metadata, fingerprint: fingerprint, path: path,
      ownership: observer.ownership, umask: root.kernel.umask)
    try pass(.staged, incoming)
    return try link(incoming, at: path, in: parent, parentPath)
  }

  /// Before anything is displaced: what leaves its name could not be followed by anything.
  private func requireNames(on mount: Mount, for path: RelativePath) throws {
    guard !mount.capabilities.canTakeNames else { return }
    throw LocalFailure(
      .notReplaceable,
      "\(path): its file system has neither hard links nor renames that replace nothing, so no file can be put in "
        + "place there without the risk of replacing another; use --only-up, or another file system")
  }

  /// Puts N at an absent name; N is gone from `tmp/` afterwards in any case.
  func link(_ incoming: Incoming, at path: RelativePath, in parent: Descriptor, _ parentPath: RelativePath) throws
    -> InstallOutcome
  {
    let mount = incoming.mount
    let lease = Lease(on: incoming.descriptor, isPossible: incoming.kind == .file && mount.capabilities.canLease)
    defer { lease.release() }
    do {
      try mount.moveWithoutReplacing(incoming.name, in: mount.staging.directory, to: path.name, in: parent)
    } catch let error as SystemError {
      incoming.discard()
      guard error.code == EEXIST else { throw error }
      guard let existing = try parent.statusIfPresent(of: path.name) else { return .changed }
      return try collision(with: existing, at: path, in: parentPath, on: mount)
    }
    incoming.release()
    try pass(.linked)
    return try incoming.outcome(lease)
  }

  private func collision(
    with existing: FileStatus, at path: RelativePath, in parentPath: RelativePath, on mount: Mount
  ) throws -> InstallOutcome {
    if mount.capabilities.foldsCase {
      let names = try root.open(parentPath, O_RDONLY).names()
      let same = names.first { $0.lowercased() == path.name.lowercased() }
      if let same, !same.utf8.elementsEqual(path.name.utf8) {
        throw LocalFailure(
          .nameNotPossible,
          "\(path): the file system takes its name for that of “\(same)”, which differs only in case; rename one of them"
        )
      }
    }
    return existing.kind == .directory ? .obstructed(by: path.asLeaf) : .changed
  }
}

extension Incoming {
  /// The stamp of N at its name. Where somebody may have edited N since it was seen there, it is that of N as
  /// staged, so that the edit shows as a change later.
  func outcome(_ lease: Lease) throws -> InstallOutcome {
    let now = try descriptor.status()
    let isUnbroken = lease.isUnbroken
    let isSame = now.hasSameData(as: status) && now.hasSameOwnership(as: status)
    let stamp = (isSame && isUnbroken ? now : status).stamp(on: mount.id, ownership)!
    let isCertain =
      kind == .symlink
      || lease.state == .held && mount.capabilities.hasTrustworthyStamps
        && !descriptor.kernel.isWithinTick(now.modified)
    return .installed(stamp, isProvisional: !(isSame && isUnbroken && isCertain))
  }
}
