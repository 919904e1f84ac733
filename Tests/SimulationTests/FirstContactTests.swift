import SyncModel
import Testing

@testable import Simulation
@testable import SyncEngine

/// Both sides hold a file that was never in sync, and an option of `aws s3 sync` says how they are compared.
@Suite struct FirstContactTests {
  private let stage = Stage()

  @Test func equalSizesAreLeftAsTheyAre() throws {
    let node = node(.sizeOnly)
    put(node, "file", "here", "away")
    put(node, "longer", "here!", "away")
    let run = start(node)
    #expect(texts(node, "file") == ["here", "away"])
    // A different size is a conflict as without the option.
    #expect(texts(node, "longer") == ["away", "away"])
    #expect(node.names.count == 3 && stage.server.sortedKeys.count == 3)
    #expect(node.names.contains { ConflictName.isConflictCopy(RelativePath(unchecked: $0)) })
    // The row says so: neither passes nor a restart read the two again.
    let looks = comparisons(run, "file")
    stage.advance(.seconds(700))
    #expect(comparisons(run, "file") == looks)
    run.stop(stage)
    let next = start(node)
    #expect(comparisons(next, "file") == 0)
    #expect(texts(node, "file") == ["here", "away"])
  }

  @Test(arguments: [FirstContactComparison.sizeOnly, .exactTimestamps, .noOverwrite])
  func equalContentsAreAgreedAndKeepTheirMetadata(option: FirstContactComparison) throws {
    let node = node(option)
    node.write("file", "same")
    let metadata = EntryMetadata(kind: .file, mode: 0o600, modified: Timestamp(seconds: 1))
    try stage.server.put("file", Array("same".utf8), metadata: metadata, ifMatch: nil)
    let time = try #require(node.disk.lookup("file")).modified
    _ = start(node)
    let file = try #require(node.disk.lookup("file"))
    #expect(file.mode == 0o644 && file.modified == time)
    #expect(stage.server.objects["file"]?.metadata == metadata)
    // An agreement like any other: its deletion crosses.
    node.disk.remove("file")
    stage.advance(.seconds(60))
    #expect(stage.text("file") == nil && node.text("file") == nil)
  }

  @Test func exactTimestampsGoByTheTimeThatTheServerTells() throws {
    let node = node(.exactTimestamps)
    for name in ["same", "earlier", "later"] { put(node, name, "here", "away") }
    let time = try #require(stage.server.objects["same"]).lastModified
    node.disk.setModified(time, of: "same")
    node.disk.setModified(Timestamp(nanoseconds: time.nanoseconds - 1), of: "earlier")
    node.disk.setModified(Timestamp(nanoseconds: time.nanoseconds + 1), of: "later")
    _ = start(node)
    #expect(texts(node, "same") == ["here", "away"])
    #expect(texts(node, "earlier") == ["away", "away"])
    #expect(texts(node, "later") == ["away", "away"])
    #expect(node.names.count == 5)
  }

  @Test func withNoOverwriteBothStayWhateverTheyHold() throws {
    let node = node(.noOverwrite)
    put(node, "file", "here", "away")
    put(node, "longer", "here!", "away")
    put(node, "kind", "here", "away")
    node.disk.remove("kind")
    node.disk.create("kind", .symlink, Array("file".utf8))
    node.write("mine", "mine")
    stage.put("theirs", "theirs")
    _ = start(node)
    #expect(texts(node, "file") == ["here", "away"])
    #expect(texts(node, "longer") == ["here!", "away"])
    #expect(texts(node, "kind") == ["file", "away"])
    #expect(texts(node, "mine") == ["mine", "mine"])
    #expect(texts(node, "theirs") == ["theirs", "theirs"])
    #expect(node.names.count == 5 && stage.server.sortedKeys.count == 5)
  }

  /// What was deleted is another content than what would be deleted on the other side (I7).
  @Test func aDeletionOfOneDoesNotDeleteTheOther() throws {
    let node = node(.noOverwrite)
    put(node, "here", "here", "away")
    put(node, "there", "here", "away")
    put(node, "both", "here", "away")
    put(node, "folder/file", "here", "away")
    _ = start(node)
    node.disk.remove("here")
    try stage.server.delete("there", ifMatch: nil)
    node.disk.remove("both")
    try stage.server.delete("both", ifMatch: nil)
    node.disk.rename("folder/", to: "moved/")
    stage.advance(.seconds(700))
    #expect(texts(node, "here") == ["away", "away"])
    #expect(texts(node, "there") == ["here", "here"])
    #expect(texts(node, "both") == [nil, nil])
    #expect(texts(node, "folder/file") == ["away", "away"])
    #expect(texts(node, "moved/file") == ["here", "here"])
  }

