import Testing

@testable import SyncModel

@Suite struct DirtyTableTests {
  static let a = RelativePath(unchecked: "a")
  static let b = RelativePath(unchecked: "b")
  static let c = RelativePath(unchecked: "c")

  private var table = DirtyTable(capacity: 100, maximumWait: 1000)

  @Test mutating func `a hint comes out when it is due, once`() {
    table.insert(Self.a, .localEvent, now: 0, notBefore: 50)
    #expect(table.nextReady() == 50)
    #expect(table.takeReady(now: 49, limit: 10).isEmpty)
    #expect(table.takeReady(now: 50, limit: 10).map(\.path) == [Self.a])
    #expect(table.isEmpty)
    #expect(table.nextReady() == nil)
  }

  @Test mutating func `hints on one path become one entry with the earliest age`() {
    table.insert(Self.a, .localEvent, now: 10, notBefore: 20)
    table.insert(Self.a, .listing, now: 15, notBefore: 15)
    let entry = table.takeReady(now: 100, limit: 10)
    #expect(entry.count == 1)
    #expect(entry.first?.reasons == [.localEvent, .listing])
    #expect(entry.first?.since == 10)
  }

  @Test mutating func `a later hint postpones, up to the maximum wait`() {
    for now in stride(from: Int64(0), through: 5000, by: 100) {
      table.insert(Self.a, .localEvent, now: now, notBefore: now + 300)
      #expect(table.nextReady() == min(now + 300, 1000))
    }
  }

  @Test mutating func `a retry waits for its own time`() {
    table.insert(Self.a, .retry, now: 0, notBefore: 50_000, since: -70)
    #expect(table.nextReady() == 50_000)
    #expect(table.entry(for: Self.a)?.since == -70)
  }

  @Test(arguments: [HintReasons.localEvent, .remoteEvent])
  mutating func `an event ends a retry's wait`(_ event: HintReasons) {
    table.insert(Self.a, .retry, now: 0, notBefore: 50_000)
    table.insert(Self.b, .fullPass, now: 0, notBefore: 700)
    table.insert(Self.a, event, now: 500, notBefore: 600)
    #expect(table.nextReady() == 600)
    #expect(table.takeReady(now: 700, limit: 9).map(\.path) == [Self.a, Self.b])
    #expect(table.nextReady() == nil)
  }

  @Test(arguments: [HintReasons.listing, .fullPass, .absenceSeen])
  mutating func `a look at an unchanged world does not end a retry's wait`(_ reason: HintReasons) {
    table.insert(Self.a, .retry, now: 0, notBefore: 50_000)
    table.insert(Self.a, reason, now: 10, notBefore: 10)
    #expect(table.nextReady() == 50_000)
  }

  @Test mutating func `what exceeds the capacity is taken out, what is due last and has waited longest first`() {
    table = DirtyTable(capacity: 4, maximumWait: 1000)
    func path(_ number: Int64) -> RelativePath { RelativePath(unchecked: "p\(number)") }
    // Not due at 100: p3 … p6, of which p6 has been out of sync for longest.
    for number in 0..<3 as Range<Int64> { table.insert(path(number), .fullPass, now: 0, notBefore: number) }
    for number in 3..<7 as Range<Int64> {
      table.insert(path(number), .retry, now: 0, notBefore: 500, since: -number)
    }
    let spilled = table.overflow(now: 100)
    #expect(spilled.map(\.path) == [path(6), path(5), path(4), path(3)])
    #expect(table.count == 3)
    #expect(table.overflow(now: 100).isEmpty)
    #expect(table.takeReady(now: 1000, limit: 9).map(\.path) == [path(0), path(1), path(2)])
    #expect(table.nextReady() == nil)
  }

  @Test mutating func `at most the limit is taken, the longest due first`() {
    table.insert(Self.c, .fullPass, now: 0, notBefore: 2)
    table.insert(Self.a, .fullPass, now: 0, notBefore: 3)
    table.insert(Self.b, .fullPass, now: 0, notBefore: 1)
    #expect(table.takeReady(now: 10, limit: 2).map(\.path) == [Self.b, Self.c])
    #expect(table.takeReady(now: 10, limit: 2).map(\.path) == [Self.a])
  }

