/// Which version of a file may be taken while somebody has it open for writing.
package enum OpenVersion: Hashable, Sendable {
  /// One that nobody has changed for so many nanoseconds.
  case rested(Int64)
  /// Any that stood still while it was read twice, or that only grew meanwhile.
  case steady
}

/// The files that wait because a program keeps them open for writing: a log that is never closed, a database.
///
/// A version that has rested for `rest` is taken; after `limit` any that is consistent. Pure: all times are nanoseconds
/// of one monotonic clock that the owner reads.
package struct OpenFiles: Sendable {
  package struct Entry: Hashable, Sendable {
    package let path: RelativePath
    /// When it was first found open, with something to be done about it.
    package var since: Int64
    /// The user was told that it waits in vain.
    package var isReported = false
    fileprivate var stamp: LocalStamp?
    /// Of the first look that found this stamp.
    fileprivate var unchangedSince: Int64
    /// Not to be read in the hope of a consistent version before this time.
    fileprivate var nextReading: Int64
  }

  package private(set) var rest: Int64
  package private(set) var limit: Int64
  private let capacity: Int
  private var entries: [RelativePath: Entry] = [:]

  /// Longest wait for a version that rests, whatever `rest` is: nanoseconds.
  package static let longestLimit: Int64 = 300_000_000_000

  /// The limit is ten times `rest`, at most five minutes, and never less than `rest`.
  ///
  /// - Parameters:
  ///   - isBrief: For a run that ends: the limit is `rest`.
  ///   - capacity: So many files are remembered; others wait until they rest.
  package init(rest: Int64, isBrief: Bool = false, capacity: Int = 10_000) {
    // Sums of two must not overflow.
    self.rest = min(max(0, rest), .max / 4)
    let longer = self.rest < Self.longestLimit / 10 ? self.rest * 10 : max(self.rest, Self.longestLimit)
    limit = isBrief ? self.rest : longer
    self.capacity = capacity
  }

  package var count: Int { entries.count }
  package var reportedCount: Int { entries.values.count { $0.isReported } }

  /// Those that wait, by path.
  package var waiting: [Entry] { entries.values.sorted { $0.path < $1.path } }

  package func entry(for path: RelativePath) -> Entry? { entries[path] }

  /// It waited so long that any consistent version will do.
  package func isOverdue(_ path: RelativePath, now: Int64) -> Bool {
    entries[path].map { now - $0.since >= limit } ?? false
  }

  /// What to ask for at a look that finds this stamp.
  package func version(of path: RelativePath, _ stamp: LocalStamp?, now: Int64) -> OpenVersion {
    guard let entry = entries[path] else { return .rested(rest) }
    let hasRested = entry.stamp == stamp && now - entry.unchangedSince >= rest
    let isTime = hasRested || now - entry.since >= limit
    return isTime && now >= entry.nextReading ? .steady : .rested(rest)
  }

  /// Notes that the file is held open, as it looked; returns how long to wait for the next look.
  ///
  /// - Parameter age: Since its last change as far as its stamp tells, nanoseconds.
  package mutating func foundOpen(_ path: RelativePath, _ stamp: LocalStamp?, age: Int64, now: Int64) -> Int64 {
    var entry = entries[path] ?? Entry(path: path, since: now, stamp: stamp, unchangedSince: now, nextReading: now)
    if entry.stamp != stamp {
      entry.stamp = stamp
      entry.unchangedSince = now
    }
    let untilRested = rest - max(0, age, now - entry.unchangedSince)
    let untilLimit = entry.since + limit - now
    let wait: Int64
    if untilLimit > 0 {
      wait = max(Self.shortestWait, min(untilRested > 0 ? untilRested : rest, untilLimit))
    } else {
      // What never rests is not read whole, in vain, every time that it is written to.
      wait = max(Self.shortestWait, rest, min(Self.longestPause, (now - entry.since) / 4))
      if now >= entry.nextReading { entry.nextReading = now + wait }
    }
    if entries[path] != nil || entries.count < capacity { entries[path] = entry }
    return wait
  }

  /// Between two attempts to read a file that never rests, nanoseconds.
  private static let longestPause: Int64 = 600_000_000_000

  /// How much longer its writer is waited for before another version is kept beside the file; nil: no longer.
  package func waitForReplacement(of path: RelativePath, now: Int64) -> Int64? {
    guard let entry = entries[path], now - entry.since < rest else { return nil }
    return max(Self.shortestWait, entry.since + rest - now)
  }

  package mutating func noteReported(_ path: RelativePath) { entries[path]?.isReported = true }

  /// It was taken, or nothing is to be done about it any more; returns what was known of it.
  @discardableResult
  package mutating func settled(_ path: RelativePath) -> Entry? { entries.removeValue(forKey: path) }

  /// The run is about to end: what has rested for this long goes now, and any consistent version after `limit`.
  package mutating func hasten(to rest: Int64, limit: Int64, now: Int64) {
    self.rest = min(self.rest, rest)
    self.limit = min(self.limit, limit)
    for path in entries.keys {
      entries[path]!.since = now
      entries[path]!.nextReading = now
    }
  }

  /// Looks more often than this would cost more than they find: nanoseconds.
  private static let shortestWait: Int64 = 250_000_000
}
