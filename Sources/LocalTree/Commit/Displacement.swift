internal import CLinux
internal import Glibc
internal import SyncEngine
internal import SyncModel

/// Takes the expected version of a target into a slot: steps 2, 3, 4, 6 and 12 of the protocol.
struct Displacement {
  let committer: Committer
  let target: OpenLeaf
  let expected: ExpectedLocal
  /// What will take the target's place; nil for a deletion.
  let incoming: Incoming?

  enum Outcome {
    /// The slot, as it looked when it was verified.
    case displaced(FileStatus)
    case absent
    case changed
    case busy
  }

  /// D, still at its name, recorded and verified.
  struct Verified {
    let slot: Slot
    let record: SlotRecord
    let lease: Lease
  }

  enum Verification {
    case verified(Verified)
    case changed
    case busy
  }

  var trash: Trash { target.mount.trash }

  /// Writes the record, takes the lease, and looks at D once more. The record comes first, since making it
  /// durable takes long for somebody who waits for the lease.
  func verify() throws -> Verification {
    let content = try expected.fingerprint ?? target.content()
    let record = SlotRecord(
      path: target.path,
      displaced: SlotRecord.Version(
        kind: target.kind, inode: target.status.inode, modified: target.status.modified,
        mode: target.status.permissions, content: content),
      installed: incoming.map {
        SlotRecord.Version(
          kind: $0.kind, inode: $0.status.inode, modified: $0.status.modified, mode: $0.status.permissions,
          content: $0.fingerprint)
      },
      isInBucket: expected.isInBucket)
    let slot = try trash.reserve(record, at: committer.wallTime())
    try committer.pass(.recorded, incoming)
    let lease = target.takeLease(patience: Committer.patience)
    do {
      let verdict = try check(lease, content)
      if case .verified = verdict {
        try committer.pass(.verified, incoming)
        return .verified(Verified(slot: slot, record: record, lease: lease))
      }
      lease.release()
      trash.cancel(slot)
      return verdict == .busy ? .busy : .changed
    } catch let error as SystemError {
      lease.release()
      trash.cancel(slot)
      throw error
    }
  }

  private enum Check { case verified, changed, busy }

  private func check(_ lease: Lease, _ content: Fingerprint) throws -> Check {
    if lease.state == .refused { return .busy }
    guard try target.currentStamp() == expected.stamp else { return .changed }
    let isProven =
      !expected.isProvisional
      && (target.kind == .symlink || lease.state == .held && target.mount.capabilities.hasTrustworthyStamps)
    return try isProven || target.content() == content ? .verified : .changed
  }

  /// Step 6: what lies in the slot is D, and nobody began to write to it. The order of the looks matters.
  func isExpected(_ slotStatus: FileStatus, _ lease: Lease) -> Bool {
    slotStatus.isSameEntry(as: target.status) && slotStatus.hasSameData(as: target.status) && lease.isUnbroken
  }

  /// Step 12: the target's name is absent afterwards, D in its slot. Nothing is ever put back.
  func moveAway() throws -> Outcome {
    let verified: Verified
    switch try verify() {
    case .verified(let value): verified = value
    case .changed: return .changed
    case .busy: return .busy
    }
    defer { verified.lease.release() }
    let slot = verified.slot
    // The slot's name is new and its folder private, so this cannot replace anything.
    let result = target.parent.rename(target.name, to: slot.name, in: trash.directory)
    if result < 0 {
      trash.cancel(slot)
      if result == -ENOENT { return .absent }
      throw SystemError(-result)
    }
    try committer.pass(.displaced, incoming)
    let status = try trash.directory.status(of: slot.name)
    let isGood = isExpected(status, verified.lease)
    verified.lease.release()
    committer.displaced.add(slot, verified.record, on: target.mount, after: isGood ? status : nil)
    guard isGood else {
      try committer.pass(.refused, incoming)
      committer.displaced.check(slot)
      return .changed
    }
    return .displaced(status)
  }
}
