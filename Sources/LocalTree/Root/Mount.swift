internal import CLinux
internal import Glibc
internal import SyncModel

/// A mounted file system below the root, with our state folder on it.
final class Mount: Sendable {
  let id: MountID
  /// As `statx` numbers it until it is unmounted.
  let kernelID: UInt64
  let capabilities: MountCapabilities
  /// `.martlet/<remote id>` on this mount.
  let state: Descriptor
  private let lock: InstanceLock
  let staging: Staging
  let trash: Trash

  init(
    id: MountID, kernelID: UInt64, state: Descriptor, lock: InstanceLock, limits: MountCapabilities?,
    quota: TrashQuota, isDurable: Bool
  ) throws {
    self.id = id
    self.kernelID = kernelID
    self.state = state
    self.lock = lock
    let temporary = try Self.makeDirectory("tmp", in: state)
    // Nobody else stages here: the instance lock is held. What is left is from a run that was cut off.
    try Staging.removeLeftovers(in: temporary)
    let probed = try MountCapabilities.probe(in: temporary)
    capabilities = limits.map { probed.limited(to: $0) } ?? probed
    staging = Staging(directory: temporary)
    trash = try Trash(directory: Self.makeDirectory("trash", in: state), quota: quota, isDurable: isDurable)
  }

  /// Opens a private folder, made where it is missing.
  static func makeDirectory(_ name: String, in parent: Descriptor) throws -> Descriptor {
    try parent.makeDirectory(name, mode: 0o700)
    return try parent.open(name, O_RDONLY | O_DIRECTORY)
  }

  /// Moves to a name that nothing has yet, as atomically as the file system can; fails with `EEXIST` where it is
  /// taken.
  func moveWithoutReplacing(
    _ from: String, in fromDirectory: Descriptor, to: String, in toDirectory: Descriptor, isDirectory: Bool = false
  ) throws {
    if capabilities.canRenameWithoutReplacing {
      try check(fromDirectory.rename(from, to: to, in: toDirectory, .withoutReplacing))
    } else if isDirectory {
      try moveDirectory(from, in: fromDirectory, to: to, in: toDirectory)
    } else {
      try check(fromDirectory.kernel.link(fromDirectory.raw, from, toDirectory.raw, to))
      try fromDirectory.unlink(from)
    }
  }

  /// A directory has no hard links: it takes the place of an empty one, made here.
  private func moveDirectory(
    _ from: String, in fromDirectory: Descriptor, to: String, in toDirectory: Descriptor
  ) throws {
    guard try toDirectory.makeDirectory(to, mode: 0o700) else { throw SystemError(EEXIST) }
    let result = fromDirectory.rename(from, to: to, in: toDirectory)
    if result == 0 { return }
    _ = toDirectory.kernel.removeDirectory(toDirectory.raw, to)
    // Somebody was quicker to put something into it, or in its place.
    throw SystemError([-ENOTEMPTY, -ENOTDIR].contains(result) ? EEXIST : -result)
  }
}
