import SyncModel
import Testing

@Suite struct OpenFilesTests {
  private let second: Int64 = 1_000_000_000
  private let path = RelativePath(unchecked: "log")

  private func stamp(_ size: Int64) -> LocalStamp {
    LocalStamp(
      kind: .file, mount: MountID(1), inode: 7, size: size, modified: Timestamp(seconds: 1),
      changed: Timestamp(seconds: 1), mode: 0o644)
  }

  @Test(arguments: [(30, 300), (1, 10), (0, 0), (29, 290), (31, 300), (120, 300), (300, 300), (600, 600)])
  func theLimitIsTenTimesTheRestAndFiveMinutesAtMost(_ rest: Int64, _ limit: Int64) {
    #expect(OpenFiles(rest: rest * second).limit == limit * second)
    #expect(OpenFiles(rest: rest * second, isBrief: true).limit == rest * second)
  }

  @Test func oddRestsAreTaken() {
    #expect(OpenFiles(rest: -1).limit == 0)
    #expect(OpenFiles(rest: .max).limit == .max / 4)
    var files = OpenFiles(rest: .max)
    #expect(files.foundOpen(path, nil, age: .min, now: 5) > 0)
    #expect(files.version(of: path, nil, now: .max / 8) == .rested(.max / 4))
  }

  @Test func anUnknownFileMustHaveRested() {
    let files = OpenFiles(rest: 30 * second)
    #expect(files.version(of: path, stamp(1), now: 0) == .rested(30 * second))
    #expect(files.count == 0)
  }

  /// By the stamp's age, and where the clocks differ by what was seen.
  @Test func whatRestsIsTakenWhenItHasRested() {
    var files = OpenFiles(rest: 30 * second)
    #expect(files.foundOpen(path, stamp(1), age: 10 * second, now: 100 * second) == 20 * second)
    #expect(files.version(of: path, stamp(1), now: 120 * second) == .rested(30 * second))
    #expect(files.foundOpen(path, stamp(1), age: -3600 * second, now: 120 * second) == 10 * second)
    #expect(files.version(of: path, stamp(1), now: 130 * second) == .steady)
    #expect(files.version(of: path, stamp(2), now: 130 * second) == .rested(30 * second))
    #expect(files.foundOpen(path, stamp(2), age: 0, now: 131 * second) == 30 * second)
    #expect(files.version(of: path, stamp(2), now: 140 * second) == .rested(30 * second))
    files.settled(path)
    #expect(files.count == 0)
    #expect(files.version(of: path, stamp(2), now: 500 * second) == .rested(30 * second))
  }

  @Test func whatNeverRestsIsTakenAtTheLimit() {
    var files = OpenFiles(rest: 30 * second)
    var now: Int64 = 0
    var size: Int64 = 0
    while files.version(of: path, stamp(size), now: now) != .steady {
      #expect(!files.isOverdue(path, now: now))
      now += files.foundOpen(path, stamp(size), age: 0, now: now)
      size += 1
    }
    #expect(now == 300 * second)
    #expect(files.isOverdue(path, now: now))
    #expect(files.waiting.map(\.since) == [0])
  }

  /// What no reading finds steady is read ever more rarely, however often it is looked at.
  @Test func readingInVainBecomesRare() {
    var files = OpenFiles(rest: 1 * second)
    var readings: [Int64] = []
    for now in stride(from: Int64(0), through: 3 * 3600 * second, by: Int(second)) {
      if files.version(of: path, stamp(now), now: now) == .steady { readings.append(now) }
      _ = files.foundOpen(path, stamp(now), age: 0, now: now)
    }
    #expect(readings.first == 10 * second)
    #expect(readings.count > 15 && readings.count < 60)
    let pauses = zip(readings, readings.dropFirst()).map { $1 - $0 }
    #expect(pauses.max() == 600 * second && pauses.min()! >= second)
  }

  @Test func whoWantsToReplaceItWaitsAsLongAsItMustRest() {
    var files = OpenFiles(rest: 30 * second)
    #expect(files.waitForReplacement(of: path, now: 0) == nil)
    _ = files.foundOpen(path, stamp(1), age: 0, now: 0)
    #expect(files.waitForReplacement(of: path, now: 10 * second) == 20 * second)
    #expect(files.waitForReplacement(of: path, now: 30 * second) == nil)
  }

  @Test func theEndOfTheRunIsNotWaitedBeyond() {
    var files = OpenFiles(rest: 30 * second)
    _ = files.foundOpen(path, stamp(1), age: 0, now: 0)
    files.hasten(to: second, limit: 5 * second, now: 20 * second)
    #expect(files.version(of: path, stamp(1), now: 20 * second) == .steady)
    #expect(files.version(of: path, stamp(2), now: 20 * second) == .rested(second))
    #expect(files.foundOpen(path, stamp(2), age: 0, now: 20 * second) == second)
    #expect(!files.isOverdue(path, now: 24 * second))
    #expect(files.isOverdue(path, now: 25 * second))
  }

  @Test func memoryIsBounded() {
    var files = OpenFiles(rest: second, capacity: 2)
    for name in ["a", "b", "c"] {
      #expect(files.foundOpen(RelativePath(unchecked: name), stamp(1), age: 0, now: 0) == second)
    }
    #expect(files.waiting.map(\.path.string) == ["a", "b"])
    #expect(files.version(of: RelativePath(unchecked: "c"), stamp(1), now: 100 * second) == .rested(second))
  }

  @Test func isToldOnce() {
    var files = OpenFiles(rest: second)
    _ = files.foundOpen(path, stamp(1), age: 0, now: 0)
    #expect(files.reportedCount == 0)
    files.noteReported(path)
    #expect(files.reportedCount == 1)
    #expect(files.settled(path)?.isReported == true)
    #expect(files.settled(path) == nil)
  }
}
