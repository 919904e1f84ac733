import SyncEngine
import SyncModel
import Testing

@testable import Simulation

/// Directed histories of what random seeds once found.
@Suite struct RegressionTests {
  /// A cancelled wait for the stop signal ended the daemon 25 s after its first poll, and polls spun.
  @Test func aDaemonRunsOnAndPollsAtItsInterval() {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    stage.put("file", "content")
    stage.start(node)
    stage.advance(.seconds(600))
    #expect(node.isRunning)
    #expect(stage.executor.steps < 40_000)
    stage.put("late", "content")
    stage.advance(.seconds(10))
    #expect(node.text("late") == "content")
  }

  /// Seed 8034861: an upload in parts that could not go on stayed when a folder took its file's name, while the bucket
  /// had an object of that name.
  @Test func whatWasBegunToBeSentGoesWhereAFolderTakesTheName() throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    node.write("name", String(repeating: "x", count: 200))
    stage.start(node)
    for _ in 0..<200 where stage.server.openUploads.isEmpty { stage.advance(.milliseconds(20)) }
    try #require(!stage.server.openUploads.isEmpty && stage.text("name") == nil)
    var faults = FaultPlan()
    faults.throttled = 1
    node.setFaults(faults)
    stage.advance(.seconds(5))
    stage.put("name", "another's")
    node.disk.remove("name")
    node.disk.create("name/", .directory)
    node.write("name/inner", "inner")
    node.setFaults(.none)
    stage.advance(.seconds(600))
    #expect(stage.text("name/inner") == "inner" && stage.text("name") == "another's")
    #expect(stage.server.openUploads.isEmpty)
  }

  /// A file that was on its way when its folder was renamed had no row yet that the new name could have told of: the
  /// object of the old name stayed until the next full pass.
  @Test func aFolderThatIsRenamedWhileItsFileIsSent() {
    let stage = Stage()
    let node = stage.node()
    stage.put("other", "other")
    let run = stage.run(node, node.options)
    stage.advance(.seconds(20))
    run.remote.onPut = { node.disk.rename("d/", to: "e/") }
    node.disk.create("d/", .directory)
    node.write("d/file", "content")
    stage.advance(.seconds(60))
    #expect(node.text("e/file") == "content")
    #expect(stage.server.sortedKeys == ["e/file", "other"])
    run.stop(stage)
  }

  /// A leaf that was in sync never yielded to a directory of its name between two full passes.
  @Test func aFileYieldsToAFolderOfItsName() {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    stage.put("name", "file")
    stage.start(node)
    stage.advance(.seconds(20))
    stage.put("name/inner", "inner")
    stage.advance(.seconds(60))
    #expect(node.text("name/inner") == "inner")
    #expect(stage.text("name") == "file")
  }

  /// A power loss brought back the row of a file that had given way to a folder: it proved a deletion of the key.
  @Test func aRowThatWasDroppedDoesNotComeBack() {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    stage.put("name", "file")
    stage.put("other", "other")
    node.database.expectPowerLoss()
    stage.start(node)
    stage.advance(.seconds(20))
    stage.put("name/inner", "inner")
    while node.text("name/inner") == nil { stage.advance(.milliseconds(100)) }
    node.crash(stage.oracle)
    node.database.losePower(undoing: .max)
    stage.start(node)
    stage.advance(.seconds(60))
    #expect(stage.text("name") == "file")
    #expect(node.text("name/inner") == "inner")
  }

  /// A file in sync, of which the key went away after the folder of its name had come, was kept as a conflict copy.
  @Test func aFileThatBecameAFolderElsewhereIsNoConflict() throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(40) }
    stage.put("name", "file")
    stage.start(node)
    stage.advance(.seconds(10))
    #expect(node.text("name") == "file")
    stage.put("name/inner", "inner")
    // The poll saw both, and the time to settle is not over.
    stage.advance(.seconds(35))
    try stage.server.delete("name", ifMatch: nil)
    stage.advance(.seconds(100))
    #expect(node.disk.leaves().map(\.path) == ["name/inner"])
  }

  /// A file in sync, of which another version stood at the key beside the folder, was kept as a conflict copy.
  @Test func aReplacedFileThatBecameAFolderElsewhereIsNoConflict() {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    stage.put("name", "file")
    stage.start(node)
    stage.advance(.seconds(20))
    stage.put("name", "another")
    stage.put("name/inner", "inner")
    stage.advance(.seconds(100))
    #expect(node.disk.leaves().map(\.path) == ["name/inner"])
    #expect(stage.server.sortedKeys == ["name", "name/inner"])
  }

  /// The row of a folder did not know the marker that another node had put: the deletion never crossed.
  @Test func aFolderWithAForeignMarkerIsDeleted() {
    let stage = Stage()
    let node = stage.node {
      $0.poll = .seconds(5)
      $0.fullPassInterval = .seconds(30)
    }
    stage.put("folder/file", "content")
    stage.start(node)
    stage.advance(.seconds(20))
    stage.put("folder/", "")
    stage.advance(.seconds(20))
    node.disk.remove("folder/file")
    node.disk.remove("folder/")
    stage.advance(.seconds(90))
    #expect(stage.server.sortedKeys.isEmpty)
    #expect(node.disk.lookup("folder") == nil)
  }

  /// A refused write stayed open; the same content, put there later by somebody else, was taken for it, and the
  /// row that was written for it proved a deletion.
  @Test func whatSomebodyElsePutsIsNotAnOldWriteOfOurs() throws {
    let stage = Stage()
    let node = stage.node {
      $0.poll = .seconds(30)
      $0.policy.conflict = .remote
    }
    stage.put("other", "other")
    stage.put("file", "one")
    stage.start(node)
    stage.advance(.seconds(40))
    stage.put("file", "two")
    let inode = try #require(node.disk.lookup("file"))
    node.disk.openForWriting(inode)
    node.disk.write(Array("mine".utf8), to: inode)
    node.disk.close(inode, openedAs: "file")
    let metadata = inode.stamp(on: node.disk.mount).metadata
    stage.advance(.seconds(60))
    #expect(node.text("file") == "two")
    try stage.server.delete("file", ifMatch: nil)
    stage.advance(.seconds(90))
    #expect(node.text("file") == nil)
    try stage.server.put("file", Array("mine".utf8), metadata: metadata, ifMatch: nil)
    stage.advance(.seconds(120))
    #expect(stage.text("file") == "mine")
    #expect(node.text("file") == "mine")
  }

  /// A write that was never sent was taken for landed when another node moved the same content to its name: the row
  /// that was written for it proved a deletion (seed 201363).
  @Test func whatAnotherNodeMovedThereIsNotAnOldWriteOfOurs() throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    stage.put("other", "other")
    stage.start(node)
    stage.advance(.seconds(20))
    node.crashPoints = [CrashPoint(call: "store open put", moment: .after, skipped: 0)]
    node.disk.create("folder/", .directory)
    node.write("folder/file", "content")
    while node.isRunning { stage.advance(.milliseconds(10)) }
    #expect(stage.text("folder/file") == nil)
    node.disk.rename("folder/", to: "moved/")
    stage.start(node)
    stage.advance(.seconds(30))
    let object = try #require(stage.server.objects["moved/file"])
    try stage.server.put("folder/file", object.content, metadata: object.metadata, ifMatch: nil)
    try stage.server.delete("moved/file", ifMatch: object.etag)
    stage.advance(.seconds(120))
    #expect(stage.text("folder/file") == "content")
    #expect(node.text("folder/file") == "content")
    #expect(node.text("moved/file") == nil)
  }

  /// A lost reply left an upload in parts behind when its file went away.
  @Test(arguments: ["lost replies", "lost requests", "refusals"])
  func noUploadIsLeftOfAFileThatIsGone(fault: String) {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    stage.put("other", "other")
    stage.start(node)
    stage.advance(.seconds(10))
    var faults = FaultPlan()
    switch fault {
    case "lost replies": faults.lostReply = 2
    case "lost requests": faults.lostRequest = 2
    default: faults.throttled = 2
    }
    node.setFaults(faults)
    node.write("large", String(repeating: "x", count: 200))
    for _ in 0..<100 where stage.server.openUploads.isEmpty { stage.advance(.milliseconds(50)) }
    node.disk.remove("large")
    stage.advance(.seconds(10))
    node.setFaults(.none)
    stage.advance(.seconds(1200))
    #expect(stage.server.openUploads.isEmpty)
    #expect(stage.server.sortedKeys == ["other"])
  }

  /// A file that was sent was not made durable first: the power took its content, or its name, back, and what was left
  /// replaced the object, or deleted it.
  @Test(arguments: 0..<24 as Range<UInt64>) func aPowerFailureTakesNothingBackThatWasSent(seed: UInt64) {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    stage.put("other", "other")
    stage.start(node)
    stage.advance(.seconds(20))
    node.disk.create("folder/", .directory)
    node.write("folder/file", "sent")
    for _ in 0..<1_000 where stage.text("folder/file") == nil { stage.advance(.milliseconds(10)) }
    #expect(stage.text("folder/file") == "sent")
    stage.advance(.milliseconds(500))
    node.crash(stage.oracle)
    var generator = SeededGenerator(seed: seed)
    _ = node.disk.failPower(&generator)
    stage.start(node)
    stage.advance(.seconds(120))
    #expect(stage.text("folder/file") == "sent")
    #expect(node.text("folder/file") == "sent")
  }

  /// A folder was moved away while a file in it was sent, and another one stood in its place when the name was to be made
  /// durable (seed 501948): the power took the file, its row proved a deletion of the object.
  @Test(arguments: 0..<24 as Range<UInt64>) func aFolderThatIsMovedWhileAFileInItIsSentTakesNothing(seed: UInt64) {
    let stage = Stage()
    var traits = LocalTraits()
    traits.hasWatcher = false
    let node = stage.node(traits: traits) { $0.poll = .seconds(5) }
    let text = String(repeating: "sent ", count: 30)
    stage.put("other", "other")
    node.disk.create("folder/", .directory)
    node.write("folder/file", text)
    let run = stage.run(node, node.options) { remote in
      remote.onPart = {
        _ = node.disk.rename("folder/", to: "moved/")
        node.disk.create("folder/", .directory)
      }
    }
    for _ in 0..<1_000 where stage.text("folder/file") == nil && stage.text("moved/file") == nil {
      stage.advance(.milliseconds(10))
    }
    run.task.cancel()
    stage.advance(.seconds(1))
    var generator = SeededGenerator(seed: seed)
    _ = node.disk.failPower(&generator)
    stage.start(node)
    stage.advance(.seconds(200))
    #expect(node.text("folder/file") == text || node.text("moved/file") == text)
    #expect(stage.text("folder/file") == text || stage.text("moved/file") == text)
  }

  /// A folder was closed between an upload and its row (seed 614): what had been sent was taken for another's version.
  @Test func whatWasSentBeforeAFailureIsKnownAgain() throws {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    stage.put("d/file", "first")
    stage.start(node)
    stage.advance(.seconds(20))
    let inode = try #require(node.disk.lookup("d/file"))
    func rewrite(_ text: String) {
      node.disk.openForWriting(inode)
      node.disk.write(Array(text.utf8), to: inode, openedAs: "d/file")
      node.disk.close(inode, openedAs: "d/file")
    }
    let directory = try #require(node.disk.lookup("d"))
    let current = try #require(node.disk.lookup("d/file"))
    #expect(current === inode)
    rewrite("second")
    for _ in 0..<10_000 where stage.text("d/file") != "second" { stage.advance(.milliseconds(1)) }
    #expect(stage.text("d/file") == "second")
    node.disk.setSearchable(false, directory)
    stage.advance(.seconds(4))
    node.disk.setSearchable(true, directory)
    rewrite("third!")
    stage.advance(.seconds(120))
    #expect(stage.text("d/file") == "third!")
    #expect(node.names == ["d/file"])
  }

  /// A run ended between a download's place in the folder and its row: what came after it was in conflict with it, and
  /// where it was deleted since, it came back (seed 39164).
  @Test(arguments: ["changed", "deleted", "untouched"], [6, 100])
  func whatARunPutThereBeforeItEndedIsNoChangeOfItsOwn(since: String, size: Int) throws {
    let stage = Stage()
    let node = stage.node { $0.policy.conflict = .local }
    let second = String(repeating: "2", count: size)
    stage.put("other", "other")
    stage.put("file", "first")
    stage.start(node)
    stage.advance(.seconds(20))
    node.stop()
    stage.advance(.seconds(60))
    stage.put("file", second)
    node.crashPoints = [CrashPoint(call: "local install", moment: .after, skipped: 0)]
    stage.start(node)
    while node.isRunning { stage.advance(.milliseconds(10)) }
    #expect(node.text("file") == second)
    switch since {
    case "changed": stage.put("file", "third")
    case "deleted": try stage.server.delete("file", ifMatch: nil)
    default: break
    }
    stage.start(node)
    stage.advance(.seconds(120))
    let expected: String? = since == "changed" ? "third" : since == "deleted" ? nil : second
    #expect(stage.text("file") == expected)
    #expect(node.text("file") == expected)
    #expect(node.names == (expected == nil ? ["other"] : ["file", "other"]))
  }

  /// A run ended between a removal and the end of its row: when the same content came back to the name, the node took
  /// its own removal for the user's, and deleted it (seed 14031950).
  @Test(arguments: ["kill", "power loss"], ["nothing", "the same", "another"])
  func whatARunTookAwayBeforeItEndedIsNoDeletionOfTheUsers(end: String, since: String) throws {
    let stage = Stage()
    let node = stage.node()
    stage.put("other", "other")
    stage.put("file", "content")
    let object = try #require(stage.server.objects["file"])
    stage.start(node)
    stage.advance(.seconds(20))
    #expect(node.text("file") == "content")
    node.database.expectPowerLoss()
    node.crashPoints = [CrashPoint(call: "store forget", moment: .before, skipped: 0)]
    try stage.server.delete("file", ifMatch: nil)
    for _ in 0..<10_000 where node.isRunning { stage.advance(.milliseconds(10)) }
    #expect(!node.isRunning && node.text("file") == nil)
    if end == "power loss" { node.database.losePower(undoing: .max) }
    switch since {
    case "the same": try stage.server.put("file", object.content, metadata: object.metadata, ifMatch: nil)
    case "another": stage.put("file", "another")
    default: break
    }
    stage.start(node)
    stage.advance(.seconds(120))
    let expected: String? = since == "the same" ? "content" : since == "another" ? "another" : nil
    #expect(stage.text("file") == expected)
    #expect(node.text("file") == expected)
  }

  /// What the user puts to the name meanwhile is none of what was to be removed, though it be the same content
  /// (seed 20045230).
  @Test(arguments: ["copied", "moved", "another"]) func whatIsPutWhereARunTookAFileAwayStays(how: String) throws {
    let stage = Stage()
    let node = stage.node()
    stage.put("other", "other")
    stage.put("file", "content")
    stage.put("same", "content")
    stage.start(node)
    stage.advance(.seconds(20))
    node.crashPoints = [CrashPoint(call: "store forget", moment: .before, skipped: 0)]
    try stage.server.delete("file", ifMatch: nil)
    for _ in 0..<10_000 where node.isRunning { stage.advance(.milliseconds(10)) }
    #expect(!node.isRunning && node.text("file") == nil)
    switch how {
    case "copied": node.write("file", "content")
    case "moved": node.disk.rename("same", to: "file")
    default: node.write("file", "another")
    }
    stage.start(node)
    stage.advance(.seconds(120))
    let expected = how == "another" ? "another" : "content"
    #expect(stage.text("file") == expected && node.text("file") == expected)
    #expect(stage.text("same") == (how == "moved" ? nil : "content"))
  }

  /// A run ended between a deletion in the bucket and the end of its row: what a power loss gave back was removed as if
  /// others had deleted it (seed 30030641).
  @Test(arguments: ["kill", "power loss"]) func whatComesBackAfterItWasDeletedInTheBucketStays(end: String) {
    let stage = Stage()
    let node = stage.node()
    stage.put("other", "other")
    stage.put("file", "content")
    stage.start(node)
    stage.advance(.seconds(20))
    node.crashPoints = [CrashPoint(call: "store forget", moment: .before, skipped: 0)]
    node.database.expectPowerLoss()
    node.disk.remove("file")
    for _ in 0..<10_000 where node.isRunning { stage.advance(.milliseconds(10)) }
    #expect(!node.isRunning && stage.text("file") == nil)
    if end == "power loss" { node.database.losePower(undoing: .max) }
    node.write("file", "content")
    stage.start(node)
    stage.advance(.seconds(120))
    #expect(stage.text("file") == "content" && node.text("file") == "content")
  }

  /// The same with a change of this node's own after it: both versions stay.
  @Test func whatWasWrittenOverAnInstallWithoutARowIsKept() throws {
    let stage = Stage()
    let node = stage.node()
    stage.put("file", "first")
    node.crashPoints = [CrashPoint(call: "local install", moment: .after, skipped: 0)]
    stage.start(node)
    while node.isRunning { stage.advance(.milliseconds(10)) }
    node.rewrite("file", "mine!")
    stage.start(node)
    stage.advance(.seconds(120))
    let contents = Set(node.disk.leaves().map { String(decoding: $0.inode.content, as: UTF8.self) })
    #expect(contents == ["first", "mine!"])
  }

  /// Each name below the folder asked anew whether the file gives way, and a run with --once counted that as tries: it
  /// gave up at once, and the next one too (seed 42249).
  @Test func aFileYieldsToAFolderOfManyFilesInOneRun() {
    let stage = Stage()
    let node = stage.node { $0.once = true }
    node.write("name", "file")
    for number in 0..<20 { stage.put("name/\(number)", "content") }
    stage.put("other", "other")
    stage.start(node)
    stage.advance(.seconds(120))
    #expect(node.isRunning == false)
    #expect(node.names.count { $0.hasPrefix("name/") } == 20)
    #expect(node.names.contains { $0.contains("(conflict ") })
  }

  /// What stands under a key and cannot be synced was found only after the object had been fetched, at every pass.
  @Test(arguments: [10, 100]) func whatCannotBeReplacedCostsNoDownloads(size: Int) {
    let stage = Stage()
    let node = stage.node {
      $0.poll = .seconds(5)
      $0.fullPassInterval = .seconds(10)
    }
    node.disk.create("name", .symlink, Array("../../../elsewhere".utf8))
    stage.put("name", String(repeating: "x", count: size))
    stage.put("other", "other")
    stage.start(node)
    stage.advance(.seconds(100))
    #expect(node.text("other") == "other")
    #expect(stage.oracle.counters["engine transfer", default: 0] == 1)
    #expect(stage.status(of: node)?.quarantined.map(\.name) == ["name"])
  }

  /// Another node moved a conflict copy back to the name, and the next conflict took the copy for the place where that
  /// version is kept, while its deletion was still to come (seed 326737).
  @Test(arguments: [6, 100]) func aConflictCopyThatIsBeingMovedAwayKeepsNothing(size: Int) throws {
    let stage = Stage()
    let node = stage.node {
      $0.poll = .seconds(5)
      $0.policy.conflict = .local
    }
    node.write("file", "before")
    stage.start(node)
    stage.advance(.seconds(20))
    let theirs = Array(String(repeating: "t", count: size).utf8)
    let metadata = EntryMetadata(kind: .file, modified: Timestamp(seconds: 1_700_000_000))
    func conflict(_ mine: String) throws {
      let current = try #require(stage.server.objects["file"]?.etag)
      try stage.server.put("file", theirs, metadata: metadata, ifMatch: current)
      node.rewrite("file", mine)
      stage.advance(.seconds(20))
      #expect(stage.text("file") == mine)
    }
    try conflict("mine")
    let copy = try #require(stage.server.sortedKeys.first { $0.contains("(conflict ") })
    try conflict("mine, too")
    try stage.server.delete(copy, ifMatch: nil)
    stage.advance(.seconds(60))
    #expect(stage.server.objects.values.contains { $0.content == theirs })
    #expect(node.disk.leaves().contains { $0.inode.content == theirs })
  }
}
