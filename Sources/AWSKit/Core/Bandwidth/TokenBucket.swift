/// Lets the bytes of many transfers pass at a rate, a portion of each in turn; a pure value that is told the time.
///
/// What passes is paid for with time: a portion is due when the time has passed that it takes at the rate. Unused time
/// is kept up to ``burst``.
struct TokenBucket: Sendable {
  typealias Ticket = UInt64

  /// Bytes per second, more than 0; nil: no limit.
  private(set) var rate: Int64?
  /// At least; what a portion takes where that is longer (below 512 bytes per second), or none would ever be due.
  let burst: Duration
  /// Up to when the time is used.
  private var paid: Duration
  private var queue: [(ticket: Ticket, bytes: Int)] = []

  /// - Parameter now: on any clock that does not go back; as in all that follows.
  init(burst: Duration = .milliseconds(500), now: Duration) {
    self.burst = burst
    paid = now
  }

  /// Holds at once, for those who wait as well.
  mutating func setRate(_ rate: Int64?, now: Duration) {
    // Without a limit no time was used; that is nothing to save.
    if self.rate == nil { paid = now }
    self.rate = rate
  }

  /// Queues for up to `bytes`, more than 0.
  mutating func request(_ ticket: Ticket, atMost bytes: Int) { queue.append((ticket, bytes)) }

  mutating func withdraw(_ ticket: Ticket) { queue.removeAll { $0.ticket == ticket } }

  /// Who may let how many bytes pass; for the rest each queues again, behind the others.
  mutating func grants(now: Duration) -> [(ticket: Ticket, bytes: Int)] {
    guard let rate else {
      defer { queue = [] }
      return queue
    }
    paid = max(paid, now - max(burst, Self.time(for: Self.portion(at: rate), at: rate)))
    var count = 0
    while count < queue.count {
      let bytes = min(queue[count].bytes, Self.portion(at: rate))
      let due = paid + Self.time(for: bytes, at: rate)
      guard due <= now else { break }
      paid = due
      queue[count].bytes = bytes
      count += 1
    }
    defer { queue.removeFirst(count) }
    return Array(queue.prefix(count))
  }

  /// When ``grants(now:)`` has something to give; nil while nobody waits.
  var nextGrant: Duration? {
    guard let first = queue.first else { return nil }
    guard let rate else { return paid }
    return paid + Self.time(for: min(first.bytes, Self.portion(at: rate)), at: rate)
  }

  /// Bytes that one transfer gets at a time: what passes in 50 ms, so that a hundred transfers each have their turn
  /// within seconds, long before a server gives one of them up (S3: 20 s). At least 256: less than that is mostly
  /// headers of packets.
  static func portion(at rate: Int64) -> Int { Int(min(max(rate / 20, 256), 1 << 20)) }

  private static func time(for bytes: Int, at rate: Int64) -> Duration {
    .nanoseconds(Int64(bytes) * 1_000_000_000 / rate)
  }
}