  @Test mutating func `equal times keep the order of the hints`() {
    for path in [Self.b, Self.a, Self.c] { table.insert(path, .fullPass, now: 0, notBefore: 0) }
    #expect(table.takeReady(now: 0, limit: 3).map(\.path) == [Self.b, Self.a, Self.c])
  }

  @Test mutating func `the generation tells that a hint came while the path was in work`() {
    table.insert(Self.a, .localEvent, now: 0, notBefore: 0)
    let taken = table.takeReady(now: 0, limit: 1)[0]
    #expect(table.generation(of: Self.a) == 0)
    table.insert(Self.a, .localEvent, now: 5, notBefore: 5)
    #expect(table.generation(of: Self.a) > taken.generation)
    #expect(table.entry(for: Self.a)?.since == 5)
  }

  @Test mutating func `the newest listing's state wins`() {
    let old = SeenRemote(state: .absent, revision: 3)
    let new = SeenRemote(state: .object(Given.remote), revision: 4)
    table.insert(Self.a, .listing, now: 0, notBefore: 0, remote: new)
    table.insert(Self.a, .listing, now: 1, notBefore: 1, remote: old)
    #expect(table.entry(for: Self.a)?.remote == new)
    table.insert(Self.a, .listing, now: 2, notBefore: 2, remote: SeenRemote(state: .absent, revision: 4))
    #expect(table.entry(for: Self.a)?.remote?.state == .absent)
  }

  @Test mutating func `a local event keeps a listing's state, a remote one voids it`() {
    table.insert(Self.a, .listing, now: 0, notBefore: 0, remote: SeenRemote(state: .absent, revision: 1))
    table.insert(Self.a, .localEvent, now: 1, notBefore: 1)
    #expect(table.entry(for: Self.a)?.remote != nil)
    table.insert(Self.a, .remoteEvent, now: 2, notBefore: 2)
    #expect(table.entry(for: Self.a)?.remote == nil)
  }

  @Test mutating func `above the capacity the surplus is handed out`() {
    table = DirtyTable(capacity: 4, maximumWait: 1000)
    for number in 0..<5 {
      table.insert(RelativePath(unchecked: "\(number)"), .localEvent, now: Int64(number), notBefore: Int64(number * 10))
    }
    // Due at 20: 0, 1 and 2; of those that are not, 3 is the oldest.
    #expect(table.overflow(now: 20).map(\.path.string) == ["3", "4"])
    #expect(table.takeReady(now: 1000, limit: 10).map(\.path.string) == ["0", "1", "2"])
  }

  @Test mutating func `what is due is handed out last, and of it the last due first`() {
    table = DirtyTable(capacity: 4, maximumWait: 1000)
    for number in 0..<5 {
      table.insert(RelativePath(unchecked: "\(number)"), .localEvent, now: 0, notBefore: Int64(number))
    }
    #expect(table.overflow(now: 100).map(\.path.string) == ["4", "3"])
    #expect(table.overflow(now: 100).isEmpty)
  }

  @Test mutating func `the first paths are listed in order`() {
    for number in (0..<50).reversed() {
      table.insert(RelativePath(unchecked: "\(number + 10)"), .listing, now: 0, notBefore: 0)
    }
    #expect(table.paths(limit: 3).map(\.string) == ["10", "11", "12"])
  }

  @Test mutating func `the oldest age is that of all entries`() {
    #expect(table.oldestSince == nil)
    table.insert(Self.a, .localEvent, now: 9, notBefore: 9)
    table.insert(Self.b, .retry, now: 10, notBefore: 99, since: 4)
    #expect(table.oldestSince == 4)
  }

  @Test func `fifty thousand paths with repeated hints come out in order`() {
    var random = SeededRandom(7)
    var table = DirtyTable(capacity: 200_000, maximumWait: 1_000_000)
    for _ in 0..<2 {
      for number in 0..<50_000 {
        table.insert(
          RelativePath(unchecked: "\(number)"), .localEvent, now: 0,
          notBefore: Int64.random(in: 0..<1000, using: &random)
        )
      }
    }
    var last: Int64 = -1
    var taken = 0
    while let next = table.nextReady() {
      for entry in table.takeReady(now: next, limit: 64) {
        #expect(entry.notBefore >= last && entry.notBefore <= next)
        last = entry.notBefore
        taken += 1
      }
    }
    #expect(taken == 50_000)
  }
}
