import SyncEngine
import SyncModel
import Testing

@testable import BaseStore

@Suite struct BaseStoreTests {
  let folder: ScratchFolder
  let store: BaseStore

  init() throws {
    folder = try ScratchFolder()
    store = try folder.open()
  }

  @Test func keepsEveryField() async throws {
    for entry in [fullEntry("a"), bareEntry("b"), bareEntry("d/", kind: .directory)] {
      let revision = try await store.apply([.record(entry)])
      var expected = entry
      expected.revision = revision
      #expect(try await store.row(entry.path) == .entry(expected))
    }
    #expect(try await store.row("c") == nil)
  }

  @Test func namesThatOnlyLookEqualAreTwoPaths() async throws {
    let composed: RelativePath = "caf\u{E9}"
    let decomposed: RelativePath = "cafe\u{301}"
    try await store.apply([.record(bareEntry(composed, inode: 1)), .record(bareEntry(decomposed, inode: 2))])
    #expect(try await store.row(composed)?.entry?.local.inode == 1)
    #expect(try await store.row(decomposed)?.entry?.local.inode == 2)
    try await store.apply([.forget(composed)])
    #expect(try await store.row(composed) == .tombstone(composed, revision: 2))
    #expect(try await store.row(decomposed)?.entry != nil)
    #expect(try await store.leafCount() == 1)
  }

  @Test func ordersByBytes() async throws {
    let paths: [RelativePath] = [
      "a", "a b", "a-", "a.txt", "a/", "a/b", "a0", "B", "z", "\u{E9}", "e\u{301}", "\u{FFFD}", "\u{1F600}", "\n", "A/",
    ]
    try await store.apply(paths.shuffled().map { .record(bareEntry($0)) })
    #expect(try await store.rows(after: nil, limit: 100).map(\.path) == paths.sorted())
    var collected: [RelativePath] = []
    while let page = try await Optional(store.rows(after: collected.last, limit: 4)), !page.isEmpty {
      #expect(page.count <= 4)
      collected += page.map(\.path)
    }
    #expect(collected == paths.sorted())
  }

