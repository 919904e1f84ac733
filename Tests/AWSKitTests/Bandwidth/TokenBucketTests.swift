import Testing

@testable import AWSKit

@Suite struct TokenBucketTests {
  /// Transfers that each want so many bytes, from grant to grant.
  private struct Line {
    var bucket = TokenBucket(now: .zero)
    var now: Duration = .zero
    var wanted: [UInt64: Int] = [:]
    var got: [UInt64: Int] = [:]
    /// When each had all.
    var ended: [UInt64: Duration] = [:]

    init(rate: Int64?) { bucket.setRate(rate, now: .zero) }

    mutating func begin(_ transfer: UInt64, _ bytes: Int) {
      wanted[transfer] = bytes
      bucket.request(transfer, atMost: bytes)
    }

    /// One step in time.
    mutating func step() {
      guard let next = bucket.nextGrant else { return }
      now = max(now, next)
      for grant in bucket.grants(now: now) {
        got[grant.ticket, default: 0] += grant.bytes
        let rest = wanted[grant.ticket, default: 0] - got[grant.ticket, default: 0]
        if rest > 0 { bucket.request(grant.ticket, atMost: rest) } else { ended[grant.ticket] = now }
      }
    }

    mutating func run() { while bucket.nextGrant != nil { step() } }
  }

  @Test(arguments: [
    (rate: Int64(100_000), bytes: 1_000_000, seconds: 10.0), (1024, 10_240, 10), (1 << 30, 10 << 30, 10),
    (20_000_000, 1_000_000, 0.05),
    // A portion takes 25.6 s.
    (10, 1000, 100),
  ])
  func passesAtTheRate(rate: Int64, bytes: Int, seconds: Double) throws {
    var line = Line(rate: rate)
    line.begin(1, bytes)
    line.run()
    let time = try #require(line.ended[1]) / .seconds(1)
    // A nanosecond is lost in each portion at most.
    #expect(abs(time - seconds) < 0.0001)
    #expect(line.got[1] == bytes)
  }

  @Test func transfersTakeTurns() throws {
    let rate: Int64 = 1 << 20
    let portion = TokenBucket.portion(at: rate)
    var line = Line(rate: rate)
    for transfer in 1...4 as ClosedRange<UInt64> { line.begin(transfer, 100 << 20) }
    while line.now < .seconds(8) {
      line.step()
      let shares = (1...4).map { line.got[$0] ?? 0 }
      #expect(shares.max()! - shares.min()! <= portion)
    }
    // A small one waits for one turn of the others.
    line.begin(5, 1000)
    let begun = line.now
    while line.ended[5] == nil { line.step() }
    #expect(line.now - begun <= .milliseconds(50 * 5))
    #expect(abs(Double(line.got.values.reduce(0, +)) / (line.now / .seconds(1)) / Double(rate) - 1) < 0.01)
  }

  /// A hundred transfers each move before a server loses patience, however slow the limit.
  @Test(arguments: [1024, 5000, 100_000, 1 << 20, 1 << 30] as [Int64]) func nobodyWaitsLong(rate: Int64) {
    var line = Line(rate: rate)
    for transfer in 1...100 as ClosedRange<UInt64> { line.begin(transfer, 10 << 20) }
    while line.got.count < 100 { line.step() }
    #expect(line.now <= .seconds(25))
    #expect(rate < 5120 || line.now <= .milliseconds(5001))
  }

  @Test func unusedTimeIsKeptForABurst() {
    var line = Line(rate: 1_000_000)
    line.now = .seconds(3600)
    line.begin(1, 10_000_000)
    line.step()
    // Half a second's worth, taken in portions at once.
    while line.bucket.nextGrant.map({ $0 <= .seconds(3600) }) ?? false { line.step() }
    #expect(line.now == .seconds(3600))
    #expect(line.got[1] == 500_000)
    line.run()
    #expect(line.ended[1] == .seconds(3609.5))
  }

  @Test(arguments: [nil, 1000, 10_000_000] as [Int64?]) func aNewRateHoldsForThoseWhoWait(rate: Int64?) {
    var line = Line(rate: 100_000)
    line.begin(1, 1_000_000)
    line.begin(2, 1_000_000)
    while line.now < .seconds(5) { line.step() }
    let passed = line.got.values.reduce(0, +)
    line.bucket.setRate(rate, now: line.now)
    let changed = line.now
    line.run()
    let time = (line.now - changed) / .seconds(1)
    let expected = rate.map { Double(2_000_000 - passed) / Double($0) } ?? 0
    #expect(abs(time - expected) <= expected * 0.01)
  }

  @Test func aLimitBeginsWithoutABurst() {
    var line = Line(rate: nil)
    line.begin(1, 1 << 30)
    line.run()
    #expect(line.now == .zero && line.got[1] == 1 << 30)
    line.now = .seconds(100)
    line.bucket.setRate(100_000, now: line.now)
    line.begin(2, 100_000)
    line.run()
    #expect(line.ended[2] == .seconds(101))
  }

  @Test func whoeverGoesAwayIsNotWaitedFor() {
    var line = Line(rate: 1024)
    for transfer in 1...3 as ClosedRange<UInt64> { line.begin(transfer, 256) }
    line.bucket.withdraw(1)
    line.bucket.withdraw(2)
    line.run()
    #expect(line.now == .milliseconds(250))
    #expect(line.got == [3: 256])
  }
}
