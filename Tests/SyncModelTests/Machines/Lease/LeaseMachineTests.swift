import Testing

@testable import SyncModel

private let second: Int64 = 1_000_000_000

/// Every state of the machine against everything that can happen in it.
@Suite struct LeaseMachineTests {
  /// A machine and a clock; the lock object is whatever a test says.
  struct Bench {
    var machine: LeaseMachine
    var now: Int64 = 1000 * second
    /// What the machine wrote last.
    var written: LeaseRecord?

    init(timeout: Int64 = 60 * second, deletes: Bool = true) {
      machine = LeaseMachine(timing: LeaseTiming(timeout: timeout), node: "a", run: "run-a", deletes: deletes)
    }

    mutating func step() -> LeaseMachine.Action {
      let action = machine.step(now: now)
      if case .write(let record, _) = action { written = record }
      return action
    }

    mutating func saw(_ lock: ObservedLock?) -> LeaseMachine.Change? {
      machine.saw(lock, sentAt: now, now: now, random: .max)
    }

    /// What a GET would show of the last write.
    func own(etag: String) -> ObservedLock {
      ObservedLock(
        etag: etag, lastModified: Timestamp(nanoseconds: now), date: Timestamp(nanoseconds: now),
        body: written?.body ?? "")
    }

    /// A lock of s3-sync2 that was written so many seconds ago.
    func foreign(_ body: String = "uid", age: Int64 = 0, etag: String? = nil) -> ObservedLock {
      ObservedLock(
        etag: etag ?? body, lastModified: Timestamp(nanoseconds: now - age * second),
        date: Timestamp(nanoseconds: now), body: body)
    }

    /// Takes the lease for one commit that waits.
    mutating func hold() {
      machine.setWaiting(1, now: now)
      _ = step()
      _ = machine.wrote(etag: "e1", now: now)
      machine.setWaiting(0, now: now)
    }

    mutating func isCommitting() -> Bool {
      guard machine.enter(now: now) else { return false }
      machine.leave(now: now)
      return true
    }
  }

  // MARK: Taking