  @Test func entriesBelowADirectoryLeaveOutItsNeighbours() async throws {
    try await store.apply(
      ["a", "a/", "a/b", "a/c/", "a/c/d", "a/e", "a.txt", "a0", "b"].map { .record(bareEntry($0)) })
    try await store.apply([.forget("a/e")])
    #expect(try await store.entries(below: "a/", after: nil, limit: 9).map(\.path) == ["a/b", "a/c/", "a/c/d"])
    #expect(try await store.entries(below: "a/", after: "a/b", limit: 1).map(\.path) == ["a/c/"])
    #expect(try await store.entries(below: "a/", after: "b", limit: 9).isEmpty)
    #expect(
      try await store.entries(below: .root, after: nil, limit: 3).map(\.path) == ["a", "a.txt", "a/"])
  }

  @Test func findsEntriesByInode() async throws {
    let high = UInt64.max - 5
    try await store.apply([
      .record(fullEntry("x", inode: high)), .record(fullEntry("y", inode: high)), .record(fullEntry("z", inode: 3)),
    ])
    try await store.apply([.forget("y")])
    #expect(try await store.entries(mount: MountID(.max - 1), inode: high).map(\.path) == ["x"])
    #expect(try await store.entries(mount: MountID(2), inode: high).isEmpty)
  }

  @Test func recordIfAbsentKeepsAnEntryAndReplacesATombstone() async throws {
    try await store.apply([.record(bareEntry("a", inode: 1)), .record(bareEntry("b", inode: 1)), .forget("b")])
    try await store.apply([.recordIfAbsent(bareEntry("a", inode: 2)), .recordIfAbsent(bareEntry("b", inode: 2))])
    #expect(try await store.row("a")?.entry?.local.inode == 1)
    #expect(try await store.row("b")?.entry?.local.inode == 2)
    #expect(try await store.leafCount() == 2)
  }

  @Test func revisionCountsChangesOfRowsOnly() async throws {
    #expect(store.revision == 0)
    #expect(try await store.apply([.record(bareEntry("a"))]) == 1)
    #expect(try await store.apply([.closeIntent(Intent.ID("none"))]) == 1)
    #expect(try await store.apply([.forget("never there")]) == 2)
    #expect(try await store.row("never there") == .tombstone("never there", revision: 2))
    #expect(store.revision == 2)
  }

  @Test func leafCountLeavesOutDirectoriesAndTombstones() async throws {
    try await store.apply([
      .record(bareEntry("f")), .record(bareEntry("l", kind: .symlink)), .record(bareEntry("d/", kind: .directory)),
    ])
    #expect(try await store.leafCount() == 2)
    try await store.apply([.record(bareEntry("f")), .forget("d/"), .forget("l"), .forget("l")])
    #expect(try await store.leafCount() == 1)
  }

  @Test func countsWhatIsLeftApart() async throws {
    var apart = bareEntry("b")
    apart.isApart = true
    func named(_ name: String) -> BaseChange {
      apart.path = RelativePath(unchecked: name)
      return .record(apart)
    }
    #expect(try await store.leftApart(limit: 2) == (0, []))
    try await store.apply([.record(bareEntry("a")), named("c"), named("b"), named("e"), named("d")])
    #expect(try await store.leftApart(limit: 2) == (4, ["b", "c"]))
    try await store.apply([.forget("b"), .record(bareEntry("d"))])
    #expect(try await store.leftApart(limit: 9) == (2, ["c", "e"]))
  }

  @Test func dropsTombstonesUpToARevision() async throws {
    try await store.apply((0..<25_000).map { .forget(RelativePath(unchecked: "old\($0)")) })
    let revision = try await store.apply([.record(bareEntry("kept"))])
    try await store.apply([.forget("new")])
    try await store.dropTombstones(through: revision)
    #expect(try await store.rows(after: nil, limit: 10).map(\.path) == ["kept", "new"])
  }

  @Test func intentsStayInTheOrderOfTheirOpening() async throws {
    var first = Intent(
      id: Intent.ID("z"), kind: .multipart, path: "caf\u{E9}", expected: nil, openedAt: Timestamp(seconds: 1))
    let second = Intent(
      id: Intent.ID("a"), kind: .put, path: "cafe\u{301}",
      expected: RemoteStamp(etag: "e", size: 1, lastModified: Timestamp(seconds: 3), versionID: "v"),
      openedAt: Timestamp(nanoseconds: 9))
    try await store.apply([.openIntent(first)])
    try await store.apply([.openIntent(second)])
    first.parts = [PartReceipt(number: 1, etag: "p", crc64: .max, size: 5)]
    first.local = SentStamp(fullEntry("x").local, isProvisional: true)
    first.isUncertain = true
    try await store.apply([.openIntent(first)])
    #expect(try await store.intents() == [first, second])
    #expect(try await store.intents().map { Array($0.path.utf8) } == [first, second].map { Array($0.path.utf8) })
    try await store.apply([.closeIntent(first.id)])
    #expect(try await store.intents() == [second])
  }

  @Test func spilledPathsComeOutOnceAndInOrder() async throws {
    try await store.spill(["c", "a", "b/"])
    try await store.spill(["a", "d"])
    #expect(try await store.unspill(limit: 2) == ["a", "b/"])
    #expect(try await store.unspill(limit: 9) == ["c", "d"])
    #expect(try await store.unspill(limit: 9).isEmpty)
  }

  @Test func valuesAreSetReplacedAndRemoved() async throws {
    #expect(try await store.value("node") == nil)
    try await store.setValue("one", for: "node")
    try await store.setValue("two", for: "node")
    #expect(try await store.value("node") == "two")
    try await store.setValue(nil, for: "node")
    #expect(try await store.value("node") == nil)
  }
}
