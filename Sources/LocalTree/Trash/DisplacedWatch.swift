internal import CLinux
internal import Glibc
internal import NIOConcurrencyHelpers
internal import SyncEngine
internal import SyncModel

/// Watches what was put into slots until nobody can write to it any more (steps 9 and 10), and compares it
/// with its record before it is removed (step 11).
final class DisplacedWatch: Sendable {
  struct Watched: Sendable {
    let slot: Slot
    let record: SlotRecord
    let mount: Mount
    /// How the slot looked when it was verified; nil where only the content can tell.
    let after: FileStatus?
    var isReported = false
  }

  private let keeper: ConflictKeeper
  private let watched = NIOLockedValueBox<[Watched]>([])
  /// A larger file with an unchanged, trustworthy stamp is not read again until its slot is removed.
  private static let readAtOnce: Int64 = 64 << 20

  /// Signalled where there is something to poll.
  let isNeeded = Wakeup()

  init(keeper: ConflictKeeper) { self.keeper = keeper }

  func add(_ slot: Slot, _ record: SlotRecord, on mount: Mount, after: FileStatus?) {
    mount.trash.noteFilled(record.displaced.size)
    watch(Watched(slot: slot, record: record, mount: mount, after: after))
  }

  private func watch(_ entry: Watched) {
    watched.withLockedValue { $0.append(entry) }
    isNeeded.signal()
  }

  /// Takes up what an earlier run left pending on this mount.
  func takeUp(on mount: Mount) throws {
    for slot in mount.trash.takeLeftOver() {
      guard let record = try SlotRecord.read(slot.recordName(.pending), in: mount.trash.directory) else {
        keeper.relay.report(keeper.name(of: slot, on: mount), "is kept, its record cannot be read")
        try mount.trash.settle(slot, as: .kept, bytes: 0)
        continue
      }
      watch(Watched(slot: slot, record: record, mount: mount, after: nil))
    }
  }

  /// Looks at everything that is watched; what is still being written stays.
  func poll() {
    let entries = watched.withLockedValue { list in
      defer { list.removeAll(keepingCapacity: list.count < 64) }
      return list
    }
    for entry in entries { lookAt(entry) }
  }

  /// Looks at one slot now.
  func check(_ slot: Slot) {
    let entry = watched.withLockedValue { list in
      list.lastIndex { $0.slot == slot }.map { list.remove(at: $0) }
    }
    if let entry { lookAt(entry) }
  }

  /// Looks anew at one that was settled as never expiring.
  func lookAgain(_ slot: Slot, on mount: Mount) throws {
    guard let record = try SlotRecord.read(slot.recordName(.kept), in: mount.trash.directory) else { return }
    try mount.trash.reopen(slot, .kept, bytes: record.displaced.size)
    lookAt(Watched(slot: slot, record: record, mount: mount, after: nil))
  }

  var count: Int { watched.withLockedValue { $0.count } }

  /// Watches on where the entry must be looked at again.
  private func lookAt(_ entry: Watched) {
    var entry = entry
    let name = keeper.name(of: entry.slot, on: entry.mount)
    do {
      let isDone = try finish(entry)
      if entry.isReported { keeper.relay.report(name, nil) }
      entry.isReported = false
      if !isDone { watch(entry) }
    } catch {
      let reason = (error as? SystemError)?.text ?? "\(error)"
      keeper.relay.report(name, "could not be checked (\(reason)); it is kept")
      entry.isReported = true
      watch(entry)
    }
  }

  /// False where the entry must be looked at again.
  private func finish(_ entry: Watched) throws -> Bool {
    let trash = entry.mount.trash
    guard let look = try SlotLook(entry.slot, on: entry.mount) else { return true }
    defer { look.lease.release() }
    if look.lease.state == .refused { return false }
    let verdict = try trusts(look, entry) ? .displaced : look.verdict(entry.record)
    guard look.lease.isUnbroken else { return false }
    let state: Slot.State
    switch verdict {
    case .other:
      try keeper.keep(entry.slot, .pending, look, entry.record, on: entry.mount)
      return true
    case .installed: state = .expiring
    case .displaced:
      if let after = entry.after, after.permissions != look.status.permissions {
        keeper.mergeMode(look.status.permissions, of: entry.record)
      }
      state = entry.record.isInBucket ? .expiring : .kept
    }
    try trash.settle(entry.slot, as: state, bytes: look.status.size)
    if try look.isCurrent() { return true }
    // Without a lease nobody waits while it is compared.
    try trash.reopen(entry.slot, state, bytes: look.status.size)
    return false
  }

  private func trusts(_ look: SlotLook, _ entry: Watched) -> Bool {
    guard let after = entry.after, look.lease.state == .held, entry.mount.capabilities.hasTrustworthyStamps,
      look.status.size > Self.readAtOnce
    else { return false }
    return look.status.isSameEntry(as: after) && look.status.hasSameData(as: after)
      && look.status.changed == after.changed
  }
}

/// What lies in a slot now, under a lease where one is to be had.
struct SlotLook {
  enum Verdict { case displaced, installed, other }

  let descriptor: Descriptor
  let status: FileStatus
  let lease: Lease

  /// Nil where the slot is empty.
  init?(_ slot: Slot, on mount: Mount) throws {
    let directory = mount.trash.directory
    guard let found = try directory.statusIfPresent(of: slot.name) else { return nil }
    let isFile = found.kind == .file
    descriptor = try directory.open(slot.name, isFile ? O_RDONLY | O_NONBLOCK : clinux_flag_path())
    lease = Lease(on: descriptor, isPossible: isFile && mount.capabilities.canLease)
    status = try descriptor.status()
  }

  /// Of a directory or another odd entry: its inode, since it has no content to compare.
  func content() throws -> Fingerprint {
    switch status.kind {
    case .file: try descriptor.fingerprint()
    case .symlink: Fingerprint(of: try descriptor.linkTarget())
    default: Fingerprint(size: 0, crc64: status.inode &* 0x9e37_79b9_7f4a_7c15)
    }
  }

  /// Whether nobody has changed it since it was looked at.
  func isCurrent() throws -> Bool {
    let now = try descriptor.status()
    return now.hasSameData(as: status) && now.changed == status.changed
  }

  func verdict(_ record: SlotRecord) throws -> Verdict {
    guard let kind = status.kind, kind != .directory else { return .other }
    let content = try content()
    if record.displaced.isContent(content, kind: kind) { return .displaced }
    return record.installed?.isContent(content, kind: kind) == true ? .installed : .other
  }
}
