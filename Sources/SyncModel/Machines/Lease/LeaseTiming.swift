/// What follows from the timeout of a lease. All in nanoseconds.
package struct LeaseTiming: Hashable, Sendable {
  /// A lock that nobody writes for so long is anybody's.
  package var timeout: Int64

  private static let second: Int64 = 1_000_000_000

  package init(timeout: Int64) { self.timeout = max(timeout, Self.second / 10) }

  /// From the sending of a write on; the rest is for clocks that run at different speeds and commits under way.
  package var validity: Int64 { timeout / 4 * 3 }
  /// Between two writes of a holder.
  package var renewal: Int64 { min(timeout / 3, 10 * Self.second) }
  /// Longest time between two looks of one who waits. He enters within the timeout and 5 s.
  package var pause: Int64 { (timeout / 30).clamped(Self.second / 10, 2 * Self.second) }
  /// For so long after a reply commits begin without another look: somebody else may have overwritten the lock.
  package var freshness: Int64 { (timeout / 20).clamped(Self.second / 10, Self.second) }
  /// The lease is kept so long after the last commit: changes come in bursts.
  package var linger: Int64 { (timeout / 20).clamped(Self.second / 20, Self.second / 2) }
  /// How long one who is not alone holds it before others have a turn.
  package var turn: Int64 { timeout / 12 }
  /// Of one who met nobody for long.
  package var longestTurn: Int64 { timeout }
  /// After that; everybody who waits looks once meanwhile.
  package var rest: Int64 { pause / 4 * 5 }
}

extension Int64 {
  fileprivate func clamped(_ least: Int64, _ most: Int64) -> Int64 { Swift.min(Swift.max(self, least), most) }
}
