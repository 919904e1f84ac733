import NIOConcurrencyHelpers
import NIOHTTP1
import Testing

@testable import AWSKit

@Suite struct RetryBudgetTests {
  // MARK: Counts and pauses

  /// Pauses as botocore draws them, with a random number of 1.
  @Test(arguments: [
    (RetryPolicy.Mode.legacy, 5, [1.0, 2, 4, 8, 16, 32, 64]), (.standard, 3, [1, 2, 4, 8, 16, 20, 20]),
    (.adaptive, 3, [1, 2, 4, 8, 16, 20, 20]),
  ])
  func modes(_ mode: RetryPolicy.Mode, attempts: Int, pauses: [Double]) {
    var policy = RetryPolicy(mode: mode)
    policy.random = { 1 }
    #expect(policy.maximumAttempts == attempts)
    #expect(policy.hasQuota == (mode != .legacy))
    #expect(policy.limitsRate == (mode == .adaptive))
    for throttled in [false, true] {
      let found = (1...7).map { policy.delay(afterAttempt: $0, throttled: throttled) / .seconds(1) }
      #expect(found == pauses)
    }
  }

  // MARK: Quota

  @Test func quotaIsSpentAndComesBack() {
    var quota = RetryQuota()
    let cost = RetryQuota.cost(isTimeout: false)
    let taken = (0..<101).map { _ in quota.take(cost) }
    #expect(taken == Array(repeating: true, count: 100) + [false])
    quota.refund(RetryQuota.cost(isTimeout: true))
    #expect(quota.available == 10)
    for _ in 0..<4 { quota.refund(nil) }
    #expect(quota.available == 14)
    let last = [quota.take(10), quota.take(5)]
    #expect(last == [true, false])
    for _ in 0..<600 { quota.refund(nil) }
    #expect(quota.available == 500)
  }

  /// 100 retries of 5, or 50 after time-outs.
  @Test(arguments: [(false, 100), (true, 50)]) func retriesInARow(afterTimeout: Bool, expected: Int) {
    let budget = RetryBudget()
    let policy = RetryPolicy()
    var count = 0
    while budget.payForRetry(afterTimeout: afterTimeout, policy) != nil { count += 1 }
    #expect(count == expected)
    #expect(budget.payForRetry(afterTimeout: true, RetryPolicy(mode: .legacy)) == 0)
  }

  // MARK: Rate

  /// Replies at times, whether they asked to slow down, and what botocore 1.43.11's limiter then allows a second and
  /// has at hand: its own classes, driven by a clock that begins at 100.2.
  private static let course: [(after: Double, throttled: Bool, rate: Double, tokens: Double)] = [
    (0.1, false, 0.500000000, 0.100000000),
    (0.1, false, 0.500000000, 0.150000000),
    (0.1, false, 0.500000000, 0.200000000),
    (0.1, false, 0.500000000, 0.250000000),
    (0.1, false, 0.500000000, 0.300000000),
    (0.1, false, 0.500000000, 0.350000000),
    (0.1, false, 0.500000000, 0.400000000),
    (0.1, false, 0.500000000, 0.450000000),
    (0.1, false, 0.500000000, 0.500000000),
    (0.1, false, 0.500000000, 0.550000000),
    (0.1, false, 0.532400000, 0.600000000),
    (0.1, false, 0.691200000, 0.653240000),
    (0.1, false, 0.878800000, 0.722360000),
    (0.1, false, 1.097600000, 0.810240000),
    (0.1, false, 1.350000000, 0.920000000),
    (0.1, false, 1.638400000, 1.055000000),
    (0.1, false, 1.965200000, 1.218840000),
    (0.1, false, 2.332800000, 1.415360000),
    (0.1, false, 2.743600000, 1.648640000),
    (0.1, false, 3.200000000, 1.923000000),
    (0.1, false, 3.704400000, 2.243000000),
    (0.1, false, 4.259200000, 2.613440000),
    (0.1, false, 4.866800000, 3.039360000),
    (0.1, false, 5.529600000, 3.526040000),
    (0.1, false, 6.250000000, 4.079000000),
    (0.1, false, 7.030400000, 4.704000000),
    (0.1, false, 7.873200000, 5.407040000),
    (0.1, false, 8.780800000, 6.194360000),
    (0.1, false, 9.755600000, 7.072440000),
    (0.1, false, 10.800000000, 8.048000000),
    (0.1, true, 6.998835200, 6.998835200),
    (0.2, false, 7.827552893, 6.998835200),
    (0.2, false, 8.487567363, 7.827552893),
    (0.2, false, 8.998078610, 8.487567363),
    (0.2, false, 9.378286634, 8.998078610),
    (0.2, false, 9.647391434, 9.378286634),
    (0.2, false, 8.991973376, 8.991973376),
    (0.2, false, 8.991973376, 8.991973376),
    (0.2, false, 8.991973376, 8.991973376),
    (0.2, false, 9.996778403, 8.991973376),
    (0.2, false, 9.998367087, 9.996778403),
    (0.05, true, 3.989438136, 3.989438136),
    (0.5, false, 5.132850121, 3.989438136),
    (0.5, false, 5.575935787, 5.132850121),
    (0.5, false, 4.315187157, 4.315187157),
    (0.5, false, 4.063037431, 4.063037431),
    (0.5, false, 4.012607486, 4.012607486),
    (0.5, false, 4.002521497, 4.002521497),
    (0.5, false, 4.000504299, 4.000504299),
    (0.5, false, 4.000100860, 4.000100860),
    (1, true, 0.840007060, 1.000000000),
    (1, true, 0.588004942, 1.000000000),
    (1, true, 0.500000000, 1.000000000),
    (1, false, 0.593454175, 1.000000000),
    (1, false, 1.348500746, 1.000000000),
    (1, false, 2.000128006, 1.348500746),
    (1, false, 2.000025601, 2.000025601),
    (1, false, 2.000005120, 2.000005120),
    (1, false, 2.000001024, 2.000001024),
  ]