  @Test func nothingIsSentUntilSomebodyWantsToCommit() {
    var bench = Bench()
    #expect(bench.step() == .wait(until: nil))
    #expect(bench.isCommitting() == false)
    bench.machine.setWaiting(1, now: bench.now)
    guard case .write(let record, .absent) = bench.step() else { return #expect(Bool(false)) }
    #expect(record == LeaseRecord(node: "a", run: "run-a", number: 1, timeout: 60 * second))
  }

  @Test func itIsValidFromTheSendingOn() {
    var bench = Bench()
    bench.machine.setWaiting(1, now: bench.now)
    _ = bench.step()
    bench.now += 5 * second
    #expect(bench.machine.wrote(etag: "e1", now: bench.now) == .acquired(from: nil))
    #expect(bench.isCommitting() == true)
    bench.now += 40 * second - 1
    #expect(bench.machine.isValid(now: bench.now))
    bench.now += 1
    #expect(!bench.machine.isValid(now: bench.now))
    #expect(bench.isCommitting() == false)
  }

  @Test func aReplyThatComesAfterItsEndMakesNobodyAHolder() {
    var bench = Bench()
    bench.machine.setWaiting(1, now: bench.now)
    _ = bench.step()
    bench.now += 45 * second
    _ = bench.machine.wrote(etag: "e1", now: bench.now)
    #expect(bench.isCommitting() == false)
    // Nobody else can have it either while this condition holds.
    guard case .write(let record, .matching("e1")) = bench.step() else { return #expect(Bool(false)) }
    #expect(record.number == 2)
    _ = bench.machine.wrote(etag: "e2", now: bench.now)
    #expect(bench.isCommitting() == true)
  }

  /// What was seen, and whether it is taken at once.
  @Test(
    arguments: [
      (0, false), (59, false), (60, false), (61, true), (3600, true),
    ] as [(Int64, Bool)])
  func aLockIsTakenWhenTheServerSaysThatItIsOld(_ age: Int64, _ isTaken: Bool) {
    var bench = Bench()
    bench.machine.setWaiting(1, now: bench.now)
    _ = bench.step()
    bench.machine.refused()
    #expect(bench.step() == .look)
    #expect(bench.saw(bench.foreign(age: age)) == nil)
    if isTaken {
      guard case .write(_, .matching("uid")) = bench.step() else { return #expect(Bool(false)) }
      #expect(bench.machine.wrote(etag: "e2", now: bench.now) == .acquired(from: "uid"))
    } else {
      #expect(bench.machine.holder == "uid")
      guard case .wait = bench.step() else { return #expect(Bool(false)) }
    }
  }

  /// The server says nothing of its clock, or it stands: what was watched for the timeout is taken.
  @Test(arguments: [nil, Timestamp(seconds: 0)]) func aLockIsTakenThatWasWatchedForTheTimeout(_ date: Timestamp?) {
    var bench = Bench()
    bench.machine.setWaiting(1, now: bench.now)
    _ = bench.step()
    bench.machine.refused()
    let lock = ObservedLock(etag: "x", lastModified: Timestamp(seconds: 7), date: date, body: "uid")
    let start = bench.now
    while bench.now < start + 70 * second {
      switch bench.step() {
      case .look: _ = bench.saw(lock)
      case .wait(let until?):
        #expect(until - bench.now <= 2 * second)
        bench.now = until
      case .write(_, .matching("x")):
        #expect((60 * second...65 * second).contains(bench.now - start))
        return
      case let other:
        Issue.record("\(other)")
        return
      }
    }
    Issue.record("it was never taken")
  }

  /// An equal body that is written again has the same ETag.
  @Test func aLockThatIsWrittenAgainIsWatchedAnew() {
    var bench = Bench()
    bench.machine.setWaiting(1, now: bench.now)
    _ = bench.step()
    bench.machine.refused()
    for round in 0..<20 {
      let lock = ObservedLock(
        etag: "x", lastModified: Timestamp(seconds: Int64(round)), date: nil, body: "uid")
      guard case .look = bench.step() else { return #expect(Bool(false)) }
      _ = bench.saw(lock)
      bench.now += 30 * second
    }
  }

  @Test func aHolderWithALongerTimeoutIsGivenIt() {
    let body = LeaseRecord(node: "b", run: "r", number: 1, timeout: 300 * second).body
    for (age, isTaken) in [(100, false), (302, true)] as [(Int64, Bool)] {
      var bench = Bench()
      bench.machine.setWaiting(1, now: bench.now)
      _ = bench.step()
      bench.machine.refused()
      _ = bench.step()
      _ = bench.saw(bench.foreign(body, age: age))
      if case .write = bench.step() { #expect(isTaken) } else { #expect(!isTaken) }
    }
  }

  @Test func aLockThatIsGoneIsMade() {
    var bench = Bench()
    bench.machine.setWaiting(1, now: bench.now)
    _ = bench.step()
    bench.machine.refused()
    _ = bench.step()
    #expect(bench.saw(nil) == nil)
    guard case .write(_, .absent) = bench.step() else { return #expect(Bool(false)) }
  }

  /// The reply to the create is lost; what a look shows then.
  @Test func whatWasCreatedWithoutReplyIsFound() {
    var bench = Bench()
    bench.machine.setWaiting(1, now: bench.now)
    _ = bench.step()
    bench.now += 10 * second
    bench.machine.outcomeUnknown()
    #expect(bench.step() == .look)
    #expect(bench.saw(bench.own(etag: "e1")) == .acquired(from: nil))
    #expect(bench.isCommitting() == true)
    bench.now += 35 * second
    #expect(!bench.machine.isValid(now: bench.now))
  }

  @Test func aCreateThatLandsLongAfterCountsOnlyWhenRenewed() {
    var bench = Bench()
    bench.machine.setWaiting(1, now: bench.now)
    _ = bench.step()
    let lost = bench.own(etag: "e1")
    bench.machine.outcomeUnknown()
    _ = bench.step()
    _ = bench.saw(nil)
    bench.now += 100 * second
    _ = bench.step()
    bench.machine.refused()
    _ = bench.step()
    #expect(bench.saw(lost) == .acquired(from: nil))
    #expect(bench.isCommitting() == false)
    guard case .write(_, .matching("e1")) = bench.step() else { return #expect(Bool(false)) }
  }

  // MARK: Holding

  @Test func itIsRenewedEveryTenSecondsWhileItIsWanted() {
    var bench = Bench()
    bench.hold()
    // Somebody whose commit takes long.
    #expect(bench.machine.enter(now: bench.now) == true)
    var etag = "e1"
    for round in 2...20 {
      guard case .wait(let until?) = bench.step() else { return #expect(Bool(false)) }
      #expect(until == bench.now + 10 * second)
      bench.now = until
      guard case .write(let record, .matching(etag)) = bench.step() else { return #expect(Bool(false)) }
      #expect(record.number == UInt64(round))
      etag = "e\(round)"
      #expect(bench.machine.wrote(etag: etag, now: bench.now) == nil)
      #expect(bench.machine.isValid(now: bench.now + 44 * second))
    }
  }

  @Test func commitsBeginWithoutALookForASecond() {
    var bench = Bench()
    bench.hold()
    bench.now += second
    #expect(bench.isCommitting() == true)
    bench.now += 1
    #expect(bench.isCommitting() == false)
    bench.machine.setWaiting(1, now: bench.now)
    #expect(bench.step() == .look)
    #expect(bench.saw(bench.own(etag: "e1")) == nil)
    #expect(bench.isCommitting() == true)
  }

  /// A process that was stopped reads a reply that is old.
  @Test func anOldReplyConfirmsNothing() {
    var bench = Bench()
    bench.hold()
    bench.now += 2 * second
    bench.machine.setWaiting(1, now: bench.now)
    #expect(bench.step() == .look)
    let sent = bench.now
    bench.now += 11 * second
    #expect(bench.machine.saw(bench.own(etag: "e1"), sentAt: sent, now: bench.now, random: 0) == nil)
    #expect(bench.isCommitting() == false)
  }

  @Test(arguments: [nil, "uid", "martlet b run-b 1 60000"]) func whatIsTakenAwayIsLost(_ body: String?) {
    var bench = Bench()
    bench.hold()
    bench.now += 2 * second
    bench.machine.setWaiting(1, now: bench.now)
    _ = bench.step()
    let holder = body.map { $0 == "uid" ? "uid" : "b" }
    #expect(bench.saw(body.map { bench.foreign($0) }) == .lost(to: holder))
    #expect(bench.isCommitting() == false)
    #expect(bench.machine.holder == holder)
  }

  @Test func nobodyCommitsAfterARefusedRenewal() {
    var bench = Bench()
    bench.hold()
    #expect(bench.machine.enter(now: bench.now) == true)
    bench.now += 10 * second
    guard case .write = bench.step() else { return #expect(Bool(false)) }
    bench.machine.refused()
    #expect(bench.machine.enter(now: bench.now) == false)
    #expect(bench.step() == .look)
  }

  @Test func aRenewalWithoutReplyLeavesItValid() {
    var bench = Bench()
    bench.hold()
    #expect(bench.machine.enter(now: bench.now) == true)
    bench.now += 10 * second
    _ = bench.step()
    bench.machine.outcomeUnknown()
    #expect(bench.machine.isValid(now: bench.now))
    #expect(bench.step() == .look)
    // It had landed: from its sending on the lease is valid anew.
    #expect(bench.saw(bench.own(etag: "e2")) == nil)
    #expect(bench.machine.isValid(now: bench.now + 44 * second))
  }

  @Test func whoeverWasStoppedRenewsFirst() {
    var bench = Bench()
    bench.hold()
    bench.now += 200 * second
    bench.machine.setWaiting(1, now: bench.now)
    #expect(bench.isCommitting() == false)
    #expect(bench.machine.enter(now: bench.now) == false)
    // It was idle for long: what is not wanted any more is given back first.
    switch bench.step() {
    case .write(_, .matching("e1")), .delete("e1"): break
    case let other: Issue.record("\(other)")
    }
  }

  // MARK: Giving back

  @Test func itIsGivenBackWhenNothingWasCommittedForAMoment() {
    var bench = Bench()
    bench.hold()
    #expect(bench.isCommitting() == true)
    guard case .wait(let until?) = bench.step() else { return #expect(Bool(false)) }
    #expect(until == bench.now + second / 2)
    bench.now = until
    #expect(bench.step() == .delete(etag: "e1"))
    #expect(bench.isCommitting() == false)
    #expect(bench.machine.deleted(now: bench.now) == .released)
    #expect(bench.machine.heldSince == nil)
  }

  /// The request may land when somebody else has created the lock.
  @Test func nobodyCommitsAfterADeletionWithoutReply() {
    var bench = Bench()
    bench.hold()
    bench.now += second
    #expect(bench.step() == .delete(etag: "e1"))
    bench.machine.setWaiting(1, now: bench.now)
    bench.machine.outcomeUnknown()
    #expect(bench.step() == .look)
    #expect(bench.saw(bench.own(etag: "e1")) == nil)
    #expect(bench.isCommitting() == false)
  }

  @Test func othersHaveATurn() {
    var bench = Bench()
    bench.hold()
    let start = bench.now
    bench.machine.setWaiting(1, now: bench.now)
    var released: Int64?
    while bench.now < start + 20 * second, released == nil {
      switch bench.step() {
      case .look: _ = bench.saw(bench.own(etag: "e1"))
      case .wait(let until?):
        #expect((bench.now - start >= 5 * second || bench.isCommitting()) == true)
        bench.now = min(until, bench.now + second / 10)
      case .delete:
        released = bench.now
        _ = bench.machine.deleted(now: bench.now)
      case let other: Issue.record("\(other)")
      }
    }
    #expect(released == start + 5 * second)
    #expect(bench.step() == .wait(until: start + 5 * second + 5 * second / 2))
  }

  @Test func whoMeetsNobodyHoldsItLonger() {
    var bench = Bench()
    var turns: [Int64] = []
    for round in 0..<7 {
      bench.machine.setWaiting(1, now: bench.now)
      while true {
        switch bench.step() {
        case .write(_, let condition):
          #expect(condition == (bench.machine.heldSince == nil ? .absent : .matching(etag: "e\(round)")))
          _ = bench.machine.wrote(etag: "e\(round)", now: bench.now)
          continue
        case .look: _ = bench.saw(bench.own(etag: "e\(round)"))
        case .wait(let until): bench.now = min(until ?? bench.now, bench.now + second)
        case .delete:
          turns.append((bench.now - (bench.machine.heldSince ?? 0)) / second)
          _ = bench.machine.deleted(now: bench.now)
        }
        if turns.count > round { break }
      }
    }
    #expect(turns == [5, 10, 20, 40, 60, 60, 60])
  }

  @Test func aCommitUnderWayKeepsIt() {
    var bench = Bench()
    bench.hold()
    #expect(bench.machine.enter(now: bench.now) == true)
    for _ in 0..<20 {
      bench.now += second
      if case .delete = bench.step() { Issue.record("it was given back") }
      if case .write = bench.machine.step(now: bench.now) { _ = bench.machine.wrote(etag: "e1", now: bench.now) }
    }
    bench.machine.leave(now: bench.now)
    #expect(bench.step() == .delete(etag: "e1"))
  }

  @Test func whereNothingIsDeletedConditionallyTheLockIsMarked() {
    var bench = Bench(deletes: false)
    bench.hold()
    bench.now += second
    guard case .write(let record, .matching("e1")) = bench.step() else { return #expect(Bool(false)) }
    #expect(record.isReleased)
    #expect(bench.machine.wrote(etag: "e2", now: bench.now) == .released)
    // Anybody takes it at once, also the one who marked it.
    for run in ["run-a", "run-b"] {
      var other = Bench(deletes: false)
      other.machine.setWaiting(1, now: other.now)
      _ = other.step()
      other.machine.refused()
      _ = other.step()
      _ = other.saw(
        other.foreign(LeaseRecord(node: "x", run: run, number: 9, timeout: second, isReleased: true).body, etag: "e9"))
      guard case .write(let taken, .matching("e9")) = other.step() else { return #expect(Bool(false)) }
      #expect(!taken.isReleased)
      #expect(other.machine.wrote(etag: "e10", now: other.now) == .acquired(from: nil))
    }
  }

  @Test func closingGivesItBack() {
    var bench = Bench()
    bench.hold()
    bench.machine.close()
    #expect(bench.isCommitting() == false)
    #expect(bench.step() == .delete(etag: "e1"))
    _ = bench.machine.deleted(now: bench.now)
    bench.now += 10 * second
    bench.machine.setWaiting(1, now: bench.now)
    #expect(bench.step() == .wait(until: nil))
  }

  // MARK: Failures

  @Test func whatFailsIsTriedAgainAfterGrowingPauses() {
    var bench = Bench()
    bench.machine.setWaiting(1, now: bench.now)
    var pauses: [Int64] = []
    for _ in 0..<9 {
      guard case .write(_, .absent) = bench.step() else { return #expect(Bool(false)) }
      bench.machine.failed(now: bench.now, random: UInt64(Int64.max))
      guard case .wait(let until?) = bench.step() else { return #expect(Bool(false)) }
      pauses.append(until - bench.now)
      bench.now = until
    }
    #expect(pauses.allSatisfy { $0 >= 50_000_000 && $0 <= 2 * second })
    #expect(pauses[8] >= second)
  }

  @Test(arguments: [1, 2, 3, 10, 60, 600, 86_400] as [Int64]) func theTimesFitTogether(_ seconds: Int64) {
    let timing = LeaseTiming(timeout: seconds * second)
    #expect(timing.validity < timing.timeout && timing.renewal * 2 < timing.validity)
    #expect(timing.pause < timing.rest && timing.pause <= 2 * second)
    #expect(timing.turn <= timing.longestTurn && timing.linger <= timing.turn)
  }
}
