package import SyncModel

/// Time and randomness, so that the same engine runs in production and in simulation.
package protocol EngineEnvironment: Sendable {
  /// The wall clock; used for names and ages, never for ordering.
  func wallTime() -> Timestamp
  /// Nanoseconds on a clock that never goes back and counts suspension.
  func uptime() -> Int64
  /// Throws only `CancellationError`.
  func sleep(for duration: Duration) async throws
  func random() -> UInt64
}
