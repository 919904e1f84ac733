/// How often and after which pauses a failed request is sent again: full jitter, that is, a pause is random between
/// zero and a limit that doubles with each attempt. Source: "Exponential Backoff And Jitter", AWS Architecture Blog.
public struct RetryPolicy: Sendable {
  /// Requests in all, the first included; at least 1.
  public var maximumAttempts: Int
  /// Limit of the first pause.
  public var baseDelay: Duration
  /// Limit of the first pause after a reply that asks to slow down.
  public var throttledBaseDelay: Duration
  /// Limit of any pause.
  public var maximumDelay: Duration
  public var sleep: @Sendable (Duration) async throws -> Void
  /// A number in 0 ..< 1.
  public var random: @Sendable () -> Double

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

  /// The pause after the n-th attempt has failed, n from 1.
  package func delay(afterAttempt attempt: Int, throttled: Bool) -> Duration {
    let base = throttled ? throttledBaseDelay : baseDelay
    // 2^20 base delays are beyond every maximum; more would overflow.
    return min(base * (1 << min(attempt - 1, 20)), maximumDelay) * random()
  }
}
