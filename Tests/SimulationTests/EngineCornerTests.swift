import SyncModel
import Testing

@testable import Simulation
@testable import SyncEngine

/// What the histories of random users hardly ever come to, told step by step.
@Suite struct EngineCornerTests {
  // MARK: - Status

  /// It was told as of the last pass: “not watched yet” for as long as the first poll took.
  @Test func theStatusTellsOfTheWatchAsItIs() {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(600) }
    stage.start(node)
    stage.advance(.seconds(20))
    #expect(stage.status(of: node)?.watch == .live)
  }

  // MARK: - Conflicts

  @Test func firstSyncPutsTheLoserIntoTheTrash() {
    for (policy, winner, loser) in [
      (FirstSyncPolicy.remote, "there", "here"), (.local, "here", "there"),
    ] {
      let stage = Stage()
      let node = stage.node { $0.policy.firstSync = policy }
      node.write("file", "here")
      stage.put("file", "there")
      stage.advance(.seconds(5))
      stage.start(node)
      stage.advance(.seconds(60))
      #expect(node.text("file") == winner)
      #expect(stage.text("file") == winner)
      #expect(node.names == ["file"])
      #expect(node.disk.trash.map { String(decoding: $0.inode.content, as: UTF8.self) } == [loser])
      // What was in the bucket may expire there; what never was may not.
      #expect(node.disk.trash.map(\.mayExpire) == [policy == .local])
    }
  }

  @Test func aDecisionEndsAFirstContactThatWasUndecided() {
    let stage = Stage()
    let node = stage.node()
    for number in 0..<30 {
      node.write(RelativePath(unchecked: "file\(number)"), "here")
      stage.put("file\(number)", "there")
    }
    stage.start(node)
    stage.advance(.seconds(60))
    #expect((node.run?.failure as? EngineFailure)?.code == .firstSyncUndecided)
    var options = node.options
    options.policy.firstSync = .keepBoth
    let run = stage.run(node, options)
    stage.advance(.seconds(60))
    #expect(!run.task.isDone)
    #expect(node.text("file1") == "there")
    #expect(node.names.count == 60)
  }

  /// Somebody worked on one copy of a version after the other before its conflict could be settled (seed 91890).
  @Test(arguments: [8, Engine.conflictNameAttempts]) func whereNoNameIsLeftForACopyNothingIsOverwritten(
    taken: Int
  ) throws {
    let stage = Stage()
    let node = stage.node()
    node.write("file", "here")
    stage.put("file", "there")
    let inode = try #require(node.disk.lookup("file"))
    let loser = ConflictName.Loser.local(node: "N1", content: SimContent.fingerprint(Array("here".utf8)))
    for attempt in 0..<taken {
      let name = ConflictName.path(
        for: "file", loser: loser, time: inode.modified, prefixLength: 0, attempt: attempt)
      node.write(try #require(name), "something else \(attempt)")
    }
    stage.advance(.seconds(5))
    stage.start(node)
    stage.advance(.seconds(120))
    if taken < Engine.conflictNameAttempts {
      #expect(node.text("file") == stage.text("file"))
      #expect(node.names.count == taken + 2)
      return
    }
    #expect(node.text("file") == "here")
    #expect(stage.text("file") == "there")
    #expect(stage.status(of: node)?.quarantined.first?.reason.contains("all names for its copy are taken") == true)
  }

  @Test func aNameTooLongForACopyIsReported() {
    let stage = Stage()
    let node = stage.node { $0.prefixLength = 990 }
    node.write("file", "here")
    stage.put("file", "there")
    stage.advance(.seconds(5))
    stage.start(node)
    stage.advance(.seconds(120))
    #expect(node.text("file") == "here")
    #expect(stage.text("file") == "there")
    #expect(stage.status(of: node)?.quarantined.first?.reason.contains("too long for a copy") == true)
  }

  @Test func aDryRunTellsOfAConflictAndKeepsBoth() {
    let stage = Stage()
    let node = stage.node()
    node.write("file", "here")
    stage.put("file", "there")
    stage.advance(.seconds(5))
    var options = node.options
    options.isDryRun = true
    let run = stage.run(node, options)
    stage.advance(.seconds(60))
    #expect(run.task.isDone)
    #expect(run.events.contains { if case .planned("file", .compare) = $0 { true } else { false } })
    #expect(node.names == ["file"])
    #expect(stage.server.sortedKeys == ["file"])
  }

  /// Without a checksum to compare, the bytes are.
  @Test(arguments: ["same", "othr"]) func largeFilesAreComparedWithoutAChecksum(end: String) {
    let stage = Stage()
    let node = stage.node()
    let start = String(repeating: "x", count: 100)
    node.write("large", start + "same")
    stage.put("large", start + end)
    stage.advance(.seconds(5))
    let run = stage.run(node, node.options) { $0.hasNoChecksums = true }
    stage.advance(.seconds(120))
    #expect(!run.task.isDone)
    #expect(node.names.count == (end == "same" ? 1 : 2))
    #expect(node.text("large") == start + end)
    #expect(stage.server.sortedKeys.count == node.names.count)
  }

  // MARK: - What is not synced

  @Test func excludingAPathForgetsItAndIncludingItAgainIsAFirstContact() {
    let stage = Stage()
    let node = stage.node()
    for name in ["keep", "skip"] { node.write(RelativePath(unchecked: name), "before") }
    let first = stage.run(node, node.options)
    stage.advance(.seconds(60))
    #expect(stage.server.sortedKeys == ["keep", "skip"])
    first.stop(stage)
    var options = node.options
    options.filters = Filters(rules: [.exclude("skip")])
    let second = stage.run(node, options)
    stage.advance(.seconds(60))
    node.disk.remove("skip")
    stage.advance(.seconds(60))
    #expect(stage.text("skip") == "before")
    second.stop(stage)
    // The base has forgotten the path: its absence proves nothing.
    _ = stage.run(node, node.options)
    stage.advance(.seconds(60))
    #expect(stage.text("skip") == "before")
    #expect(node.text("skip") == "before")
  }

  @Test func aLinkThatLeadsOutIsReportedUntilItIsHarmless() throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    let link = EntryMetadata(kind: .symlink)
    try stage.server.put("link", Array("../outside".utf8), metadata: link, ifMatch: nil)
    stage.start(node)
    stage.advance(.seconds(60))
    #expect(node.names == [])
    #expect(stage.status(of: node)?.quarantined.first?.reason.contains("leads out of the folder") == true)
    let etag = stage.server.objects["link"]?.etag
    try stage.server.put("link", Array("inside".utf8), metadata: link, ifMatch: etag)
    stage.advance(.seconds(60))
    #expect(node.text("link") == "inside")
    #expect(stage.status(of: node)?.quarantined.isEmpty == true)
    try stage.server.put("link2", Array("/etc/passwd".utf8), metadata: link, ifMatch: nil)
    stage.advance(.seconds(60))
    #expect(stage.status(of: node)?.quarantined.map(\.name) == ["link2"])
    try stage.server.delete("link2", ifMatch: nil)
    stage.advance(.seconds(60))
    #expect(stage.status(of: node)?.quarantined.isEmpty == true)
  }

  @Test func theStateOfAnotherFolderDeletesNothing() {
    let stage = Stage()
    let (node, other) = (stage.node(), stage.node())
    for number in 0..<5 { node.write(RelativePath(unchecked: "file\(number)"), "content") }
    let first = stage.run(node, node.options)
    stage.advance(.seconds(60))
    first.stop(stage)
    // An empty folder, with the database of the full one.
    let second = stage.run(other, node.options, database: node.database)
    stage.advance(.seconds(120))
    #expect(stage.server.sortedKeys.count == 5)
    #expect(other.names == [])
    #expect(second.events.contains { if case .deletionsHalted = $0 { true } else { false } })
  }

  // MARK: - Deletions

  @Test func haltedDeletionsGoOnWhenTheFilesAreBack() throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    for number in 0..<40 { node.write(RelativePath(unchecked: "file\(number)"), "content \(number)") }
    stage.start(node)
    stage.advance(.seconds(30))
    let objects = stage.server.objects
    for number in 0..<40 { try stage.server.delete("file\(number)", ifMatch: nil) }
    stage.put("other", "so that the listing is not empty")
    stage.advance(.seconds(60))
    #expect(node.names.count == 41)
    #expect(stage.status(of: node)?.deletionsHalted != nil)
    for (key, object) in objects where key != "file0" {
      try stage.server.put(key, object.content, metadata: object.metadata, ifMatch: nil)
    }
    stage.advance(.seconds(60))
    #expect(stage.status(of: node)?.deletionsHalted == nil)
    #expect(node.text("file0") == nil)
    #expect(node.names.count == 40)
  }

  @Test func aFileThatIsHeldOpenIsDeletedWhenItIsClosed() throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    node.write("file", "content")
    node.write("other", "other")
    stage.start(node)
    stage.advance(.seconds(30))
    let inode = try #require(node.disk.lookup("file"))
    node.disk.openForWriting(inode)
    try stage.server.delete("file", ifMatch: nil)
    stage.advance(.seconds(120))
    #expect(node.text("file") == "content")
    node.disk.close(inode, openedAs: "file")
    stage.advance(.seconds(60))
    #expect(node.text("file") == nil)
    #expect(stage.text("file") == nil)
  }

  @Test func aListingOutOfOrderDeletesNothing() throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    for number in 0..<5 { node.write(RelativePath(unchecked: "file\(number)"), "content \(number)") }
    let run = stage.run(node, node.options)
    stage.advance(.seconds(30))
    run.remote.listsBackwards = true
    try stage.server.delete("file2", ifMatch: nil)
    stage.advance(.seconds(60))
    #expect(node.names.count == 5)
    #expect(
      run.events.contains { if case .passFailed(let reason) = $0 { reason.contains("not in order") } else { false } })
    run.remote.listsBackwards = false
    stage.advance(.seconds(60))
    #expect(node.names.count == 4)
  }

  @Test func aFolderThatIsGoneAgainLeavesTheFileItsName() throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(1) }
    node.write("a", "file")
    node.write("b", "other")
    stage.start(node)
    stage.advance(.seconds(30))
    stage.put("a/b", "below")
    stage.advance(.seconds(6))
    #expect(node.text("a") == "file")
    try stage.server.delete("a/b", ifMatch: nil)
    stage.advance(.seconds(60))
    #expect(node.names == ["a", "b"])
    #expect(node.text("a") == "file")
    #expect(stage.text("a") == "file")
  }

  // MARK: - Bounds

  @Test func contentsThatAreHeldInMemoryShareItsBudget() throws {
    let stage = Stage()
    let node = stage.node { $0.largeSize = MemoryBudget.capacity }
    let size = Int(MemoryBudget.threshold)
    for number in 0..<3 {
      node.disk.create(
        RelativePath(unchecked: "file\(number)"), .file, [UInt8](repeating: UInt8(number), count: size))
    }
    let run = stage.run(node, node.options)
    stage.advance(.seconds(60))
    #expect(stage.server.sortedKeys == ["file0", "file1", "file2"])
    #expect(run.status(stage).pending == 0)
  }

  // MARK: - Peculiar servers

  @Test func aServerThatRefusesEveryConditionIsReported() throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    node.write("file", "before")
    let run = stage.run(node, node.options) { $0.refusesConditions = true }
    stage.advance(.seconds(30))
    node.rewrite("file", "after")
    stage.advance(.seconds(300))
    #expect(stage.text("file") == "before")
    #expect(run.events.contains { if case .capabilitiesDoubted = $0 { true } else { false } })
    #expect(run.status(stage).quarantined.first?.reason.contains("refused a condition") == true)
    run.remote.refusesConditions = false
    stage.advance(.seconds(900))
    #expect(stage.text("file") == "after")
    #expect(run.status(stage).quarantined.isEmpty)
  }

  @Test func metadataThatCannotBeSentAreReportedAndLeftAlone() {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    node.write("file", "content")
    let run = stage.run(node, node.options) { $0.refusesMetadata = true }
    stage.advance(.seconds(30))
    node.disk.setMode(0o600, of: "file")
    stage.advance(.seconds(60))
    #expect(stage.server.objects["file"]?.metadata.mode == 0o644)
    #expect(node.disk.lookup("file")?.mode == 0o600)
    #expect(run.status(stage).quarantined.first?.reason.contains("cannot be carried over") == true)
    // They go with the next content.
    node.rewrite("file", "new content")
    stage.advance(.seconds(60))
    #expect(stage.server.objects["file"]?.metadata.mode == 0o600)
    #expect(run.status(stage).quarantined.isEmpty)
  }

  @Test func aRequestToSlowDownLowersTheConcurrency() {
    let stage = Stage()
    let node = stage.node()
    let run = stage.run(node, node.options)
    stage.advance(.seconds(30))
    let before = run.ask(stage) { await $0.concurrency }
    run.engine.slowDown()
    let after = run.ask(stage) { await $0.concurrency }
    #expect(after < before)
  }
}
