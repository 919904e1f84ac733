internal import Glibc

/// The clock that stamps files, in nanoseconds.
enum FileClock {
  /// How long a stamp may stand still while a file changes: the resolution of the coarse clock
  /// (one timer interrupt, 1 to 10 ms), which older kernels take stamps from.
  static let tick: Int64 = {
    var resolution = timespec()
    clock_getres(CLOCK_REALTIME_COARSE, &resolution)
    return max(1_000_000, Int64(resolution.tv_sec) * 1_000_000_000 + Int64(resolution.tv_nsec))
  }()

  /// Now, as a stamp of this moment would say at the earliest.
  static func now() -> Int64 { read(CLOCK_REALTIME_COARSE) }

  static func uptime() -> Int64 { read(CLOCK_MONOTONIC) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Whether a change at this moment could carry this stamp.
  static func isWithinTick(_ stamp: Int64) -> Bool { abs(now() &- stamp) <= 2 * tick }

  /// Waits until a later change cannot carry this stamp any more; a stamp in the future is not waited for.
  static func waitUntilDistinct(from stamp: Int64) {
    let age = now() &- stamp
    if age >= 0 && age <= tick { usleep(UInt32((2 * tick - age) / 1000)) }
  }
}
