import Testing

@testable import SyncModel

@Suite struct BackoffTests {
  @Test(
    arguments: [
      (0, 1), (1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (64, 300), (1000, 300), (.max, 300),
    ] as [(Int, Int64)])
  func `the bound doubles up to five minutes`(_ failures: Int, _ seconds: Int64) {
    #expect(Backoff().bound(afterFailures: failures) == seconds * 1_000_000_000)
  }

  @Test func `the wait is anywhere up to the bound`() {
    let backoff = Backoff(base: 10, cap: 1000)
    #expect(backoff.wait(afterFailures: 2, random: 0) == 0)
    #expect(backoff.wait(afterFailures: 2, random: 20) == 20)
    #expect(backoff.wait(afterFailures: 2, random: 21) == 0)
    #expect((0...20).contains(backoff.wait(afterFailures: 2, random: .max)))
  }

  @Test func `odd bounds are put right`() {
    #expect(Backoff(base: 0, cap: 0).bound(afterFailures: 5) == 1)
    #expect(Backoff(base: 100, cap: 10).bound(afterFailures: 5) == 100)
    #expect(Backoff(base: 1, cap: .max).bound(afterFailures: 63) == 1 << 62)
    #expect(Backoff(base: 1, cap: .max).bound(afterFailures: 64) == .max)
  }
}

@Suite struct QuarantineTests {
  static let a = RelativePath(unchecked: "a")
  static let b = RelativePath(unchecked: "b")
  private var quarantine = Quarantine(backoff: Backoff(base: 100, cap: 1000), reportAfter: 3, capacity: 2)

  @Test mutating func `failures add up, the age is the first one's`() {
    _ = quarantine.failed(Self.a, message: "one", now: 10, random: 0)
    let entry = quarantine.failed(Self.a, message: "two", now: 20, random: 150)
    #expect(entry == Quarantine.Entry(path: Self.a, failures: 2, since: 10, nextTry: 170, message: "two"))
    #expect(quarantine.entry(for: Self.a) == entry)
  }

  @Test mutating func `a path is reported after some failures`() {
    for _ in 0..<2 { _ = quarantine.failed(Self.b, message: "", now: 0, random: 0) }
    #expect(quarantine.reported.isEmpty)
    for _ in 0..<3 {
      _ = quarantine.failed(Self.b, message: "", now: 0, random: 0)
      _ = quarantine.failed(Self.a, message: "", now: 0, random: 0)
    }
    #expect(quarantine.reported.map(\.path) == [Self.a, Self.b])
  }

  @Test mutating func `a success forgets, and tells of the recovery if there was a report`() {
    _ = quarantine.failed(Self.a, message: "", now: 0, random: 0)
    #expect(quarantine.succeeded(Self.a) == nil)
    for _ in 0..<3 { _ = quarantine.failed(Self.a, message: "", now: 0, random: 0) }
    #expect(quarantine.succeeded(Self.a)?.failures == 3)
    #expect(quarantine.succeeded(Self.a) == nil)
    #expect(quarantine.count == 0)
  }

  @Test mutating func `it stays bounded, and what it cannot remember waits long`() {
    for number in 0..<50 {
      let path = RelativePath(unchecked: "\(number)")
      let entry = quarantine.failed(path, message: "", now: 0, random: 1000)
      #expect(entry.nextTry == (number < 2 ? 1000 % 101 : 1000))
    }
    #expect(quarantine.count == 2)
  }
}
