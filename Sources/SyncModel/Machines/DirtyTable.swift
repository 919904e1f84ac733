/// The paths that may have changed, one entry each however many hints came, handed out when they have settled.
///
/// Pure: all times are nanoseconds of one monotonic clock that the owner reads. A hint costs O(log n).
package struct DirtyTable: Sendable {
  private struct Pending: Sendable {
    var entry: DirtyEntry
    /// When the first hint other than a retry came; bounds the postponing.
    var firstHintAt: Int64?
    /// When the hints other than retries have settled.
    var settledAt: Int64
    var retryAt: Int64?
    /// The time of the path's valid item in the queue.
    var queuedAt: Int64

    /// An event says that the world changed, so it ends a retry's wait; a look at an unchanged world does not.
    var due: Int64 {
      guard let retryAt, entry.reasons.isDisjoint(with: [.localEvent, .remoteEvent]) else { return settledAt }
      return max(retryAt, settledAt)
    }

    mutating func merge(_ reasons: HintReasons, now: Int64, notBefore: Int64, maximumWait: Int64) {
      entry.reasons.formUnion(reasons)
      if reasons.contains(.retry) { retryAt = max(retryAt ?? .min, notBefore) }
      if !reasons.subtracting(.retry).isEmpty {
        let first = firstHintAt ?? now
        let latest = first.addingReportingOverflow(maximumWait)
        firstHintAt = first
        settledAt = min(max(settledAt, notBefore), latest.overflow ? .max : latest.partialValue)
      }
      entry.notBefore = due
    }

    mutating func merge(_ remote: SeenRemote?, _ reasons: HintReasons) {
      if let remote {
        if remote.revision >= entry.remote?.revision ?? .min { entry.remote = remote }
      } else if reasons.contains(.remoteEvent) {
        entry.remote = nil
      }
    }
  }

  private struct QueueItem: Comparable, Sendable {
    var time: Int64
    var sequence: UInt64
    var path: RelativePath
    static func < (left: Self, right: Self) -> Bool { (left.time, left.sequence) < (right.time, right.sequence) }
  }

  private let capacity: Int
  private let maximumWait: Int64
  private var pending: [RelativePath: Pending] = [:]
  private var queue = MinHeap<QueueItem>()
  private var generation: UInt64 = 0
  private var sequence: UInt64 = 0

  /// Hints on one path postpone it by at most `maximumWait` nanoseconds; above `capacity` paths `overflow` has work.
  package init(capacity: Int, maximumWait: Int64) {
    self.capacity = capacity
    self.maximumWait = maximumWait
  }

  package var count: Int { pending.count }
  package var isEmpty: Bool { pending.isEmpty }
  /// The earliest `since` of all entries. Takes time in proportion to `count`.
  package var oldestSince: Int64? { pending.values.lazy.map(\.entry.since).min() }

  /// The first of the paths that wait, the same ones in every run. Sorts all of them.
  package func paths(limit: Int) -> [RelativePath] { Array(pending.keys.sorted().prefix(limit)) }

  /// The entry that waits for this path.
  package func entry(for path: RelativePath) -> DirtyEntry? { pending[path]?.entry }

  /// The generation of the last hint since the path was taken; 0 where none came.
  package func generation(of path: RelativePath) -> UInt64 { pending[path]?.entry.generation ?? 0 }
}

extension DirtyTable {
  /// Merges a hint into the path's entry.
  ///
  /// A retry comes with `retry` as its only reason, else its wait counts as an event's, and with the `since` of
  /// the entry that was taken. A remote event without a state makes one that a
  /// listing gave before worthless.
  package mutating func insert(
    _ path: RelativePath, _ reasons: HintReasons, now: Int64, notBefore: Int64, since: Int64? = nil,
    remote: SeenRemote? = nil
  ) {
    generation += 1
    let since = since ?? now
    var item =
      pending[path]
      ?? Pending(
        entry: DirtyEntry(path: path, reasons: [], since: since, notBefore: now, generation: generation),
        settledAt: now, queuedAt: .max)
    item.entry.since = min(item.entry.since, since)
    item.entry.generation = generation
    item.merge(reasons, now: now, notBefore: notBefore, maximumWait: maximumWait)
    item.merge(remote, reasons)
    // A later time needs no new item: the old one is put off when it comes up.
    if item.entry.notBefore < item.queuedAt { item.queuedAt = enqueue(path, at: item.entry.notBefore) }
    pending[path] = item
  }

  /// Takes out at most `limit` entries that are due, the longest due first.
  package mutating func takeReady(now: Int64, limit: Int) -> [DirtyEntry] {
    var ready: [DirtyEntry] = []
    while ready.count < limit, let next = nextReady(), next <= now, let item = queue.popFirst() {
      ready.append(pending.removeValue(forKey: item.path)!.entry)
    }
    return ready
  }

  /// When the next entry is due.
  package mutating func nextReady() -> Int64? {
    while let item = queue.first {
      guard var waiting = pending[item.path], waiting.queuedAt == item.time else {
        _ = queue.popFirst()
        continue
      }
      if waiting.entry.notBefore == item.time { return item.time }
      _ = queue.popFirst()
      waiting.queuedAt = enqueue(item.path, at: waiting.entry.notBefore)
      pending[item.path] = waiting
    }
    return nil
  }

  /// Takes out what exceeds the capacity, with some room for what comes next, for the owner to store: what is
  /// not due first, the longest out of sync foremost, then the last due.
  package mutating func overflow(now: Int64) -> [DirtyEntry] {
    guard pending.count > capacity else { return [] }
    let sorted = pending.values.map(\.entry).sorted { left, right in
      switch (left.notBefore > now, right.notBefore > now) {
      case (true, true): (left.since, left.generation) < (right.since, right.generation)
      case (false, false): (left.notBefore, left.generation) > (right.notBefore, right.generation)
      case (let isLeftWaiting, _): isLeftWaiting
      }
    }
    let spilled = Array(sorted.prefix(pending.count - capacity * 3 / 4))
    for entry in spilled { pending[entry.path] = nil }
    queue = MinHeap()
    for entry in sorted.dropFirst(spilled.count).sorted(by: { $0.generation < $1.generation }) {
      pending[entry.path]!.queuedAt = enqueue(entry.path, at: entry.notBefore)
    }
    return spilled
  }

  private mutating func enqueue(_ path: RelativePath, at time: Int64) -> Int64 {
    sequence += 1
    queue.push(QueueItem(time: time, sequence: sequence, path: path))
    return time
  }
}
