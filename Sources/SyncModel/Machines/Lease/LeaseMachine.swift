/// Takes, keeps and gives back the lock object below the prefix; a pure value, fed with replies and with times (uptime
/// in nanoseconds, on a clock that counts suspension).
///
/// Whoever holds it may commit. Every write to the lock is conditional on the version that was seen, and a holder
/// counts as valid from the *sending* of his last write on, for three quarters of the timeout; somebody else takes the
/// lock only after the whole timeout without a write. So two nodes never hold it at once, whatever is delayed, lost or
/// stopped in between. What s3-sync2 does is not conditional: it is noticed by looking at the lock before commits.
package struct LeaseMachine: Sendable {
  package enum Condition: Hashable, Sendable {
    case absent
    case matching(etag: String)
  }

  package enum Action: Hashable, Sendable {
    /// Nil: until somebody wants the lease, or a commit ends.
    case wait(until: Int64?)
    /// GET, then ``saw(_:sentAt:now:random:)`` or ``failed(now:random:)``.
    case look
    /// PUT, then ``wrote(etag:)``, ``refused()``, ``outcomeUnknown()`` or ``failed(now:random:)``.
    case write(LeaseRecord, Condition)
    /// DELETE, then ``deleted()``, or as after a write.
    case delete(etag: String)
  }

  /// For the log.
  package enum Change: Hashable, Sendable {
    /// From whom it was taken over.
    case acquired(from: String?)
    case released
    /// To whom, where that is known.
    case lost(to: String?)
  }

  private struct Held {
    var etag: String
    var validUntil: Int64
    var renewAt: Int64
    /// When the reply came that last showed the lock to be ours.
    var confirmed: Int64
    var since: Int64
  }

  /// The lock of somebody else.
  private struct Seen {
    var lock: ObservedLock
    /// When the first reply that showed it came.
    var since: Int64
    var mayBeTaken: Bool
  }

  private enum Request {
    case look
    case write(LeaseRecord, sentAt: Int64)
    case delete
  }

  package let timing: LeaseTiming
  private let node: String
  private let run: String
  private let deletes: Bool
  private var number: UInt64 = 0
  private var held: Held?
  private var seen: Seen?
  private var request: Request?
  /// Something was written by us or somebody else that only a look can tell.
  private var mustLook = false
  /// When writes were sent, by their numbers: one whose reply was lost may be found later.
  private var sent: [UInt64: Int64] = [:]
  /// Nothing is sent before; nanoseconds.
  private var notBefore: Int64 = 0
  private var failures = 0
  private var looks = 0
  private var lastUse: Int64 = 0
  private var isClosing = false
  /// How long this node may hold it at a time.
  private var turn: Int64
  /// Somebody else has held the lock since this node last did.
  private var hasMetOthers = true
  /// Commits under way.
  private var inUse = 0
  /// Commits that wait.
  package private(set) var waiting = 0
  private var waitingSince: Int64?
  private var lastWaited: Int64 = 0
  private static let moment: Int64 = 5_000_000_000

  /// - Parameters:
  ///   - run: random, of this process alone.
  ///   - deletes: whether the server deletes conditionally; otherwise the lock is marked as released.
  package init(timing: LeaseTiming, node: String, run: String, deletes: Bool = true) {
    self.timing = timing
    self.node = node
    self.run = run
    self.deletes = deletes
    turn = timing.turn
  }

  // MARK: Commits

  /// Whether a commit may be sent now.
  package func mayCommit(now: Int64) -> Bool {
    guard let held, !isClosing else { return false }
    return now < held.validUntil && now - held.confirmed <= timing.freshness && !isOver(held, now: now)
  }

  /// True: a commit begins, and ``leave(now:)`` ends it.
  package mutating func enter(now: Int64) -> Bool {
    guard mayCommit(now: now) else { return false }
    inUse += 1
    return true
  }

  package mutating func leave(now: Int64) {
    inUse -= 1
    lastUse = now
  }

  /// How many commits wait.
  package mutating func setWaiting(_ count: Int, now: Int64) {
    // Who gives up for a moment keeps his place.
    if held == nil, waiting == 0, waitingSince == nil || now - lastWaited > Self.moment { waitingSince = now }
    if waiting > 0 { lastWaited = now }
    waiting = count
  }

  /// Others have a turn.
  private func isOver(_ held: Held, now: Int64) -> Bool { now - held.since >= turn }

  /// From now on nothing is taken, and what is held is given back.
  package mutating func close() {
    isClosing = true
    notBefore = 0
  }

  // MARK: What to do

  /// - Returns: the one thing to do now; nothing else is asked for before its outcome is told.
  package mutating func step(now: Int64) -> Action {
    guard notBefore <= now else { return .wait(until: notBefore) }
    if mustLook { return look() }
    guard let held else { return take(now: now) }
    if inUse == 0, isUnwanted(held, now: now) { return release(held, now: now) }
    if now >= held.renewAt { return write(.matching(etag: held.etag), now: now) }
    if waiting > 0, now - held.confirmed > timing.freshness, !isOver(held, now: now) { return look() }
    return .wait(until: min(held.renewAt, inUse == 0 ? dueRelease(held) : .max))
  }

  private mutating func take(now: Int64) -> Action {
    guard waiting > 0, !isClosing else { return .wait(until: nil) }
    guard let seen else { return write(.absent, now: now) }
    return seen.mayBeTaken ? write(.matching(etag: seen.lock.etag), now: now) : look()
  }

  private func dueRelease(_ held: Held) -> Int64 {
    let over = held.since + turn
    return waiting > 0 ? over : min(over, lastUse + timing.linger)
  }

  private func isUnwanted(_ held: Held, now: Int64) -> Bool { isClosing || now >= dueRelease(held) }

  private mutating func look() -> Action {
    request = .look
    return .look
  }

  private mutating func release(_ held: Held, now: Int64) -> Action {
    // The request may land whenever it likes; only another write of ours could keep the lock from it.
    self.held?.validUntil = .min / 2
    self.held?.renewAt = .min / 2
    guard deletes else { return write(.matching(etag: held.etag), releasing: true, now: now) }
    request = .delete
    return .delete(etag: held.etag)
  }

  private mutating func write(_ condition: Condition, releasing: Bool = false, now: Int64) -> Action {
    number += 1
    sent = sent.filter { $0.value > now - timing.validity }
    if !releasing { sent[number] = now }
    let record = LeaseRecord(
      node: node, run: run, number: number, timeout: timing.timeout, isReleased: releasing)
    request = .write(record, sentAt: now)
    return .write(record, condition)
  }

  // MARK: What became of it

  /// - Parameters:
  ///   - lock: nil: there is none.
  ///   - sentAt: when the request was sent.
  ///   - random: a random word.
  package mutating func saw(_ lock: ObservedLock?, sentAt: Int64, now: Int64, random: UInt64) -> Change? {
    succeeded()
    mustLook = false
    guard let lock else {
      seen = nil
      return lose(to: nil, now: now)
    }
    let isOurs = lock.record?.run == run
    if isOurs, let record = lock.record, !record.isReleased {
      seen = nil
      return found(record, lock.etag, sentAt: sentAt, now: now)
    }
    let change = isOurs && held != nil ? .released : lose(to: lock.holder, now: now)
    held = nil
    hasMetOthers = hasMetOthers || !isOurs
    let since = seen.flatMap { $0.lock.isSame(as: lock) ? $0.since : nil } ?? now
    let mayBeTaken = lock.isAbandoned(after: timing.timeout, watched: sentAt - since)
    seen = Seen(lock: lock, since: since, mayBeTaken: mayBeTaken)
    if !mayBeTaken {
      looks += 1
      // Who has waited for long looks more often, so that he is likelier to be the next.
      let waited = waiting > 0 ? now - (waitingSince ?? now) : 0
      let halvings = min(waited / (timing.timeout / 4), 4)
      notBefore = max(notBefore, now + pause(after: looks, random) >> halvings)
    }
    return change
  }

  /// A write of ours stands there, perhaps one whose reply was lost.
  private mutating func found(_ record: LeaseRecord, _ etag: String, sentAt: Int64, now: Int64) -> Change? {
    looks = 0
    if held?.etag == etag {
      let confirmed = confirmation(sentAt: sentAt, now: now)
      held?.confirmed = confirmed
      return nil
    }
    // Of what was sent too long ago nothing is known but that it is to be renewed.
    return hold(etag, writtenAt: sent[record.number] ?? sentAt - timing.timeout, askedAt: sentAt, now: now, from: nil)
  }

  private mutating func hold(
    _ etag: String, writtenAt: Int64, askedAt: Int64, now: Int64, from former: String?
  ) -> Change? {
    let isNews = held == nil
    if isNews {
      waitingSince = nil
      turn = hasMetOthers ? timing.turn : min(turn * 2, timing.longestTurn)
      hasMetOthers = false
    }
    held = Held(
      etag: etag, validUntil: writtenAt + timing.validity, renewAt: writtenAt + timing.renewal,
      confirmed: confirmation(sentAt: askedAt, now: now), since: held?.since ?? now)
    if isNews { lastUse = now }
    return isNews ? .acquired(from: former) : nil
  }

  /// A reply that was long under way, or read by a process that was stopped, tells of an earlier time.
  private func confirmation(sentAt: Int64, now: Int64) -> Int64 { now - sentAt <= timing.renewal ? now : sentAt }

  private mutating func lose(to holder: String?, now: Int64) -> Change? {
    guard held != nil else { return nil }
    held = nil
    waitingSince = waiting > 0 ? now : nil
    return .lost(to: holder)
  }

  /// - Parameter etag: nil: the reply did not say.
  package mutating func wrote(etag: String?, now: Int64) -> Change? {
    guard case .write(let record, let sentAt) = request else { return nil }
    guard let etag else {
      outcomeUnknown()
      return nil
    }
    succeeded()
    looks = 0
    if record.isReleased { return gaveBack(now: now) }
    let former = seen.flatMap { $0.lock.record?.isReleased == true ? nil : $0.lock.holder }
    seen = nil
    return hold(etag, writtenAt: sentAt, askedAt: sentAt, now: now, from: former)
  }

  package mutating func deleted(now: Int64) -> Change? {
    succeeded()
    return gaveBack(now: now)
  }

  private mutating func gaveBack(now: Int64) -> Change? {
    held = nil
    seen = nil
    waitingSince = waiting > 0 ? now : nil
    notBefore = now + timing.rest
    return .released
  }

  /// The lock is not the version that was expected.
  package mutating func refused() {
    // Nobody commits before it is known whose it is.
    held?.confirmed = .min / 2
    mustLook = true
    request = nil
  }

  /// The reply was lost: what was sent may have taken effect, or may still do.
  package mutating func outcomeUnknown() {
    mustLook = true
    request = nil
  }

  /// Certainly not done; tried again after a pause.
  package mutating func failed(now: Int64, random: UInt64) {
    failures += 1
    request = nil
    notBefore = now + pause(after: failures, random)
  }

  private mutating func succeeded() {
    failures = 0
    request = nil
  }

  /// Grows with the number, at most to the longest pause; at least half of what it may be.
  private func pause(after number: Int, _ random: UInt64) -> Int64 {
    let bound = min(timing.pause, 50_000_000 << min(number, 8))
    return bound / 2 + Int64(random % UInt64(bound / 2 + 1))
  }
}

// MARK: - For the status

extension LeaseMachine {
  /// Whether the lock is ours and nobody may have taken it; for the status.
  package func isValid(now: Int64) -> Bool { held.map { now < $0.validUntil } ?? false }

  /// Uptime nanoseconds.
  package var heldSince: Int64? { held?.since }

  /// Who was last seen with it, while it is not ours.
  package var holder: String? {
    guard held == nil, let seen, seen.lock.record?.isReleased != true else { return nil }
    return seen.lock.holder
  }
}

extension ObservedLock {
  /// Whether nobody holds it any more. A body that is only a uid is a lock of s3-sync2, which writes it once.
  ///
  /// - Parameters:
  ///   - timeout: ours; a holder that wants a longer one is given it.
  ///   - watched: for how long it has been seen unchanged.
  func isAbandoned(after timeout: Int64, watched: Int64) -> Bool {
    if record?.isReleased == true { return true }
    let timeout = max(timeout, record?.timeout ?? 0)
    if watched >= timeout { return true }
    guard let date else { return false }
    // Both are cut to whole seconds.
    return (date.seconds - lastModified.seconds - 1) * 1_000_000_000 >= timeout
  }
}
