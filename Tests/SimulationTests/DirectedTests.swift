import SyncModel
import Testing

@testable import Simulation
@testable import SyncEngine

/// Histories that once went wrong, told step by step.
@Suite struct DirectedTests {
  @Test func firstContactStaysUndecidedAtTheNextStart() {
    let stage = Stage()
    let node = stage.node()
    for number in 0..<30 {
      node.write(RelativePath(unchecked: "different\(number)"), "here")
      stage.put("different\(number)", "there")
    }
    for number in 0..<15 {
      node.write(RelativePath(unchecked: "equal\(number)"), "same")
      stage.put("equal\(number)", "same")
    }
    stage.advance(.seconds(5))
    let names = node.names
    for _ in 0..<3 {
      stage.start(node)
      stage.advance(.seconds(60))
      #expect((node.run?.failure as? EngineFailure)?.code == .firstSyncUndecided)
      #expect(node.names == names)
      #expect(node.text("different1") == "here")
    }
  }

  @Test func firstContactAppliesNoMetadataBeforeItIsDecided() throws {
    let stage = Stage()
    let node = stage.node()
    for number in 0..<30 {
      node.write(RelativePath(unchecked: "different\(number)"), "here")
      stage.put("different\(number)", "there")
    }
    node.write("equal", "same")
    let metadata = EntryMetadata(kind: .file, mode: 0o600, modified: Timestamp(seconds: 1))
    try stage.server.put("equal", Array("same".utf8), metadata: metadata, ifMatch: nil)
    stage.advance(.seconds(5))
    stage.start(node)
    stage.advance(.seconds(60))
    #expect((node.run?.failure as? EngineFailure)?.code == .firstSyncUndecided)
    #expect(node.disk.lookup("equal")?.mode == 0o644)
  }

