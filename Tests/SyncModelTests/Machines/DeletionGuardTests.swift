import Testing

@testable import SyncModel

@Suite struct DeletionLimitTests {
  @Test(arguments: [
    ("none", DeletionLimit.unlimited), ("0", .files(0)), ("100", .files(100)), ("0%", .percent(0)),
    ("25%", .percent(25)),
    ("100%", .percent(100)),
  ])
  func `it is a number, a share or none`(_ text: String, _ expected: DeletionLimit) throws {
    #expect(try DeletionLimit(parsing: text) == expected)
    #expect(expected.description == text)
  }

  @Test(arguments: ["", "%", "-1", "+1", "1.5%", "101%", "5 %", "None", "all", "٣", "99999999999999999999"])
  func `other texts are refused by name`(_ text: String) {
    #expect {
      try DeletionLimit(parsing: text)
    } throws: {
      "\($0)".hasPrefix("--max-delete \(text):") && "\($0)".contains("none")
    }
  }

  @Test(arguments: [
    (DeletionLimit.standard, 20, 20, false), (.standard, 21, 42, false), (.standard, 21, 41, true),
    (.standard, 500, 1000, false), (.standard, 501, 1000, true),
    (.files(5), 5, 5, false), (.files(5), 6, 1_000_000, true), (.files(0), 0, 9, false), (.files(0), 1, 9, true),
    (.percent(10), 10, 100, false), (.percent(10), 11, 100, true), (.percent(0), 0, 0, false),
    (.percent(0), 1, 100, true), (.percent(100), 7, 7, false), (.unlimited, 9, 9, false),
    (.standard, .max, .max, true),
  ])
  func `it is exceeded by more than what it says`(
    _ limit: DeletionLimit, _ count: Int, _ total: Int, _ isExceeded: Bool
  ) {
    #expect(limit.isExceeded(by: count, of: total) == isExceeded)
  }
}

@Suite struct DeletionGuardTests {
  static let second: Int64 = 1_000_000_000
  private var guardian = DeletionGuard()

  /// Deletes by hints as long as that is allowed; returns how many were.
  private mutating func delete(_ count: Int, of base: Int, now: Int64, side: DeletionSide = .remote) -> Int {
    for done in 0..<count {
      guard guardian.judgeHint(side, baseCount: base - done, now: now) == .allow else { return done }
      guardian.finishHint(side, wasDeleted: true, now: now)
    }
    return count
  }

  private mutating func pass(_ count: Int, of base: Int, isEmpty: Bool = false, now: Int64 = 0) -> DeletionGuard.Verdict
  {
    guardian.judgePass(.remote, count: count, baseCount: base, isOtherSideEmpty: isEmpty, now: now)
  }

  @Test mutating func `a pass within the limit may delete`() {
    #expect(pass(500, of: 1000) == .allow)
    #expect(guardian.halted.isEmpty)
  }

  @Test mutating func `a pass beyond the limit is halted and says how to go on`() throws {
    let verdict = pass(501, of: 1000)
    let halt = try #require(guardian.halted.first)
    #expect(verdict == .halt(halt))
    #expect(halt.reason == .tooMany)
    #expect("\(halt)".contains("501 of 1000 files would be deleted in the bucket"))
    #expect("\(halt)".contains("--max-delete"))
  }

  @Test mutating func `an emptied side halts even few deletions`() throws {
    let verdict = pass(3, of: 3, isEmpty: true)
    let halt = try #require(guardian.halted.first)
    #expect(verdict == .halt(halt))
    #expect("\(halt)".contains("the local folder is empty, so all 3 files would be deleted in the bucket"))
  }

  @Test mutating func `the only file may be deleted`() {
    #expect(pass(1, of: 1, isEmpty: true) == .allow)
  }

  @Test mutating func `an emptied side stays halted while its rows go`() {
    #expect(pass(3, of: 3, isEmpty: true) != .allow)
    #expect(pass(1, of: 1, isEmpty: true) != .allow)
    #expect(pass(1, of: 1, isEmpty: true) != .allow)
    #expect(pass(1, of: 1) == .allow)
    #expect(pass(1, of: 1, isEmpty: true) == .allow)
  }

