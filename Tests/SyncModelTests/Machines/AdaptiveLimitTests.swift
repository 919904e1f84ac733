import Testing

@testable import SyncModel

@Suite struct AdaptiveLimitTests {
  /// A server that answers each request after a round trip of 50 ms, `capacity` of them at once.
  private static func run(_ limit: inout AdaptiveLimit, capacity: Int, seconds: Int, from start: Int64 = 0) -> Int64 {
    var now = start
    while now < start + Int64(seconds) * 1_000_000_000 {
      let inFlight = limit.limit
      now += 50_000_000 * Int64(max(inFlight, capacity)) / Int64(capacity)
      for _ in 0..<inFlight { limit.succeeded(bytes: 4096, inFlight: inFlight, now: now) }
    }
    return now
  }

  @Test func `it grows while the throughput grows`() {
    var limit = AdaptiveLimit(initial: 16, maximum: 256)
    _ = Self.run(&limit, capacity: 1000, seconds: 60)
    #expect(limit.limit == 256)
  }

  @Test func `it stays near what the server can do`() {
    var limit = AdaptiveLimit(initial: 4, maximum: 256)
    var now: Int64 = 0
    for _ in 0..<10 {
      now = Self.run(&limit, capacity: 40, seconds: 10, from: now)
    }
    #expect((36...48).contains(limit.limit))
  }

  @Test func `it does not grow while too few operations run`() {
    var limit = AdaptiveLimit(initial: 16, maximum: 256)
    for step in 0..<10_000 { limit.succeeded(bytes: 0, inFlight: 3, now: Int64(step) * 10_000_000) }
    #expect(limit.limit == 16)
  }

  @Test func `it halves on slow-down, once for each round trip`() {
    var limit = AdaptiveLimit(initial: 32, maximum: 64)
    limit.slowedDown(sentAt: 100, now: 200)
    for sent in 100..<150 { limit.slowedDown(sentAt: Int64(sent), now: 210) }
    #expect(limit.limit == 16)
    limit.slowedDown(sentAt: 200, now: 300)
    #expect(limit.limit == 8)
  }

  @Test func `it never falls below the minimum`() {
    var limit = AdaptiveLimit(initial: 32, minimum: 2, maximum: 64)
    for step in 0..<100 { limit.slowedDown(sentAt: Int64(step), now: Int64(step)) }
    #expect(limit.limit == 2)
  }

  @Test func `it recovers after a slow-down`() {
    var limit = AdaptiveLimit(initial: 32, maximum: 64)
    limit.slowedDown(sentAt: 0, now: 0)
    _ = Self.run(&limit, capacity: 1000, seconds: 60, from: 1)
    #expect(limit.limit == 64)
  }

  @Test(arguments: [(16, 8, 8), (1, 8, 2), (16, 1, 2), (5, 8, 5)])
  func `the start lies within the limits`(_ initial: Int, _ maximum: Int, _ expected: Int) {
    #expect(AdaptiveLimit(initial: initial, minimum: 2, maximum: maximum).limit == expected)
  }
}
