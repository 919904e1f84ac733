import SyncModel
import Testing

@testable import Martlet

/// Virtual time: nothing waits.
@Suite struct InvalidationMachineTests {
  private typealias Action = InvalidationMachine.Action

  /// The machine, a clock, and everything that it sent.
  private struct Driver {
    var machine: InvalidationMachine
    var now: Int64 = 0
    var references = 0
    var sent: [InvalidationBatch] = []

    init(
      _ paths: Configuration.CloudFront.Paths = .fixed(["/*"]), stored: StoredInvalidations? = nil,
      everything: String = "/tree/*"
    ) {
      machine = InvalidationMachine(paths: paths, stored: stored, everything: everything, now: 0)
    }

    mutating func step() -> Action {
      var number = references
      let action = machine.step(now: now) {
        number += 1
        return "r\(number)"
      }
      references = number
      if case .send(let batch) = action { sent.append(batch) }
      return action
    }

    /// Steps and sleeps, as long as something is due until then; CloudFront accepts everything.
    mutating func run(until end: Int64) {
      while true {
        switch step() {
        case .send: machine.accepted()
        case .wait(let until?) where until <= end: now = until
        case .wait:
          now = end
          return
        }
      }
    }

    mutating func change(_ paths: String...) { machine.change(paths, now: now) }
  }

  private static let quiet = InvalidationMachine.quiet
  private static let longest = InvalidationMachine.maximumWait

  @Test func waitsForAQuietTime() {
    var driver = Driver()
    #expect(driver.step() == .wait(until: nil))
    driver.change("/tree/a")
    #expect(driver.step() == .wait(until: Self.quiet))
    driver.now = second
    driver.change("/tree/b")
    driver.run(until: second + Self.quiet - 1)
    #expect(driver.sent.isEmpty)
    driver.run(until: second + Self.quiet)
    #expect(driver.sent == [InvalidationBatch(reference: "r1", paths: ["/*"])])
    #expect(driver.step() == .wait(until: nil))
    #expect(driver.machine.acceptedCount == 1)
    #expect(driver.machine.waitingCount == 0)
  }

  @Test func doesNotWaitForEver() {
    var driver = Driver(.changed)
    for number in 0..<90 {
      driver.change("/tree/\(number)")
      driver.run(until: driver.now + second)
    }
    #expect(driver.sent.count == 1)
    #expect(driver.sent.first?.paths.count == 60)
  }

  /// Must hold 4, with time to spare: a burst as slow as 10 changes a second.
  @Test(arguments: [Configuration.CloudFront.Paths.fixed(["/*"]), .changed])
  func aBurstMakesAtMostTwo(_ paths: Configuration.CloudFront.Paths) {
    var driver = Driver(paths)
    for number in 0..<500 {
      driver.change("/tree/file \(number)")
      driver.run(until: driver.now + second / 10)
    }
    driver.run(until: driver.now + 10 * second)
    #expect((1...2).contains(driver.sent.count))
  }

  @Test func changedSendsEachPathOnceAndInOrder() {
    var driver = Driver(.changed)
    driver.change("/tree/b", "/tree/a")
    driver.change("/tree/b")
    #expect(driver.machine.waitingCount == 2)
    driver.run(until: 10 * second)
    #expect(driver.sent.map(\.paths) == [["/tree/a", "/tree/b"]])
  }

