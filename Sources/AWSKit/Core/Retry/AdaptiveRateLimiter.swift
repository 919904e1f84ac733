internal import Glibc

/// The rate of requests in the adaptive mode: measured always, limited from the first reply on that asks to slow down.
/// Such a reply cuts the rate to 0.7 of what was measured; with each other reply it grows along the curve of CUBIC
/// (RFC 9438), at first quickly back towards the old rate, then slowly, then beyond. Numbers of botocore 1.43.
///
/// Pure: time is passed in, in seconds since any moment.
struct AdaptiveRateLimiter: Sendable {
  private static let lowestRate = 0.5
  private static let decrease = 0.7
  private static let scale = 0.4
  private static let smoothing = 0.8
  /// The rate is measured over half seconds.
  private static let slotsPerSecond = 2.0
  /// Seconds.
  private static let shortestWait = 0.001
  /// Of the measured rate.
  private static let highestGrowth = 2.0

  private(set) var isLimiting = false
  /// Requests per second.
  private(set) var rate = 1.0
  /// Requests that may be sent at once.
  private(set) var tokens = 0.0

  private var capacity = 1.0
  private var filledAt: Double
  private var measuredRate = 0.0
  private var count = 0.0
  private var slot: Double
  private var lastRate = 0.0
  private var plateau = 0.0
  private var throttledAt: Double

  init(now: Double) {
    filledAt = now
    slot = now.rounded(.down)
    throttledAt = now
  }

  /// Seconds to wait and then ask again; nil: send now.
  mutating func wait(at now: Double) -> Double? {
    guard isLimiting else { return nil }
    fill(now)
    guard tokens < 1 else {
      tokens -= 1
      return nil
    }
    // What rounding leaves over must not be waited for in a circle.
    return max((1 - tokens) / rate, Self.shortestWait)
  }

  /// A reply, or the failure to get one.
  mutating func record(throttled: Bool, at now: Double) {
    measure(now)
    var next: Double
    if throttled {
      lastRate = isLimiting ? min(measuredRate, rate) : measuredRate
      plateau = cbrt(lastRate * (1 - Self.decrease) / Self.scale)
      throttledAt = now
      next = lastRate * Self.decrease
      isLimiting = true
    } else {
      let distance = now - throttledAt - plateau
      next = Self.scale * distance * distance * distance + lastRate
    }
    next = min(next, Self.highestGrowth * measuredRate)
    // What has come in until now came in at the old rate.
    fill(now)
    rate = max(next, Self.lowestRate)
    capacity = max(next, 1)
    tokens = min(tokens, capacity)
  }

  private mutating func fill(_ now: Double) {
    tokens = min(capacity, tokens + max(0, now - filledAt) * rate)
    filledAt = max(filledAt, now)
  }

  private mutating func measure(_ now: Double) {
    count += 1
    let current = (now * Self.slotsPerSecond).rounded(.down) / Self.slotsPerSecond
    guard current > slot else { return }
    measuredRate = count / (current - slot) * Self.smoothing + measuredRate * (1 - Self.smoothing)
    count = 0
    slot = current
  }
}
