/// Decides when this node reads and writes the journal of a prefix: entries with ascending numbers, each created by
/// whoever is first and never changed.
///
/// A pure value, fed with replies and times (uptime in nanoseconds, on a clock that counts suspension). One action at a
/// time: its owner carries it out, tells what came of it, and asks again. What every reader may rely on: a change that
/// is told stands in an entry that he reads, or he is told to look at everything after it took effect.
package struct JournalMachine: Sendable {
  package enum Action: Hashable, Sendable {
    case wait(until: Int64)
    /// The entry of this number, if there is one.
    case read(Int64)
    /// The numbers from this one on.
    case list(from: Int64)
    /// Create the entry of this number.
    case append(Int64, JournalEntry)
    /// Remove the entries below this number whose successors are older than the retention.
    case collect(below: Int64)
  }

  private let timing: JournalTiming
  private let writer: String
  private let canAppend: Bool
  package var outbox: JournalOutbox
  /// Number of the last entry that was read, or was passed over for a look at everything.
  package private(set) var position: Int64 = 0
  /// Sending of the last request that showed that nothing stood beyond `position`; nil: nothing is known.
  private var proven: Int64?
  /// The last look for the next entry found none.
  private var isAtTail = false
  /// The end of the journal when it was last listed; nil: it was empty.
  private var anchor: JournalListing.Item?
  /// The journal was seen empty though entries had been read: it is listed from its beginning.
  private var isLost = false
  private var hasBegun = false
  /// When listed or another's entry read.
  private var lastSign: Int64 = 0
  private var lastList: Int64 = 0
  private var lastActivity: Int64
  private var nextRead: Int64 = 0
  /// Since something is to be told.
  private var dueSince: Int64?
  /// Since the last listing in which nothing was missing.
  private var hasAppended = false
  private var nextAppend: Int64 = 0
  private var races = 0
  private var appendFailures = 0
  private var failures = 0
  private var retryAt: Int64?
  private var nextCollection: Int64?
  /// Times that entries were missed, or may have been.
  package private(set) var gaps = 0

  /// - Parameter writer: of this run, and of no other.
  package init(
    timing: JournalTiming = JournalTiming(), writer: String, canAppend: Bool, outbox: JournalOutbox = JournalOutbox(),
    now: Int64
  ) {
    self.timing = timing
    self.writer = writer
    self.canAppend = canAppend
    self.outbox = outbox
    lastActivity = now
    if outbox.hasDue { dueSince = now }
  }

  package var hasFailed: Bool { failures > 0 || appendFailures > 0 }

  // MARK: What this node changes

  /// Something is to be told.
  /// - Returns: whether whoever sleeps has to ask again.
  package mutating func changed(now: Int64) -> Bool {
    lastActivity = now
    guard outbox.hasDue, dueSince == nil else { return false }
    dueSince = now
    return true
  }

  /// From now on nothing waits for more.
  package mutating func flush() {
    if dueSince != nil { dueSince = .min / 2 }
    retryAt = nil
    nextAppend = .min / 2
  }

  /// Nothing is left to tell.
  package var isDone: Bool { !canAppend || outbox.count == 0 }

  // MARK: What to do

  /// - Parameter random: a random word.
  package mutating func step(now: Int64, random: UInt64) -> Action {
    if let retryAt, now < retryAt { return .wait(until: retryAt) }
    guard let proven, now - proven <= timing.validity else { return list }
    let listDue = min(lastSign + timing.silence, lastList + timing.listing)
    if now >= listDue { return list }
    // Behind the tail nothing is written: nobody would read it.
    if !isAtTail { return now >= nextRead ? .read(position + 1) : .wait(until: nextRead) }
    let appendDue = appendDue
    if let appendDue, now >= appendDue {
      dueSince = nil
      return .append(position + 1, JournalEntry(writer: writer, news: outbox.take()))
    }
    if now >= nextRead { return .read(position + 1) }
    if let nextCollection, now >= nextCollection {
      self.nextCollection = nil
      return .collect(below: position)
    }
    return .wait(until: [nextRead, listDue, appendDue ?? .max, nextCollection ?? .max].min()!)
  }

  private var list: Action { .list(from: isLost ? 0 : anchor.map { min($0.number, position + 1) } ?? 0) }

  private var appendDue: Int64? {
    guard canAppend, let dueSince, outbox.hasDue else { return nil }
    return max(dueSince + timing.gathering, nextAppend)
  }

  // MARK: What came of it

  /// - Returns: where to look.
  package mutating func saw(_ number: Int64, _ entry: JournalEntry?, sentAt: Int64, now: Int64) -> JournalNews? {
    succeeded()
    guard let entry else {
      isAtTail = true
      // After a pause it may have been there and been removed.
      let isGone = (anchor?.number ?? 0) >= number
      proven = proven.flatMap { now - $0 <= timing.validity && !isGone ? sentAt : nil }
      nextRead = now + timing.interval(idle: now - lastActivity)
      return nil
    }
    position = number
    (isAtTail, isLost) = (false, false)
    nextRead = now
    if entry.writer == writer { return nil }
    (lastSign, lastActivity) = (now, now)
    return entry.news
  }

  /// - Parameters:
  ///   - listing: from the number on that was asked for.
  ///   - isNew: nobody has relied on anything yet.
  /// - Returns: where to look.
  package mutating func listed(
    _ listing: JournalListing, isNew: Bool = false, sentAt: Int64, now: Int64
  ) -> JournalNews? {
    succeeded()
    (lastSign, lastList) = (now, now)
    if !hasBegun {
      hasBegun = true
      stand(at: listing.highest?.number ?? 0, sentAt, now)
      anchor = listing.highest
      return isNew ? nil : .everything
    }
    guard let highest = listing.highest else {
      if position == 0 || isLost {
        stand(at: position, sentAt, now)
        return nil
      }
      // Somebody has removed the entries. Those of a node that begins anew have low numbers.
      isLost = true
      defer { proven = nil }
      return missed(now)
    }
    // Since the last listing nothing was removed for its age: what stood at the end then is still there.
    let isSame = isSame(listing.lowest)
    isLost = false
    anchor = highest
    guard isSame, listing.isUnbroken, (0...timing.longestBacklog).contains(highest.number - position) else {
      stand(at: highest.number, sentAt, now)
      return missed(now)
    }
    let isBehind = highest.number > position
    stand(at: position, sentAt, now)
    (isAtTail, hasAppended) = (!isBehind, false)
    return nil
  }

  private func isSame(_ lowest: JournalListing.Item?) -> Bool {
    guard let anchor else { return lowest?.number == 1 }
    // What is left to be read has to be there, too.
    return isLost || anchor.number > position ? lowest?.number == position + 1 : lowest == anchor
  }

  private mutating func stand(at number: Int64, _ sentAt: Int64, _ now: Int64) {
    position = number
    isAtTail = true
    proven = sentAt
    nextRead = now
  }

  /// Entries of others may have been missed. Where for a while there were two ends, they may have missed those that
  /// this node has written since it last saw that there is one.
  private mutating func missed(_ now: Int64) -> JournalNews {
    gaps += 1
    lastActivity = now
    if hasAppended {
      outbox.noteEverything()
      dueSince = dueSince ?? now
    }
    return .everything
  }

  /// - Returns: what others have been told of.
  package mutating func appended(_ number: Int64, now: Int64, random: UInt64) -> [JournalOutbox.Row] {
    succeeded()
    (races, appendFailures) = (0, 0)
    hasAppended = true
    lastActivity = now
    nextAppend = now + timing.spacing
    nextRead = now
    guard let proven, now - proven <= timing.validity else {
      // It took so long that the tail may be far away.
      self.proven = nil
      notSent(now)
      return []
    }
    position = number
    if nextCollection == nil { nextCollection = now + Int64(random % UInt64(timing.retention / 2)) }
    defer { if outbox.hasDue { dueSince = dueSince ?? now } }
    return outbox.sent()
  }

  /// Another node was faster, or an earlier attempt of this one.
  package mutating func refused(now: Int64, random: UInt64) {
    succeeded()
    races += 1
    isAtTail = false
    nextRead = now
    nextAppend = now + timing.spacing / 10 + timing.contention.wait(afterFailures: races, random: random)
    notSent(now)
  }

  /// An entry was not written, or nobody knows.
  package mutating func appendFailed(now: Int64, random: UInt64) {
    appendFailures += 1
    nextAppend = now + pause(after: appendFailures, random)
    isAtTail = false
    nextRead = now
    notSent(now)
  }

  private mutating func notSent(_ now: Int64) {
    outbox.notSent()
    dueSince = dueSince ?? now
  }

  package mutating func collectionFailed(now: Int64) { nextCollection = now + timing.validity }

  /// Reading or listing failed.
  package mutating func failed(now: Int64, random: UInt64) {
    failures += 1
    retryAt = now + pause(after: failures, random)
  }

  private mutating func succeeded() {
    failures = 0
    retryAt = nil
  }

  private func pause(after failures: Int, _ random: UInt64) -> Int64 {
    timing.backoff.bound(afterFailures: failures) / 2 + timing.backoff.wait(afterFailures: failures, random: random) / 2
  }
}

/// What a listing of the journal shows, in the order of the numbers; bounded, however many there are.
package struct JournalListing: Hashable, Sendable {
  /// An entry as it is listed. Numbers may come again after somebody has removed entries.
  package struct Item: Hashable, Sendable {
    package var number: Int64
    package var lastModified: Timestamp

    package init(number: Int64, lastModified: Timestamp) {
      self.number = number
      self.lastModified = lastModified
    }
  }

  package private(set) var lowest: Item?
  package private(set) var highest: Item?
  /// No number is missing in between.
  package private(set) var isUnbroken = true

  package init() {}

  package mutating func insert(_ item: Item) {
    if let highest, item.number != highest.number + 1 { isUnbroken = false }
    lowest = lowest ?? item
    highest = item
  }
}