  @Test(arguments: [(3_000, 3_000), (3_001, 1), (100_000, 1)]) func fallsBackAboveTheLimit(_ count: Int, _ sent: Int) {
    var driver = Driver(.changed)
    for number in 0..<count { driver.change("/tree/deep/\(number % 7)/\(number)") }
    driver.run(until: 10 * second)
    #expect(driver.sent.count == 1)
    #expect(driver.sent.first?.paths.count == sent)
    if sent == 1 { #expect(driver.sent.first?.paths == ["/tree/deep/*"]) }
    // What comes after is each by itself again.
    driver.change("/tree/z")
    driver.run(until: 20 * second)
    #expect(driver.sent.last?.paths == ["/tree/z"])
  }

  @Test func aFallenBackPathWidens() {
    var paths = ChangedPaths((0...3_000).map { "/tree/a/\($0)" })
    #expect(paths.all == ["/tree/a/*"])
    paths.insert(["/tree/a/b/c"])
    #expect(paths.all == ["/tree/a/*"])
    paths.insert(["/tree/b"])
    #expect(paths.all == ["/tree/*"])
    paths.insert(["/x"])
    #expect(paths.all == ["/*"])
  }

  @Test func aBatchThatDidNotArriveIsDissolved() throws {
    var driver = Driver(.changed)
    driver.change("/tree/a")
    driver.now = Self.quiet
    #expect(driver.step() == .send(InvalidationBatch(reference: "r1", paths: ["/tree/a"])))
    driver.machine.failed(.passing, mayHaveArrived: false, now: driver.now, random: 0)
    driver.change("/tree/b")
    let retry = try #require(driver.machine.retryAt)
    #expect(driver.step() == .wait(until: retry))
    #expect(retry > driver.now)
    driver.now = retry
    #expect(driver.step() == .send(InvalidationBatch(reference: "r2", paths: ["/tree/a", "/tree/b"])))
    driver.machine.accepted()
    #expect(driver.machine.retryAt == nil)
    #expect(driver.step() == .wait(until: nil))
  }

  /// A lost reply: the same reference and paths, whatever happens to later requests.
  @Test func aBatchThatMayHaveArrivedKeepsItsReference() throws {
    var driver = Driver(.changed)
    driver.change("/tree/a")
    driver.now = Self.quiet
    _ = driver.step()
    driver.machine.failed(.passing, mayHaveArrived: true, now: driver.now, random: 7)
    driver.change("/tree/b")
    driver.now = try #require(driver.machine.retryAt)
    _ = driver.step()
    driver.machine.failed(.passing, mayHaveArrived: false, now: driver.now, random: 7)
    driver.now = try #require(driver.machine.retryAt)
    #expect(driver.step() == .send(InvalidationBatch(reference: "r1", paths: ["/tree/a"], mayHaveArrived: true)))
    driver.machine.accepted()
    driver.run(until: driver.now + 10 * second)
    #expect(driver.sent.last == InvalidationBatch(reference: "r2", paths: ["/tree/b"]))
  }

  @Test func refusedPathsFallBackToTheirFolder() throws {
    var driver = Driver(.changed)
    driver.change("/tree/a", "/tree/odd")
    driver.now = Self.quiet
    _ = driver.step()
    driver.machine.failed(.pathsRefused, mayHaveArrived: false, now: driver.now, random: 0)
    driver.run(until: 20 * second)
    #expect(driver.sent.last?.paths == ["/tree/*"])
    #expect(driver.machine.acceptedCount == 1)
  }

  @Test func backsOffUpToALimit() {
    var driver = Driver()
    driver.change("/tree/a")
    driver.now = Self.quiet
    var pauses: [Int64] = []
    for failures in 1...12 {
      guard case .send = driver.step() else {
        Issue.record("nothing was sent")
        return
      }
      driver.machine.failed(.passing, mayHaveArrived: failures % 2 == 0, now: driver.now, random: .max)
      let retry = driver.machine.retryAt ?? 0
      let bound = InvalidationMachine.backoff.bound(afterFailures: failures)
      pauses.append(retry - driver.now)
      #expect((bound / 2...bound).contains(retry - driver.now))
      driver.now = retry
    }
    #expect(pauses[0] <= 2 * second)
    #expect(pauses.allSatisfy { $0 <= 30 * second })
    driver.run(until: driver.now)
    driver.change("/tree/b")
    driver.now += Self.quiet
    _ = driver.step()
    driver.machine.failed(.passing, mayHaveArrived: false, now: driver.now, random: 0)
    #expect((driver.machine.retryAt ?? 0) - driver.now <= 2 * second, "a success ends the backoff")
  }

  @Test func theNextRunGoesOnWhereAnOrderlyEndStopped() {
    var driver = Driver(.changed)
    driver.change("/tree/a")
    driver.now = Self.quiet
    _ = driver.step()
    driver.machine.failed(.passing, mayHaveArrived: true, now: driver.now, random: 0)
    driver.change("/tree/b")
    var stored = driver.machine.stored
    #expect(stored.isRunning)
    stored.isRunning = false
    var next = Driver(.changed, stored: stored)
    next.references = 10
    next.run(until: 10 * second)
    #expect(next.sent.map(\.reference) == ["r1", "r11"])
    #expect(next.sent.map(\.paths) == [["/tree/a"], ["/tree/b"]])
    #expect(next.machine.stored == StoredInvalidations(isRunning: true))
  }

  @Test(arguments: [
    (Configuration.CloudFront.Paths.changed, ["/tree/*"]), (.fixed(["/x", "/y"]), ["/x", "/y"]),
  ]) func theNextRunCoversEverythingThatAKilledOneMayHaveChanged(
    _ paths: Configuration.CloudFront.Paths, _ expected: [String]
  ) {
    let stored = StoredInvalidations(
      isRunning: true, waiting: ["/tree/a"], batch: InvalidationBatch(reference: "old", paths: ["/tree/b"]))
    var driver = Driver(paths, stored: stored)
    driver.change("/tree/c")
    driver.run(until: 10 * second)
    #expect(driver.sent == [InvalidationBatch(reference: "r1", paths: expected)])
    // Killed once more before that: the same again.
    #expect(Driver(paths, stored: Driver(paths, stored: stored).machine.stored).machine.waitingCount == expected.count)
  }

  @Test func aFirstRunHasNothingToTell() {
    var driver = Driver(.changed)
    driver.run(until: 1_000 * second)
    #expect(driver.sent.isEmpty)
  }

  @Test func flushMakesEverythingDue() {
    var driver = Driver()
    driver.change("/tree/a")
    driver.machine.flush()
    #expect(driver.step() == .send(InvalidationBatch(reference: "r1", paths: ["/*"])))
    driver.machine.failed(.passing, mayHaveArrived: false, now: 0, random: 0)
    driver.machine.flush()
    #expect(driver.step() == .send(InvalidationBatch(reference: "r2", paths: ["/*"])))
    driver.machine.accepted()
    #expect(driver.step() == .wait(until: nil))
  }

  /// Must hold 4: CloudFront is down for a minute, and more changes meanwhile. Half a minute after it is back at the
  /// latest it has heard of everything, in one invalidation and the one whose reply was lost; also where the run was
  /// ended or killed meanwhile.
  @Test(arguments: [End?.none, .ordered, .killed], [false, true]) func aMinuteWithoutCloudFront(
    end: End?, mayHaveArrived: Bool
  ) {
    var driver = Driver(.changed)
    driver.change("/tree/first")
    let back = Self.quiet + 60 * second
    var tries = 0
    while driver.now < back {
      switch driver.step() {
      case .send:
        tries += 1
        driver.machine.failed(.passing, mayHaveArrived: mayHaveArrived && tries == 1, now: driver.now, random: .max)
      case .wait(let until): driver.now = min(until ?? back, back)
      }
      if tries == 3, end != nil, driver.references < 100 {
        driver.change("/tree/second")
        var stored = driver.machine.stored
        if end == .ordered { stored.isRunning = false }
        // Another process: its clock goes on, its references are others.
        let now = driver.now
        driver = Driver(.changed, stored: stored)
        driver.references = 100
        driver.now = now
      }
    }
    // It is tried again and again, and not in a hurry.
    #expect((4...12).contains(tries))
    driver.sent = []
    driver.change("/tree/third")
    driver.run(until: back + 34 * second)
    #expect(driver.machine.waitingCount == 0 && driver.machine.retryAt == nil)
    let told = Set(driver.sent.flatMap(\.paths))
    var expected: Set = ["/tree/first", "/tree/third"]
    if end == .ordered { expected.insert("/tree/second") }
    if end == .killed { expected = ["/tree/*"] }
    #expect(told == expected)
    #expect(driver.sent.count <= 2)
  }

  enum End: Sendable { case ordered, killed }
}
