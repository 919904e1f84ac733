internal import CLinux
internal import Glibc
internal import SyncEngine
internal import SyncModel

/// Replaces exactly the expected version D of a target by N: exchange, then verify, then keep or exchange back.
struct Replacement {
  let committer: Committer
  let incoming: Incoming
  let target: OpenLeaf
  let expected: ExpectedLocal

  /// After so many exchanges back against somebody who replaces the target again and again, what is then in the
  /// slot becomes a conflict copy.
  static let maximumRounds = 8

  private var displacement: Displacement {
    Displacement(committer: committer, target: target, expected: expected, incoming: incoming)
  }

  private var trash: Trash { target.mount.trash }

  /// Step 12, where the mount has no exchange.
  func moveAndLink() throws -> InstallOutcome {
    switch try displacement.moveAway() {
    case .displaced(let status):
      try carryOver(from: status)
      return try committer.link(incoming, at: target.path, in: target.parent, target.path.parent ?? .root)
    case .absent, .changed:
      incoming.discard()
      return .changed
    case .busy:
      incoming.discard()
      return .busy
    }
  }

  /// Steps 2 to 9.
  func exchange() throws -> InstallOutcome {
    let verified: Displacement.Verified
    switch try displacement.verify() {
    case .verified(let value): verified = value
    case .changed:
      incoming.discard()
      return .changed
    case .busy:
      incoming.discard()
      return .busy
    }
    defer { verified.lease.release() }
    let slot = verified.slot
    do {
      try target.mount.moveWithoutReplacing(
        incoming.name, in: target.mount.staging.directory, to: slot.name, in: trash.directory)
    } catch let error as SystemError {
      trash.cancel(slot)
      throw error
    }
    incoming.release()
    try committer.pass(.inSlot)
    let lease = Lease(on: incoming.descriptor, isPossible: incoming.kind == .file && target.mount.capabilities.canLease)
    defer { lease.release() }

    let result = trash.directory.rename(slot.name, to: target.name, in: target.parent, .exchange)
    if result < 0 {
      // N was never visible.
      try trash.directory.unlink(slot.name)
      trash.cancel(slot)
      if result == -ENOENT { return .changed }
      throw SystemError(-result)
    }
    try committer.pass(.displaced)
    do { return try settle(verified, lease) } catch let error as SystemError {
      committer.displaced.add(slot, verified.record, on: target.mount, after: nil)
      throw error
    }
  }

  /// Steps 6 to 9, after the exchange.
  private func settle(_ verified: Displacement.Verified, _ lease: Lease) throws -> InstallOutcome {
    let slot = verified.slot
    let status = try trash.directory.status(of: slot.name)
    if displacement.isExpected(status, verified.lease) {
      try carryOver(from: status)
      verified.lease.release()
      committer.displaced.add(slot, verified.record, on: target.mount, after: status)
      return try incoming.outcome(lease)
    }
    try committer.pass(.refused)
    try exchangeBack(slot, first: status)
    lease.release()
    verified.lease.release()
    committer.displaced.add(slot, verified.record, on: target.mount, after: nil)
    committer.displaced.check(slot)
    return .changed
  }

  /// Somebody changed only D's mode or owner since it was verified: N gets them.
  private func carryOver(from displaced: FileStatus) throws {
    guard incoming.kind == .file, !displaced.hasSameOwnership(as: target.status) else { return }
    if displaced.uid != target.status.uid || displaced.gid != target.status.gid {
      try KeptAttributes.giveOwner(displaced.uid, displaced.gid, to: incoming.descriptor)
    }
    if displaced.permissions != target.status.permissions {
      try incoming.descriptor.setMode(displaced.permissions)
    }
  }

  /// Step 8: puts the newest version at the target, and ends when the slot holds exactly what we had put there.
  private func exchangeBack(_ slot: Slot, first: FileStatus) throws {
    // Descriptors pin the inodes that are compared.
    var placed = try trash.directory.open(slot.name, clinux_flag_path())
    var atTarget = incoming.descriptor
    for _ in 0...Self.maximumRounds {
      let result = trash.directory.rename(slot.name, to: target.name, in: target.parent, .exchange)
      // Absent: never put anything back there; the slot's content becomes a conflict copy.
      if result < 0 { return }
      try committer.pass(.exchangedBack)
      let back = try trash.directory.status(of: slot.name)
      if back.isSameEntry(as: try atTarget.status()) { return }
      atTarget = placed
      placed = try trash.directory.open(slot.name, clinux_flag_path())
    }
  }
}
