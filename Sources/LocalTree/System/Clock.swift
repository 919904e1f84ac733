/// The clock that stamps files, in nanoseconds.
extension Kernel {
  /// Whether a change at this moment could carry this stamp.
  func isWithinTick(_ stamp: Int64) -> Bool { abs(now() &- stamp) <= 2 * tick }

  /// Waits until a later change cannot carry this stamp any more; a stamp in the future is not waited for.
  func waitUntilDistinct(from stamp: Int64) {
    let age = now() &- stamp
    if age >= 0 && age <= tick { pause(microseconds: UInt32((2 * tick - age) / 1000)) }
  }
}
