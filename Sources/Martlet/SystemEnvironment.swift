import Glibc
import SyncEngine
import SyncModel

/// The clocks and the randomness of the machine.
struct SystemEnvironment: EngineEnvironment {
  func wallTime() -> Timestamp { Timestamp(nanoseconds: Self.nanoseconds(CLOCK_REALTIME)) }

  /// `CLOCK_BOOTTIME` goes on while the machine is suspended, so that ages and leases do not stand still.
  func uptime() -> Int64 { Self.nanoseconds(CLOCK_BOOTTIME) }

  func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }

  func random() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }

  private static func nanoseconds(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
