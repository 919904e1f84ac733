import SyncEngine
package import SyncModel

/// Time and randomness of one node: the world's clock, read through a clock of its own that is wrong.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class SimEnvironment: EngineEnvironment, @unchecked Sendable {
  /// 2026-11-20 00:00:00 UTC, where every world begins.
  package static let epoch = Timestamp(seconds: 1_795_132_800)

  package let executor: SimExecutor
  /// How far this node's wall clock is off, in nanoseconds.
  package private(set) var skew: Int64
  private var passed: Int64 = 0
  private var generator: SeededGenerator

  package init(executor: SimExecutor, skew: Int64, generator: SeededGenerator) {
    self.executor = executor
    self.skew = skew
    self.generator = generator
  }

  /// Somebody sets the clock.
  func step(by nanoseconds: Int64) { skew += nanoseconds }

  /// Nanoseconds go by in which nothing happens, as for a machine that is suspended.
  func pass(_ nanoseconds: Int64) {
    skew += nanoseconds
    passed += nanoseconds
  }

  package func wallTime() -> Timestamp {
    Timestamp(nanoseconds: Self.epoch.nanoseconds + executor.now + skew)
  }

  package func uptime() -> Int64 { executor.now + passed }

  package func sleep(for duration: Duration) async throws {
    let (seconds, attoseconds) = duration.components
    try await executor.sleep(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }

  package func random() -> UInt64 { generator.next() }
}
