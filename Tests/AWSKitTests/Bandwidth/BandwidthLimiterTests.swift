import NIOConcurrencyHelpers
import Testing

@testable import AWSKit

@Suite struct BandwidthLimiterTests {
  private let time = ManualTime()
  private let limiter: BandwidthLimiter

  init() {
    limiter = BandwidthLimits(timing: time.timing).up
    limiter.bytesPerSecond = 1024
  }

  @Test func waitsForItsTurn() async throws {
    #expect(limiter.timeSinceLastGrant == nil)
    try await time.run { [limiter] in try await limiter.pass(4096) }
    #expect(time.now == .seconds(4))
    #expect(limiter.timeSinceLastGrant == .zero)
  }

  @Test func transfersShareIt() async throws {
    let ends = try await time.run { [limiter, time] in
      try await withThrowingTaskGroup(of: Duration.self) { group in
        for _ in 0..<4 {
          group.addTask {
            try await limiter.pass(2048)
            return time.now
          }
        }
        return try await group.reduce(into: [Duration]()) { $0.append($1) }
      }
    }
    #expect(ends.max() == .seconds(8))
  }

  @Test func withoutALimitNobodyWaits() async throws {
    limiter.bytesPerSecond = nil
    #expect(try await limiter.take(atMost: 1 << 40) == 1 << 40)
    #expect(time.now == .zero)
    #expect(limiter.timeSinceLastGrant == nil)
  }

  @Test func whoWaitsIsLetThroughWhenTheLimitIsTakenAway() async throws {
    async let passed: Void = limiter.pass(1 << 40)
    await time.alarmSet()
    limiter.bytesPerSecond = nil
    try await passed
    #expect(time.now == .zero)
    // The alarm that it waited for finds nobody.
    time.jump()
  }

  @Test func cancelledWaitsEnd() async throws {
    let first = Task { [limiter] in try await limiter.pass(1 << 40) }
    await time.alarmSet()
    first.cancel()
    await #expect(throws: CancellationError.self) { try await first.value }
    let late = Task { [limiter] in
      while !Task.isCancelled { await Task.yield() }
      try await limiter.pass(1)
    }
    late.cancel()
    await #expect(throws: CancellationError.self) { try await late.value }
    try await time.run { [limiter] in try await limiter.pass(1024) }
    #expect(time.now == .seconds(1))
  }
}
