import SyncModel
import Testing

@testable import SyncEngine

@Suite struct DeletionTests {
  @Test(
    arguments: [
      (["a/x", "a/y"], "a/"), (["a/x", "b"], ""), (["a/b/c/x", "a/b/d"], "a/b/"), (["x"], ""), (["a/b/x"], "a/b/"),
    ] as [([RelativePath], String)])
  func findsTheFolderThatOnePageMayProve(paths: [RelativePath], expected: String) {
    let paths = paths.sorted()
    #expect(Engine.commonDirectory(paths.first!, paths.last!, atLeast: .root).string == expected)
  }

  @Test(
    arguments: [
      ("", "a/b/c", "a/"), ("a/", "a/b/c", "a/b/"), ("a/b/", "a/b/c", "a/b/c"), ("", "f", "f"),
    ] as [(RelativePath, RelativePath, RelativePath)])
  func stepsTowardsAPath(directory: RelativePath, path: RelativePath, expected: RelativePath) {
    #expect(Engine.child(of: directory, towards: path) == expected)
  }

  @Test func keepsOnlyHintedDeletionsOfAnUnfinishedPass() {
    var spool = DeletionSpool()
    spool.add("seen", .remote, now: 1, isHinted: true, revision: 1)
    spool.add("listed", .local, now: 1, isHinted: false, revision: 1)
    spool.dropUnproven()
    #expect(spool.take { _ in true }.map(\.path) == ["seen"])
    #expect(spool.isEmpty)
  }

  @Test func countsWhatDoesNotFit() {
    var spool = DeletionSpool()
    for number in 0..<DeletionSpool.capacity + 5 {
      spool.add(RelativePath(unchecked: "file\(number)"), .local, now: 1, isHinted: false, revision: 1)
    }
    spool.add("folder/", .local, now: 1, isHinted: false, revision: 1)
    #expect(spool.left == [.local: 5])
    #expect(spool.take { _ in true }.count == DeletionSpool.capacity)
    #expect(spool.left.isEmpty)
  }

  @Test func keepsTheMomentAnAbsenceWasFirstSeen() {
    var spool = DeletionSpool()
    spool.add("a", .remote, now: 1, isHinted: true, revision: 1)
    spool.add("a", .remote, now: 5, isHinted: true, revision: 1)
    #expect(spool.take { _ in true }.map(\.seen) == [1])
  }

  @Test func knowsTheNewestLookThatAskedForIt() {
    var spool = DeletionSpool()
    spool.add("a", .local, now: 1, isHinted: false, revision: 1)
    spool.add("a", .local, now: 5, isHinted: false, revision: 7)
    #expect(spool.take { _ in true }.map(\.revision) == [7])
  }

  @Test func anArrivalExcusesOneDeletion() {
    var arrivals = Arrivals()
    let content = Fingerprint(size: 3, crc64: 9)
    for path in ["new", "newer", "gone"] as [RelativePath] { arrivals.add(content, at: path, now: 1) }
    #expect(arrivals.places(of: content) == ["new", "newer", "gone"])
    var excuses = Excuses(arrivals, deleted: ["gone"])
    let places = (0..<3).map { _ in excuses.next(for: content) }
    #expect(places == ["new", "newer", nil])
  }

  @Test(arguments: [(599, true), (601, true), (1_190, true), (1_210, false)] as [(Int64, Bool)])
  func anArrivalIsKeptForTenMinutesAndForgottenInTwenty(seconds: Int64, isKept: Bool) {
    var arrivals = Arrivals()
    let (content, other) = (Fingerprint(size: 3, crc64: 9), Fingerprint(size: 4, crc64: 8))
    arrivals.add(content, at: "new", now: 0)
    for second in 1...seconds { arrivals.add(other, at: "other", now: second * 1_000_000_000) }
    #expect(arrivals.places(of: content) == (isKept ? ["new"] : []))
  }

  @Test func arrivalsAreBounded() {
    var arrivals = Arrivals()
    for number in 0..<UInt64(2 * Arrivals.capacity + 1) {
      arrivals.add(Fingerprint(size: 3, crc64: number), at: RelativePath(unchecked: "\(number)"), now: 1)
    }
    let first = arrivals.places(of: Fingerprint(size: 3, crc64: 0))
    let last = arrivals.places(of: Fingerprint(size: 3, crc64: UInt64(2 * Arrivals.capacity)))
    #expect(first.isEmpty && last.count == 1)
  }
}

@Suite struct ReportsTests {
  @Test func tellsNewsOnce() {
    var reports = Reports()
    let first = reports.set("p", "why")
    let again = reports.set("p", "why")
    let changed = reports.set("p", "other")
    let over = reports.set("p", nil)
    let nothing = reports.set("p", nil)
    #expect([first, again, changed, over, nothing] == [true, false, true, true, false])
  }

  @Test func forgetsWhatTheNextPassDoesNotFind() {
    var reports = Reports()
    #expect(reports.replacePassReports(["a", "b"]).isEmpty)
    #expect(reports.replacePassReports(["b"]) == ["a"])
  }
}
