internal import CLinux
internal import Glibc
internal import NIOConcurrencyHelpers
internal import SyncEngine
internal import SyncModel

/// The folder `trash/` of a mount: slots with their records, and their sum.
final class Trash: Sendable {
  struct Totals: Sendable {
    var bytes: Int64 = 0
    /// Of `bytes`, what never reached the bucket.
    var keptBytes: Int64 = 0
  }

  let directory: Descriptor
  let quota: TrashQuota
  /// False only where a test does not want to wait for the disk.
  let isDurable: Bool
  private let totals: NIOLockedValueBox<Totals>
  private let leftOver: NIOLockedValueBox<[Slot]>

  init(directory: Descriptor, quota: TrashQuota, isDurable: Bool) throws {
    self.isDurable = isDurable
    self.directory = directory
    self.quota = quota
    var totals = Totals()
    var pending: [Slot] = []
    try directory.forEachName { bytes, _ in
      let name = String(decoding: bytes, as: UTF8.self)
      guard let (slot, state) = Slot.parse(record: name) else { return true }
      guard let status = try directory.statusIfPresent(of: slot.name) else {
        // Written, but the slot was never filled, or its content left it.
        try directory.unlink(name)
        return true
      }
      if state == .pending { pending.append(slot) }
      let size = status.kind == .file ? status.size : 0
      totals.bytes += size
      if state == .kept { totals.keptBytes += size }
      return true
    }
    self.totals = NIOLockedValueBox(totals)
    leftOver = NIOLockedValueBox(pending.sorted())
  }

  /// Slots that an earlier run did not come to compare, once: they are told from those of this run only at the start.
  func takeLeftOver() -> [Slot] {
    leftOver.withLockedValue { slots in
      defer { slots = [] }
      return slots
    }
  }

  var contents: Totals { totals.withLockedValue { $0 } }

  /// Fails where `bytes` more would exceed the quota though everything that may expire had expired.
  func checkRoom(for bytes: Int64, displacing path: String) throws {
    let limit = try quota.bytes(for: directory)
    let kept = contents.keptBytes
    guard kept + bytes > limit else { return }
    throw LocalFailure(
      .noSpace,
      "\(path): replacing or deleting it would exceed the trash's quota of \(limit) bytes, of which \(kept) never "
        + "reached the bucket and do not expire; free space by moving them out of .martlet, or raise the quota")
  }

  /// Step 4: the record is durable when this returns.
  func reserve(_ record: SlotRecord, at time: Timestamp) throws -> Slot {
    let slot = Slot(at: time, random: directory.kernel.random())
    try record.write(slot.recordName(.pending), in: directory, isDurable: isDurable)
    if isDurable { try directory.sync() }
    return slot
  }

  /// The slot was never filled.
  func cancel(_ slot: Slot) { try? directory.unlink(slot.recordName(.pending)) }

  func noteFilled(_ bytes: Int64) { totals.withLockedValue { $0.bytes += bytes } }

  /// The content is what the record says.
  func settle(_ slot: Slot, as state: Slot.State, bytes: Int64) throws {
    try check(directory.rename(slot.recordName(.pending), to: slot.recordName(state), in: directory))
    if state == .kept { totals.withLockedValue { $0.keptBytes += bytes } }
  }

  /// It is to be compared once more.
  func reopen(_ slot: Slot, _ state: Slot.State, bytes: Int64) throws {
    try check(directory.rename(slot.recordName(state), to: slot.recordName(.pending), in: directory))
    if state == .kept { totals.withLockedValue { $0.keptBytes -= bytes } }
  }

  /// A content that was counted already does not expire.
  func noteKept(_ bytes: Int64) { totals.withLockedValue { $0.keptBytes += bytes } }

  /// The content left the slot, or is removed with it.
  func drop(_ slot: Slot, _ state: Slot.State, bytes: Int64, unlinking: Bool) throws {
    if unlinking { try directory.unlink(slot.name) }
    try directory.unlink(slot.recordName(state))
    totals.withLockedValue {
      $0.bytes -= bytes
      if state == .kept { $0.keptBytes -= bytes }
    }
  }

  /// Up to `limit` slots that do not expire and changed after they had been compared, which their records' new names
  /// tell the time of.
  func changedSinceKept(limit: Int) throws -> [Slot] {
    var found: [Slot] = []
    try directory.forEachName { bytes, _ in
      guard let name = String(validating: bytes, as: UTF8.self), let (slot, state) = Slot.parse(record: name),
        state == .kept, let record = try directory.statusIfPresent(of: name),
        let content = try directory.statusIfPresent(of: slot.name), content.changed >= record.changed
      else { return true }
      found.append(slot)
      return found.count < limit
    }
    return found
  }

  /// Up to `limit` slots in these states, oldest first; memory does not grow with the trash.
  func oldest(_ states: Set<Slot.State>, limit: Int) throws -> [(slot: Slot, state: Slot.State)] {
    var found: [(slot: Slot, state: Slot.State)] = []
    try directory.forEachName { bytes, _ in
      guard let name = String(validating: bytes, as: UTF8.self), let entry = Slot.parse(record: name),
        states.contains(entry.state)
      else { return true }
      found.append(entry)
      if found.count >= 2 * limit {
        found.sort { $0.slot < $1.slot }
        found.removeLast(found.count - limit)
      }
      return true
    }
    found.sort { $0.slot < $1.slot }
    return Array(found.prefix(limit))
  }
}
