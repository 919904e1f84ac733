internal import CLinux
internal import Glibc
internal import SyncEngine
internal import SyncModel

/// Removes slots whose retention has ended, or the oldest ones while the trash exceeds its quota.
struct Retention: Sendable {
  let keeper: ConflictKeeper
  let displaced: DisplacedWatch
  private static let batch = 1_000

  func enforce(on mount: Mount, now: Timestamp) throws {
    let trash = mount.trash
    let limit = try trash.quota.bytes(for: trash.directory)
    // Somebody who had found the file under its name before it was displaced may have written to it afterwards: what
    // never expires is never removed, so this is when it is compared.
    for slot in try trash.changedSinceKept(limit: Self.batch) { try displaced.lookAgain(slot, on: mount) }
    let expiry = now.advanced(by: .zero - trash.quota.retention)
    while true {
      var removed = 0
      for (slot, state) in try trash.oldest([.expiring], limit: Self.batch) {
        guard slot.time < expiry || trash.contents.bytes > limit else { return }
        if try remove(slot, state, on: mount) { removed += 1 }
      }
      if removed == 0 { return }
    }
  }

  /// Step 11: compared once more, under a lease; different becomes a conflict copy. False: it stays for now.
  func remove(_ slot: Slot, _ state: Slot.State, on mount: Mount) throws -> Bool {
    guard let record = try SlotRecord.read(slot.recordName(state), in: mount.trash.directory),
      let look = try SlotLook(slot, on: mount)
    else {
      try mount.trash.drop(slot, state, bytes: 0, unlinking: false)
      return true
    }
    defer { look.lease.release() }
    if look.lease.state == .refused { return false }
    if try look.verdict(record) == .other {
      try keeper.keep(slot, state, look, record, on: mount)
      return true
    }
    guard look.lease.isUnbroken else { return false }
    try mount.trash.drop(slot, state, bytes: record.displaced.size, unlinking: true)
    return true
  }
}
