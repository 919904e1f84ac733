internal import NIOConcurrencyHelpers

/// What the requests of one client share: the quota of their retries, and in adaptive mode their rate.
final class RetryBudget: Sendable {
  private let quota = NIOLockedValueBox(RetryQuota())
  private let limiter = NIOLockedValueBox<AdaptiveRateLimiter?>(nil)

  /// To be awaited before every request.
  /// - Throws: `CancellationError`.
  func waitForTurn(_ policy: RetryPolicy) async throws {
    guard policy.limitsRate else { return }
    while let seconds = change(policy, { $0.wait(at: policy.uptime()) }) {
      try await policy.sleep(.nanoseconds(Int64(seconds * 1e9)))
    }
  }

  /// To be called with how every request ended.
  func record(throttled: Bool, _ policy: RetryPolicy) {
    guard policy.limitsRate else { return }
    change(policy) { $0.record(throttled: throttled, at: policy.uptime()) }
  }

  /// Whether a request may be sent again; nil: not, else what it cost.
  func payForRetry(afterTimeout: Bool, _ policy: RetryPolicy) -> Int? {
    guard policy.hasQuota else { return 0 }
    let cost = RetryQuota.cost(isTimeout: afterTimeout)
    return quota.withLockedValue { $0.take(cost) } ? cost : nil
  }

  /// To be called when a request has succeeded.
  /// - Parameter cost: of its last retry; nil: there was none.
  func refund(_ cost: Int?) { quota.withLockedValue { $0.refund(cost) } }

  @discardableResult
  private func change<Result>(_ policy: RetryPolicy, _ body: (inout AdaptiveRateLimiter) -> Result) -> Result {
    limiter.withLockedValue { limiter in
      // The measuring begins with the first request, whose clock the policy brings.
      var value = limiter ?? AdaptiveRateLimiter(now: policy.uptime())
      defer { limiter = value }
      return body(&value)
    }
  }
}
