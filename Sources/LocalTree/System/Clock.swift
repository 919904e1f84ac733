/// The clock that stamps files, in nanoseconds.
///
/// It is read in whole ticks, and late where the machine has much to do; newer kernels stamp more finely, and so ahead
/// of it.
extension Kernel {
  private var lag: Int64 { 10 * tick }

  /// Whether a change at this moment could carry this stamp. A whole second may be all that the file system keeps,
  /// or half of what it keeps: ext3 and HFS+ count seconds, FAT counts every other one.
  func isWithinTick(_ stamp: Int64) -> Bool {
    let second: Int64 = 1_000_000_000
    let step = stamp % second == 0 ? 2 * second : 0
    return (-(lag + step)...2 * tick + step).contains(now() &- stamp)
  }

  /// Waits until a later change cannot carry this stamp any more; a stamp in the future is not waited for.
  func waitUntilDistinct(from stamp: Int64) {
    for _ in 0..<4 {
      let age = now() &- stamp
      guard (-lag...2 * tick).contains(age) else { return }
      pause(microseconds: UInt32((3 * tick - age) / 1000))
    }
  }
}
