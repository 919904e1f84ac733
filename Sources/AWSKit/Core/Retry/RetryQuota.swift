/// What the retries of all requests of a client are paid from: while most requests succeed it is full, while a server
/// fails it runs dry, and requests then fail at their first attempt. Numbers of botocore 1.43's standard mode.
struct RetryQuota: Sendable {
  static let capacity = 500
  /// What a request that succeeds at once adds.
  static let income = 1

  private(set) var available = Self.capacity

  /// A time-out has kept a connection busy, so that it costs twice.
  static func cost(isTimeout: Bool) -> Int { isTimeout ? 10 : 5 }

  /// Whether there was enough.
  mutating func take(_ cost: Int) -> Bool {
    guard cost <= available else { return false }
    available -= cost
    return true
  }

  /// - Parameter cost: of the last retry of a request that has succeeded; nil: it needed none.
  mutating func refund(_ cost: Int?) { available = min(Self.capacity, available + (cost ?? Self.income)) }
}
