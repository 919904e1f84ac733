internal import Glibc

/// How often, after which pauses and at whose expense a failed request is sent again. A pause is random between zero
/// and a limit that doubles with each attempt ("full jitter"). Source: "Exponential Backoff And Jitter", AWS
/// Architecture Blog.
public struct RetryPolicy: Sendable {
  /// AWS's names for what to do: `retry_mode` of the AWS SDKs.
  public enum Mode: String, Sendable, CaseIterable {
    /// Five requests, pauses up to 1, 2, 4, … seconds.
    case legacy
    /// Three requests, pauses up to 1, 2, 4, … 20 seconds, out of a quota that all requests of a client share.
    case standard
    /// As ``standard``; and after the first reply that asks to slow down, no more requests a second than the server
    /// took lately.
    case adaptive
  }

  /// Requests in all, the first included; at least 1.
  public var maximumAttempts: Int
  /// Limit of the first pause.
  public var baseDelay: Duration
  /// Limit of the first pause after a reply that asks to slow down.
  public var throttledBaseDelay: Duration
  /// Limit of any pause.
  public var maximumDelay: Duration
  /// Whether retries come out of a quota, so that a server that fails is not asked many times as often as usual.
  public var hasQuota = true
  /// Whether the client limits the rate of its requests once a server has asked it to.
  public var limitsRate = false
  public var sleep: @Sendable (Duration) async throws -> Void
  /// A number in 0 ..< 1.
  public var random: @Sendable () -> Double
  /// Seconds since any moment; never back.
  public var uptime: @Sendable () -> Double = Self.monotonicSeconds

  /// What no mode is asked for: quick first pauses, since a lost connection is not yet a server under load.
  public init(
    maximumAttempts: Int = 5, baseDelay: Duration = .milliseconds(100), throttledBaseDelay: Duration = .seconds(1),
    maximumDelay: Duration = .seconds(20),
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
    random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
  ) {
    self.maximumAttempts = max(1, maximumAttempts)
    self.baseDelay = baseDelay
    self.throttledBaseDelay = throttledBaseDelay
    self.maximumDelay = maximumDelay
    self.sleep = sleep
    self.random = random
  }

  /// With the counts and pauses of botocore 1.43. What is sent again is the same in all modes: whatever one of
  /// botocore's modes sends again.
  public init(mode: Mode) {
    self.init(
      maximumAttempts: mode == .legacy ? 5 : 3, baseDelay: .seconds(1), throttledBaseDelay: .seconds(1),
      maximumDelay: mode == .legacy ? .seconds(1 << 20) : .seconds(20))
    hasQuota = mode != .legacy
    limitsRate = mode == .adaptive
  }

  /// The pause after the n-th attempt has failed, n from 1.
  package func delay(afterAttempt attempt: Int, throttled: Bool) -> Duration {
    let base = throttled ? throttledBaseDelay : baseDelay
    // 2^20 base delays are beyond every maximum; more would overflow.
    return min(base * (1 << min(attempt - 1, 20)), maximumDelay) * random()
  }

  private static func monotonicSeconds() -> Double {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
  }
}
