/// A point in time as nanoseconds since 1970-01-01 00:00:00 UTC; covers the years 1677 to 2262.
package struct Timestamp: Hashable, Comparable, Sendable {
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  package init(seconds: Int64, nanoseconds: Int64 = 0) {
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = product.addingReportingOverflow(nanoseconds)
    self.nanoseconds = overflow || carry ? (seconds < 0 ? .min : .max) : sum
  }

  /// Whole seconds, rounded down, also before 1970.
  package var seconds: Int64 {
    let quotient = nanoseconds / 1_000_000_000
    return nanoseconds % 1_000_000_000 < 0 ? quotient - 1 : quotient
  }

  /// Rounded down to the second, the resolution of S3's `Last-Modified` header.
  package var wholeSeconds: Timestamp { Timestamp(seconds: seconds) }

  package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

  package func advanced(by duration: Duration) -> Timestamp {
    let (seconds, attoseconds) = duration.components
    return Timestamp(nanoseconds: nanoseconds &+ seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
  }

  package func duration(to other: Timestamp) -> Duration { .nanoseconds(other.nanoseconds &- nanoseconds) }
}
