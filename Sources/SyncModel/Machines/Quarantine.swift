/// The paths that keep failing: each is tried again with backoff for ever, and reported after some failures, while
/// all others go on (I11, I12).
package struct Quarantine: Sendable {
  package struct Entry: Hashable, Sendable {
    package let path: RelativePath
    /// In a row.
    package var failures: Int
    /// The first of these failures.
    package var since: Int64
    /// When the path is due again. Times are nanoseconds of one monotonic clock.
    package var nextTry: Int64
    /// What to tell the user about the last failure.
    package var message: String
  }

  private let backoff: Backoff
  private let reportAfter: Int
  private let capacity: Int
  private var entries: [RelativePath: Entry] = [:]

  /// At most `capacity` paths are remembered.
  package init(backoff: Backoff = Backoff(), reportAfter: Int = 3, capacity: Int = 10_000) {
    self.backoff = backoff
    self.reportAfter = reportAfter
    self.capacity = capacity
  }

  package var count: Int { entries.count }

  package func entry(for path: RelativePath) -> Entry? { entries[path] }

  package func isReported(_ entry: Entry) -> Bool { entry.failures >= reportAfter }

  /// Paths that failed often enough, in their order.
  package var reported: [Entry] { entries.values.filter(isReported).sorted { $0.path < $1.path } }

  /// Notes a failure and says when to try again; `random` is a random word.
  ///
  /// Where no more paths are remembered, a new one waits as long as one that has failed for long.
  package mutating func failed(_ path: RelativePath, message: String, now: Int64, random: UInt64) -> Entry {
    guard entries[path] != nil || entries.count < capacity else {
      let wait = backoff.wait(afterFailures: .max, random: random)
      return Entry(path: path, failures: 1, since: now, nextTry: now + wait, message: message)
    }
    var entry = entries[path] ?? Entry(path: path, failures: 0, since: now, nextTry: now, message: message)
    entry.failures += 1
    entry.nextTry = now + backoff.wait(afterFailures: entry.failures, random: random)
    entry.message = message
    entries[path] = entry
    return entry
  }

  /// Forgets the path's failures; returns them if they had been reported, so that the recovery can be, too.
  @discardableResult
  package mutating func succeeded(_ path: RelativePath) -> Entry? {
    entries.removeValue(forKey: path).flatMap { isReported($0) ? $0 : nil }
  }
}