  @Test func ratesAreBotocores() {
    var now = 100.2
    var limiter = AdaptiveRateLimiter(now: now)
    for (index, step) in Self.course.enumerated() {
      // As its clock does, so that half seconds end alike.
      now = ((now + step.after) * 1e6).rounded() / 1e6
      limiter.record(throttled: step.throttled, at: now)
      #expect(abs(limiter.rate - step.rate) < 1e-6, "step \(index): \(limiter.rate)")
      #expect(abs(limiter.tokens - step.tokens) < 1e-6, "step \(index): \(limiter.tokens)")
    }
    #expect(limiter.isLimiting)
  }

  @Test func nothingIsLimitedBeforeTheFirstThrottling() {
    var limiter = AdaptiveRateLimiter(now: 0)
    for step in 1...1_000 {
      let pause = limiter.wait(at: Double(step) / 1_000)
      #expect(pause == nil)
      limiter.record(throttled: false, at: Double(step) / 1_000)
    }
    limiter.record(throttled: true, at: 1.001)
    #expect(limiter.isLimiting)
    // Nothing was measured within the first half second; the lowest rate is one request in two seconds.
    var slow = AdaptiveRateLimiter(now: 0)
    slow.record(throttled: true, at: 0.1)
    #expect(slow.rate == 0.5)
    // Of the first token a tenth had come in at the rate before; more than one is not kept.
    let pauses = [0.1, 2, 2].map { slow.wait(at: $0) ?? 0 }
    #expect(abs(pauses[0] - 1.8) < 1e-9 && pauses[1] == 0 && pauses[2] == 2)
  }

  /// A clock that stands still or is read out of order brings nothing.
  @Test func timeDoesNotRunBack() {
    var limiter = AdaptiveRateLimiter(now: 10)
    limiter.record(throttled: true, at: 10.1)
    limiter.record(throttled: false, at: 9)
    #expect(limiter.rate >= 0.5 && limiter.tokens >= 0)
  }

  /// A client in adaptive mode waits for its turn; the clock moves by what it sleeps.
  @Test func adaptiveClientsWait() async throws {
    let now = NIOLockedValueBox(0.0)
    try await ClientHarness.run(
      configure: {
        $0.retry = RetryPolicy(mode: .adaptive)
        $0.retry.maximumAttempts = 2
        $0.retry.random = { 0 }
        $0.retry.uptime = { now.withLockedValue { $0 } }
        $0.retry.sleep = { pause in now.withLockedValue { $0 += pause / .seconds(1) } }
      },
      answer: { _, index in index == 0 ? .reply(503, [:], errorDocument("SlowDown")) : .reply(200) },
      body: { harness in
        for _ in 0..<3 { _ = try await harness.client.headObject(bucket: "bucket", key: "k") }
        #expect(harness.server.requests.count == 4)
        // Half a request a second at the least, and growing.
        #expect(now.withLockedValue { $0 } > 2)
      })
  }

  /// When the quota is used up a request fails at its first attempt; successes bring it back.
  @Test func anOutageIsNotAmplified() async throws {
    let isDown = NIOLockedValueBox(true)
    try await ClientHarness.run(
      answer: { _, _ in isDown.withLockedValue { $0 } ? .reply(500, [:], errorDocument("InternalError")) : .reply(200)
      },
      body: { harness in
        for _ in 0..<30 {
          _ = try await ClientHarness.error { try await harness.client.headObject(bucket: "bucket", key: "k") }
        }
        // 100 retries, 4 each of the first 25 requests.
        #expect(harness.server.requests.count == 130)
        isDown.withLockedValue { $0 = false }
        for _ in 0..<5 { _ = try await harness.client.headObject(bucket: "bucket", key: "k") }
        isDown.withLockedValue { $0 = true }
        _ = try await ClientHarness.error { try await harness.client.headObject(bucket: "bucket", key: "k") }
        #expect(harness.server.requests.count == 130 + 5 + 2)
      })
  }
}
