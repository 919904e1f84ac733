/// How many operations run at once: more while that raises the throughput, half as many once the server says
/// “slow down” (additive increase in steps of an eighth, multiplicative decrease).
package struct AdaptiveLimit: Sendable {
  /// An operation costs a round trip however small its content is; this many bytes weigh as much.
  private static let bytesPerOperation: Int64 = 64 * 1024
  /// Nanoseconds; shorter measurements are noise.
  private static let shortestWindow: Int64 = 100_000_000
  /// A growth of the limit must raise the throughput by this factor to stay.
  private static let gain = 1.03
  /// Windows to rest after a growth that brought nothing, before conditions may have changed.
  private static let rest = 20

  package private(set) var limit: Int
  private let minimum: Int
  private let maximum: Int
  private var window = Window()
  /// The limit before the last growth and what was reached with it.
  private var before: (limit: Int, rate: Double)?
  private var resting = 0
  private var lastCut = Int64.min

  private struct Window: Sendable {
    var start: Int64?
    var work: Int64 = 0
    var completions = 0
    /// The limit was what held more work back.
    var wasFull = false
  }

  package init(initial: Int = 16, minimum: Int = 2, maximum: Int) {
    self.minimum = max(1, minimum)
    self.maximum = max(self.minimum, maximum)
    limit = min(max(initial, self.minimum), self.maximum)
  }

  /// An operation that moved `bytes` ended well while `inFlight` ran, itself included; `now` in nanoseconds of a
  /// monotonic clock.
  package mutating func succeeded(bytes: Int64, inFlight: Int, now: Int64) {
    guard let start = window.start else {
      window.start = now
      return
    }
    window.work += bytes + Self.bytesPerOperation
    window.completions += 1
    if inFlight >= limit { window.wasFull = true }
    guard window.completions >= limit, now - start >= Self.shortestWindow else { return }
    if window.wasFull { judge(rate: Double(window.work) / Double(now - start)) }
    window = Window(start: now)
  }

  /// The server refused a request (503, 429) that was sent at `sentAt`. Those sent before the last cut tell nothing
  /// new: one cut for each round trip.
  package mutating func slowedDown(sentAt: Int64, now: Int64) {
    guard sentAt >= lastCut else { return }
    limit = max(minimum, limit / 2)
    lastCut = now
    before = nil
    resting = Self.rest
    window = Window()
  }

  private mutating func judge(rate: Double) {
    if resting > 0 {
      resting -= 1
    } else if let last = before, rate < last.rate * Self.gain {
      limit = last.limit
      before = nil
      resting = Self.rest
    } else if limit < maximum {
      before = (limit, rate)
      limit = min(maximum, limit + max(1, limit / 8))
    }
  }
}