  @Test func aChangeOfOneKeepsTheOtherBesideIt() throws {
    let node = node(.sizeOnly)
    put(node, "here", "here", "away")
    put(node, "there", "here", "away")
    _ = start(node)
    stage.advance(.seconds(30))
    node.rewrite("here", "news")
    stage.put("there", "news")
    stage.advance(.seconds(60))
    #expect(texts(node, "here") == ["news", "news"])
    #expect(texts(node, "there") == ["news", "news"])
    let copies = node.names.filter { ConflictName.isConflictCopy(RelativePath(unchecked: $0)) }
    #expect(Set(copies.map { node.text(RelativePath(unchecked: $0)) }) == ["here", "away"])
    #expect(node.names.sorted() == stage.server.sortedKeys)
  }

  @Test func aTouchIsNoChange() throws {
    let node = node(.sizeOnly)
    put(node, "file", "here", "away")
    let run = start(node)
    node.disk.setMode(0o600, of: "file")
    node.disk.setModified(Timestamp(seconds: 77), of: "file")
    stage.advance(.seconds(60))
    #expect(texts(node, "file") == ["here", "away"])
    let looks = comparisons(run, "file")
    stage.advance(.seconds(700))
    #expect(comparisons(run, "file") == looks)
    // Once both hold the same they agree.
    stage.put("file", "here")
    stage.advance(.seconds(60))
    #expect(stage.server.objects["file"]?.metadata.mode == nil)
    try stage.server.delete("file", ifMatch: nil)
    stage.advance(.seconds(60))
    #expect(node.names.isEmpty)
  }

  @Test func withoutTheOptionTheyMeetAtLast() {
    let node = node(.noOverwrite)
    put(node, "file", "here!", "away")
    let run = start(node)
    run.stop(stage)
    var options = node.options
    options.policy.comparison = .contents
    _ = stage.run(node, options)
    stage.advance(.seconds(60))
    #expect(texts(node, "file") == ["away", "away"])
    #expect(node.names.count == 2 && stage.server.sortedKeys == node.names.sorted())
  }

  @Test func whatIsLeftAsItIsNeedsNoDecision() {
    let node = node(.noOverwrite)
    for number in 0..<30 { put(node, "file\(number)", "here", "away") }
    let run = start(node)
    #expect(!run.task.isDone)
    #expect(texts(node, "file7") == ["here", "away"])
    #expect(run.status(stage).conflicts == 0)
  }

  @Test func aDryRunLeavesNoTrace() {
    let node = node(.noOverwrite)
    put(node, "file", "here", "away")
    var options = node.options
    options.isDryRun = true
    options.once = true
    let run = stage.run(node, options)
    stage.advance(.seconds(60))
    #expect(run.task.isDone)
    #expect(!run.events.contains { if case .planned = $0 { true } else { false } })
    #expect(node.database.leafCount == 0)
  }

  @Test func aFileThatIsBeingWrittenIsWaitedFor() throws {
    let node = node(.sizeOnly)
    put(node, "file", "here", "away")
    let inode = try #require(node.disk.lookup("file"))
    node.disk.openForWriting(inode)
    let run = start(node)
    #expect(texts(node, "file") == ["here", "away"])
    node.disk.close(inode, openedAs: "file")
    stage.advance(.seconds(120))
    #expect(texts(node, "file") == ["here", "away"])
    #expect(run.status(stage).conflicts == 0)
  }

  /// Seed 1467: what was begun to be sent before somebody else's file of that size came stayed begun for ever.
  @Test func whatWasBegunToBeSentIsGivenUp() throws {
    let node = node(.sizeOnly)
    let (here, away) = (String(repeating: "h", count: 200), String(repeating: "a", count: 200))
    node.write("file", here)
    stage.start(node)
    for _ in 0..<200 where stage.server.openUploads.isEmpty { stage.advance(.milliseconds(20)) }
    try #require(!stage.server.openUploads.isEmpty && stage.text("file") == nil)
    node.crash(stage.oracle)
    stage.put("file", away)
    stage.start(node)
    stage.advance(.seconds(60))
    #expect(stage.server.openUploads.isEmpty)
    #expect(texts(node, "file") == [here, away])
  }

  // MARK: - Support

  private func node(_ comparison: FirstContactComparison) -> SimNode {
    stage.node {
      $0.poll = .seconds(10)
      $0.policy.comparison = comparison
    }
  }

  private func put(_ node: SimNode, _ name: String, _ here: String, _ there: String) {
    let path = RelativePath(unchecked: name)
    if let parent = path.parent { node.disk.create(parent, .directory) }
    node.write(path, here)
    stage.put(name, there)
  }

  /// Long enough after the last change for its stamp to prove something.
  private func start(_ node: SimNode) -> Run {
    stage.advance(.seconds(5))
    let run = stage.run(node, node.options)
    stage.advance(.seconds(60))
    return run
  }

  private func texts(_ node: SimNode, _ name: String) -> [String?] {
    [node.text(RelativePath(unchecked: name)), stage.text(name)]
  }

  private func comparisons(_ run: Run, _ name: String) -> Int {
    run.events.count {
      if case .considered(RelativePath(unchecked: name), _, .compare) = $0 { true } else { false }
    }
  }
}
