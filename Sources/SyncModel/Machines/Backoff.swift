/// Exponential backoff with full jitter: the wait is anywhere between nothing and a bound that doubles with each
/// failure, so that clients that failed together do not come back together.
///
/// https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
package struct Backoff: Hashable, Sendable {
  /// Bound of the first wait, nanoseconds.
  package var base: Int64
  /// No bound grows above this, nanoseconds.
  package var cap: Int64

  package init(base: Int64 = 1_000_000_000, cap: Int64 = 300_000_000_000) {
    self.base = max(1, base)
    self.cap = max(self.base, cap)
  }

  /// Bound of the wait after this many failures in a row, from 1 on.
  package func bound(afterFailures failures: Int) -> Int64 {
    let doublings = max(0, failures - 1)
    // Beyond the cap a shift could overflow.
    return doublings >= (cap / base).leadingZeroBitCount.distance(to: Int64.bitWidth)
      ? cap : min(cap, base << doublings)
  }

  /// The wait in nanoseconds; `random` is a random word.
  package func wait(afterFailures failures: Int, random: UInt64) -> Int64 {
    Int64(random % UInt64(bound(afterFailures: failures) + 1))
  }
}