  @Test func aBucketThatHasOnlyFoldersLeftIsEmptied() throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    node.disk.create("folder/", .directory)
    for number in 0..<5 { node.write(RelativePath(unchecked: "file\(number)"), "content \(number)") }
    stage.start(node)
    stage.advance(.seconds(60))
    #expect(stage.server.sortedKeys.contains("folder/"))
    for number in 0..<5 { try stage.server.delete("file\(number)", ifMatch: nil) }
    stage.advance(.seconds(60))
    #expect(node.names.count == 5)
    #expect(stage.status(of: node)?.deletionsHalted != nil)
  }

  @Test func aPassThatIsStoppedDeletesNothing() throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    for number in 0..<5 { node.write(RelativePath(unchecked: "file\(number)"), "content \(number)") }
    stage.start(node)
    stage.advance(.seconds(20))
    for number in 0..<5 { try stage.server.delete("file\(number)", ifMatch: nil) }
    let engine = try #require(node.engine)
    let executor = stage.executor
    let stopper = SimTask(on: executor) {
      while await engine.spool.isEmpty { await executor.pause(10_000) }
      engine.requestStop()
    }
    stage.advance(.seconds(60))
    #expect(stopper.isDone)
    #expect(node.names.count == 5)
  }

  @Test func aFileWrittenAnewAfterALostDeletionIsNotDeletedAgain() throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    node.write("file", "content")
    node.write("other", "other")
    stage.start(node)
    stage.advance(.seconds(20))
    let stored = try #require(stage.server.objects["file"])
    var faults = FaultPlan()
    faults.lostReply = 1
    node.setFaults(faults)
    node.disk.remove("file")
    for _ in 0..<40 where stage.text("file") != nil { stage.advance(.seconds(1)) }
    #expect(stage.text("file") == nil)
    stage.advance(.seconds(5))
    try stage.server.put("file", stored.content, metadata: stored.metadata, ifMatch: nil)
    node.setFaults(.none)
    stage.advance(.seconds(400))
    #expect(stage.text("file") == "content")
    #expect(node.text("file") == "content")
  }

  @Test func aFolderOutlivesTheFileThatIsMovedOutOfIt() {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    node.disk.create("folder/", .directory)
    node.write("folder/file", "content")
    stage.start(node)
    stage.advance(.seconds(20))
    node.disk.rename("folder/file", to: "file")
    stage.advance(.seconds(60))
    #expect(stage.server.sortedKeys == ["file", "folder/"])
    #expect(node.disk.lookup("folder/") != nil)
  }

  @Test func aSaveThatRenamesAwayFirstIsNoDeletion() {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    node.write("file", "before")
    stage.start(node)
    stage.advance(.seconds(20))
    node.disk.rename("file", to: "file~")
    stage.advance(.milliseconds(1500))
    #expect(stage.text("file") == "before")
    node.write("file", "after")
    for _ in 0..<100 {
      stage.advance(.milliseconds(100))
      #expect(stage.text("file") != nil)
    }
    #expect(stage.text("file") == "after")
  }

  @Test func filesMovedByCopyingDoNotCountAsDeleted() {
    let stage = Stage()
    let node = stage.node { $0.deletionLimit = .files(10) }
    for number in 0..<40 { node.write(RelativePath(unchecked: "old\(number)"), "content \(number)") }
    stage.start(node)
    stage.advance(.seconds(20))
    node.stop()
    stage.advance(.seconds(60))
    for number in 0..<30 {
      node.write(RelativePath(unchecked: "new\(number)"), "content \(number)")
      node.disk.remove(RelativePath(unchecked: "old\(number)"))
    }
    stage.start(node)
    stage.advance(.seconds(60))
    #expect(stage.status(of: node)?.deletionsHalted == nil)
    #expect(stage.server.sortedKeys.filter { $0.hasPrefix("old") }.count == 10)
    #expect(stage.server.sortedKeys.filter { $0.hasPrefix("new") }.count == 30)
  }

  @Test func aWriteThroughANewHardLinkReachesTheOldName() throws {
    let stage = Stage()
    let node = stage.node {
      $0.poll = .seconds(10_000)
      $0.fullPassInterval = .seconds(10_000)
    }
    node.write("file", "before")
    stage.start(node)
    stage.advance(.seconds(20))
    let inode = try #require(node.disk.lookup("file"))
    node.disk.link("file", as: "link")
    node.disk.openForWriting(inode)
    node.disk.write(Array("after!".utf8), to: inode)
    node.disk.close(inode, openedAs: "link")
    stage.advance(.seconds(60))
    #expect(stage.text("link") == "after!")
    #expect(stage.text("file") == "after!")
  }

  @Test func aChmodThroughAHardLinkReachesTheOtherName() throws {
    let stage = Stage()
    let node = stage.node {
      $0.poll = .seconds(10_000)
      $0.fullPassInterval = .seconds(10_000)
    }
    node.write("file", "content")
    node.disk.link("file", as: "link")
    stage.start(node)
    stage.advance(.seconds(20))
    node.disk.setMode(0o600, of: "link")
    stage.advance(.seconds(60))
    #expect(stage.server.objects["link"]?.metadata.mode == 0o600)
    #expect(stage.server.objects["file"]?.metadata.mode == 0o600)
  }

  @Test func metadataThatArriveAtOneNameReachTheOthers() throws {
    let stage = Stage()
    let node = stage.node {
      $0.poll = .seconds(5)
      $0.fullPassInterval = .seconds(10_000)
    }
    node.write("file", "content")
    node.disk.link("file", as: "link")
    stage.start(node)
    stage.advance(.seconds(20))
    let stored = try #require(stage.server.objects["link"])
    var metadata = stored.metadata
    metadata.mode = 0o600
    try stage.server.put("link", stored.content, metadata: metadata, ifMatch: stored.etag)
    stage.advance(.seconds(60))
    #expect(stage.server.objects["file"]?.metadata.mode == 0o600)
  }

  /// The ETag says nothing of metadata, and the time that S3 tells has whole seconds.
  @Test func metadataThatChangeInTheSecondOfOurOwnChangeArrive() throws {
    let stage = Stage()
    let node = stage.node {
      $0.poll = .seconds(5)
      $0.fullPassInterval = .seconds(10_000)
    }
    node.write("file", "content")
    stage.start(node)
    stage.advance(.seconds(20))
    node.disk.setMode(0o600, of: "file")
    var steps = 0
    while stage.server.objects["file"]?.metadata.mode != 0o600, steps < 20_000 {
      stage.advance(.milliseconds(1))
      steps += 1
    }
    stage.advance(.milliseconds(50))
    let ours = try #require(stage.server.objects["file"])
    var metadata = ours.metadata
    metadata.mode = 0o640
    try stage.server.put("file", ours.content, metadata: metadata, ifMatch: ours.etag)
    let theirs = try #require(stage.server.objects["file"])
    try #require(theirs.etag == ours.etag && theirs.lastModified == ours.lastModified)
    stage.advance(.seconds(60))
    #expect(node.disk.lookup("file")?.mode == 0o640)
    #expect(stage.server.objects["file"]?.metadata.mode == 0o640)
  }

  @Test func anUploadThatIsCutOffIsReported() {
    let stage = Stage()
    let node = stage.node { $0.shutdownTimeout = .seconds(1) }
    stage.start(node)
    stage.advance(.seconds(20))
    var faults = FaultPlan()
    faults.lostRequest = 1
    node.setFaults(faults)
    node.write("file", "content")
    node.stop()
    stage.advance(.seconds(60))
    #expect(node.run?.isDone == true)
    #expect(stage.oracle.trace?.contains { $0.contains("ended with 1 unsynced") } == true)
  }

  /// A container is killed 10 s after it was asked to stop.
  @Test func aStopDoesNotWaitForWhatKeepsFailing() throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    node.disk.create("folder/", .directory)
    node.write("folder/file", "content")
    stage.start(node)
    stage.advance(.seconds(20))
    let folder = try #require(node.disk.lookup("folder/"))
    node.disk.setSearchable(false, folder)
    stage.put("folder/new", "new")
    stage.advance(.seconds(60))
    #expect(stage.status(of: node)?.quarantined.isEmpty == false)
    node.write("last", "last")
    node.stop()
    stage.advance(.seconds(8))
    #expect(node.run?.isDone == true)
    #expect(stage.text("last") == "last")
  }

  @Test func aBlockedKeyIsReportedUntilItIsFree() throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    stage.put("a", "file")
    stage.put("a/b", "below")
    stage.put("other", "other")
    stage.start(node)
    stage.advance(.seconds(60))
    #expect(stage.status(of: node)?.quarantined.map(\.name) == ["a"])
    #expect(node.names == ["a/b", "other"])
    try stage.server.delete("a/b", ifMatch: nil)
    stage.advance(.seconds(120))
    #expect(stage.status(of: node)?.quarantined.map(\.name) == [])
    #expect(node.names == ["a", "other"])
  }

  @Test func partsOfACopyWhoseReplyWasLostAreAborted() {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    node.write("large", String(repeating: "x", count: 100))
    stage.start(node)
    stage.advance(.seconds(20))
    #expect(stage.text("large") != nil)
    var faults = FaultPlan()
    faults.lostRequest = 1
    node.setFaults(faults)
    node.disk.rename("large", to: "moved")
    stage.advance(.seconds(6))
    // What a copy in parts begins, which the simulated server does not need.
    _ = stage.server.beginUpload("moved", metadata: EntryMetadata(kind: .file))
    node.setFaults(.none)
    stage.advance(.seconds(400))
    #expect(stage.server.sortedKeys == ["moved"])
    #expect(stage.server.openUploads == [])
  }

  /// The request waited somewhere on its way; the file has long been sent by another upload.
  @Test func anUploadThatBeginsAfterItsSenderGaveUpIsAborted() {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    stage.start(node)
    stage.advance(.seconds(20))
    var faults = FaultPlan()
    faults.lostReply = 1
    node.setFaults(faults)
    node.write("large", String(repeating: "x", count: 100))
    stage.advance(.seconds(6))
    node.setFaults(.none)
    stage.advance(.seconds(60))
    #expect(stage.text("large") != nil)
    #expect(stage.server.openUploads == [])
    _ = stage.server.beginUpload("large", metadata: EntryMetadata(kind: .file))
    stage.advance(.seconds(60))
    #expect(stage.server.openUploads == [])
    #expect(stage.text("large") != nil)
  }

  /// Another writer's long upload to the same key is none that this node can have begun.
  @Test func anOlderUploadToTheSameKeyIsLeftAlone() {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    node.write("large", String(repeating: "x", count: 100))
    let others = stage.server.beginUpload("moved", metadata: EntryMetadata(kind: .file))
    stage.start(node)
    stage.advance(.seconds(3 * 3600))
    var faults = FaultPlan()
    faults.lostRequest = 1
    node.setFaults(faults)
    node.disk.rename("large", to: "moved")
    stage.advance(.seconds(6))
    _ = stage.server.beginUpload("moved", metadata: EntryMetadata(kind: .file))
    node.setFaults(.none)
    stage.advance(.seconds(400))
    #expect(stage.server.sortedKeys == ["moved"])
    #expect(stage.server.openUploads == ["moved (\(others))"])
  }

  /// Deletions that wait leave the files where they are; nobody disagreed, so no copies are made of them.
  @Test func filesThatBecameFoldersElsewhereAreNoConflicts() throws {
    let stage = Stage()
    let node = stage.node {
      $0.poll = .seconds(5)
      $0.deletionLimit = .files(2)
    }
    for number in 0..<6 { node.write(RelativePath(unchecked: "file\(number)"), "content \(number)") }
    stage.start(node)
    stage.advance(.seconds(20))
    for number in 0..<3 {
      try stage.server.delete("file\(number)", ifMatch: nil)
      stage.put("file\(number)/inner", "inner \(number)")
    }
    stage.advance(.seconds(60))
    #expect(stage.status(of: node)?.deletionsHalted != nil)
    #expect(node.names == (0..<6).map { "file\($0)" })
  }

  @Test func scatteredAbsencesAreProvenSideBySide() throws {
    let stage = Stage()
    let node = stage.node {
      $0.poll = .seconds(5)
      $0.fullPassInterval = .seconds(10_000)
      $0.deletionLimit = .unlimited
    }
    for number in 0..<800 { node.write(RelativePath(unchecked: "file\(number)"), "content \(number)") }
    stage.start(node, pageSize: 100)
    stage.advance(.seconds(300))
    #expect(stage.server.sortedKeys.count == 800)
    for number in 0..<400 { try stage.server.delete("file\(number * 2)", ifMatch: nil) }
    var seconds = 0.0
    while node.names.count > 400, seconds < 100 {
      stage.advance(.milliseconds(100))
      seconds += 0.1
    }
    // One after the other they took 60.
    #expect(seconds < 25)
  }

  @Test(arguments: 0..<12) func hintsDuringAPollAreGuarded(delay: Int) {
    let stage = Stage()
    let node = stage.node {
      $0.poll = .seconds(5)
      $0.fullPassInterval = .seconds(10_000)
    }
    for number in 0..<100 { node.write(RelativePath(unchecked: "file\(number)"), "content \(number)") }
    stage.start(node, pageSize: 1)
    stage.advance(.seconds(30))
    #expect(stage.server.sortedKeys.count == 100)
    stage.advance(.milliseconds(500 * delay))
    for number in 0..<100 { node.disk.remove(RelativePath(unchecked: "file\(number)")) }
    stage.advance(.seconds(100))
    #expect(stage.server.sortedKeys.count >= 50)
    #expect(stage.status(of: node)?.deletionsHalted != nil)
  }

  /// What was just uploaded and is deleted again is no half of a move.
  @Test func filesDeletedSoonAfterTheirUploadAreGuarded() {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(600) }
    stage.start(node)
    stage.advance(.seconds(10))
    for number in 0..<60 { node.write(RelativePath(unchecked: "file\(number)"), "content \(number)") }
    stage.advance(.seconds(30))
    #expect(stage.server.sortedKeys.count == 60)
    for number in 0..<55 { node.disk.remove(RelativePath(unchecked: "file\(number)")) }
    stage.advance(.seconds(30))
    // Half of them may cross before the guard sees that there are more.
    #expect(stage.server.sortedKeys.count >= 30)
    #expect(stage.status(of: node)?.deletionsHalted != nil)
  }

  @Test(arguments: [true, false]) func onlyOnceGivesUpOnAFileThatGoesOnChanging(once: Bool) throws {
    let stage = Stage()
    let node = stage.node { $0.once = once }
    stage.start(node)
    stage.advance(.seconds(10))
    let engine = try #require(node.engine)
    let executor = stage.executor
    func ask(every pause: Int64) {
      let asking = SimTask(on: executor) {
        for _ in 0..<7 {
          await engine.postpone("log", .seconds(1))
          await executor.pause(pause)
        }
      }
      stage.advance(.seconds(10))
      #expect(asking.isDone)
    }
    // Looks ahead of time, for events.
    ask(every: 10_000_000)
    #expect(stage.status(of: node)?.quarantined == [])
    ask(every: 1_000_000_000)
    #expect(stage.status(of: node)?.quarantined.map(\.name) == (once ? ["log"] : []))
  }

  @Test func anEditEndsTheBackoffOfAPathThatKeptFailing() throws {
    let stage = Stage()
    let node = stage.node {
      $0.poll = .seconds(10_000)
      $0.fullPassInterval = .seconds(10_000)
    }
    stage.start(node)
    stage.advance(.seconds(10))
    var faults = FaultPlan()
    faults.unreachableUntil = .max
    node.setFaults(faults)
    node.write("file", "before")
    stage.advance(.seconds(900))
    node.setFaults(.none)
    let inode = try #require(node.disk.lookup("file"))
    node.disk.openForWriting(inode)
    node.disk.write(Array("after".utf8), to: inode)
    node.disk.close(inode, openedAs: "file")
    stage.advance(.seconds(5))
    #expect(stage.text("file") == "after")
  }

  @Test func aDryRunLeavesUnfinishedUploadsAlone() throws {
    let stage = Stage()
    let node = stage.node()
    stage.start(node)
    stage.advance(.seconds(20))
    node.write("large", String(repeating: "x", count: 2000))
    for _ in 0..<10_000 where stage.server.openUploads.isEmpty { stage.advance(.milliseconds(1)) }
    stage.advance(.milliseconds(30))
    node.crash(stage.oracle)
    stage.advance(.seconds(30))
    #expect(stage.server.openUploads.count == 1)
    node.disk.remove("large")
    node.write("large", "not large any more")
    var options = EngineOptions(nodeID: "dry")
    options.isDryRun = true
    let life = NodeLife(node: node.name, executor: stage.executor, generator: SeededGenerator(seed: 3))
    let engine = Engine(
      local: try node.openTree(SimKernel(disk: node.disk, life: life), stage.oracle),
      remote: SimRemoteTree(server: stage.server, life: life, faults: .none, ledger: stage.oracle, pageSize: 1000),
      store: SimStore(database: node.database, life: life), environment: node.environment, options: options,
      observer: Ignoring())
    let run = SimTask(on: stage.executor) { _ = try await engine.run() }
    stage.advance(.seconds(60))
    #expect(run.isDone)
    #expect(stage.server.openUploads.count == 1)
  }
}

private struct Ignoring: SyncObserver {
  func record(_ event: EngineEvent) {}
}
