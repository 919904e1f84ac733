/// The clock that stamps files, in nanoseconds.
extension Kernel {
  /// Whether a change at this moment could carry this stamp. A whole second may be all that the file system keeps,
  /// or half of what it keeps: ext3 and HFS+ count seconds, FAT counts every other one.
  func isWithinTick(_ stamp: Int64) -> Bool {
    let second: Int64 = 1_000_000_000
    return abs(now() &- stamp) <= 2 * tick + (stamp % second == 0 ? 2 * second : 0)
  }

  /// Waits until a later change cannot carry this stamp any more; a stamp in the future is not waited for.
  func waitUntilDistinct(from stamp: Int64) {
    let age = now() &- stamp
    // The clock is read in whole ticks; newer kernels stamp more finely, and so ahead of it.
    if age >= -tick && age <= 2 * tick { pause(microseconds: UInt32((3 * tick - age) / 1000)) }
  }
}