  @Test mutating func `rows that the pass itself dropped count for an emptied side`() {
    let verdict = guardian.judgePass(
      .local, count: 1, baseCount: 1, knownBefore: 2, isOtherSideEmpty: true, now: 0)
    #expect(verdict != .allow)
  }

  @Test mutating func `an empty side without deletions is nothing to halt`() {
    #expect(pass(0, of: 5, isEmpty: true) == .allow)
    #expect(pass(0, of: 0, isEmpty: true) == .allow)
  }

  @Test(arguments: [DeletionLimit.unlimited, .percent(100), .files(3)])
  mutating func `the user's own limit approves an emptied side`(_ limit: DeletionLimit) {
    guardian = DeletionGuard(limit: limit)
    #expect(pass(3, of: 3, isEmpty: true) == .allow)
  }

  @Test mutating func `the user's own limit also halts`() {
    guardian = DeletionGuard(limit: .files(2))
    #expect(pass(3, of: 1000) != .allow)
  }

  @Test mutating func `hints within the limit may delete`() {
    #expect(delete(500, of: 1000, now: 0) == 500)
  }

  @Test mutating func `hints beyond the limit are halted`() {
    #expect(delete(1000, of: 1000, now: 0) == 500)
    #expect(guardian.halted.first?.count == 501)
    #expect(guardian.halted.first?.total == 1000)
  }

  @Test mutating func `a minute later hints may delete again`() {
    #expect(delete(400, of: 1000, now: 0) == 400)
    #expect(delete(300, of: 600, now: 59 * Self.second) == 100)
    guardian = DeletionGuard()
    #expect(delete(400, of: 1000, now: 0) == 400)
    #expect(delete(300, of: 600, now: 60 * Self.second) == 300)
  }

  @Test mutating func `what was halted does not trickle through`() {
    #expect(delete(600, of: 1000, now: 0) == 500)
    #expect(delete(1, of: 500, now: 3600 * Self.second) == 0)
    // 100 of the remaining 500 alone would pass.
    #expect(pass(100, of: 500, now: 7200 * Self.second) != .allow)
  }

  @Test mutating func `a pass that finds the files again ends the halt`() {
    #expect(delete(600, of: 1000, now: 0) == 500)
    #expect(pass(0, of: 500, now: Self.second) == .allow)
    #expect(guardian.halted.isEmpty)
    #expect(delete(1, of: 2000, now: 2 * Self.second) == 1)
  }

  @Test mutating func `a pass counts the last minute's hints too`() {
    #expect(delete(300, of: 1000, now: 0) == 300)
    #expect(pass(201, of: 700, now: Self.second) != .allow)
    guardian = DeletionGuard()
    #expect(delete(300, of: 1000, now: 0) == 300)
    #expect(pass(201, of: 700, now: 61 * Self.second) == .allow)
  }

  @Test mutating func `deletions under way count, failed ones do not`() {
    for _ in 0..<500 { #expect(guardian.judgeHint(.local, baseCount: 1000, now: 0) == .allow) }
    #expect(guardian.judgeHint(.local, baseCount: 1000, now: 0) != .allow)
    guardian = DeletionGuard()
    for _ in 0..<5000 {
      #expect(guardian.judgeHint(.local, baseCount: 30, now: 0) == .allow)
      guardian.finishHint(.local, wasDeleted: false, now: 0)
    }
  }

  @Test mutating func `the sides are counted apart`() {
    #expect(delete(600, of: 1000, now: 0, side: .remote) == 500)
    #expect(delete(500, of: 1000, now: 0, side: .local) == 500)
    #expect(guardian.halted.map(\.side) == [.remote])
  }

  @Test func `the window stays small`() {
    var window = DeletionWindow()
    for step in 0..<100_000 {
      window.add(at: Int64(step) * 10_000_000)
      window.expire(now: Int64(step) * 10_000_000)
    }
    #expect(window.count == 6000)
  }
}
