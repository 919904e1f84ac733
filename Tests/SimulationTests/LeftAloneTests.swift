import SyncModel
import Testing

@testable import Simulation
@testable import SyncEngine

/// What `mobius3` does: what only the folder has at the start stays there alone until it changes, every folder has a
/// marker, some paths are only fetched or only sent, and what was just written is left alone.
@Suite struct LeftAloneTests {
  private let stage = Stage()

  @Test func whatWasHereFirstStaysHereUntilItChanges() {
    let node = node()
    for name in ["one", "two", "three", "d/four"] { write(node, name, "old") }
    stage.put("theirs", "theirs")
    let run = start(node)
    #expect(stage.server.sortedKeys == ["theirs"] && node.text("theirs") == "theirs")
    #expect(node.names == ["d/four", "one", "theirs", "three", "two"])
    // Also the passes that follow see it.
    stage.advance(.seconds(1300))
    #expect(stage.server.sortedKeys == ["theirs"])
    node.rewrite("one", "new")
    node.disk.setMode(0o600, of: "two")
    node.write("d/five", "five")
    node.disk.remove("three")
    stage.advance(.seconds(60))
    #expect(stage.server.sortedKeys == ["d/five", "one", "theirs", "two"])
    #expect(stage.text("one") == "new")
    // From then on they are synced like any other.
    node.disk.remove("one")
    _ = try? stage.server.delete("two", ifMatch: nil)
    stage.advance(.seconds(60))
    #expect(stage.server.sortedKeys == ["d/five", "theirs"] && node.text("two") == nil)
    #expect(node.text("d/four") == "old")
    #expect(run.status(stage).deletionsHalted == nil)
  }

  @Test func anotherStartSendsWhatWasWrittenMeanwhile() {
    let node = node()
    write(node, "old", "old")
    let run = start(node)
    run.stop(stage)
    node.write("new", "new")
    stage.advance(.seconds(60))
    _ = start(node)
    #expect(stage.server.sortedKeys == ["new"])
    node.rewrite("old", "changed")
    stage.advance(.seconds(60))
    #expect(stage.text("old") == "changed")
  }

  /// A start that was cut short counts as the first one still, and what was written since it began is sent.
  @Test func aStartThatWasCutShortGoesOn() {
    let node = node()
    write(node, "old", "old")
    stage.advance(.seconds(5))
    stage.start(node)
    for _ in 0..<1000 where node.database.values["meeting"] == nil { stage.advance(.microseconds(100)) }
    #expect(node.database.values["meeting"] != "over")
    node.crash(stage.oracle)
    stage.advance(.seconds(60))
    node.write("new", "new")
    _ = start(node)
    #expect(stage.server.sortedKeys == ["new"])
  }

  @Test func whatIsMovedHereIsSentHoweverOldItIs() {
    let node = node()
    write(node, "d/old", "old")
    write(node, "d/e/older", "older")
    _ = start(node)
    #expect(stage.server.sortedKeys == [])
    node.disk.rename("d/", to: "moved/")
    stage.advance(.seconds(60))
    #expect(stage.text("moved/old") == "old" && stage.text("moved/e/older") == "older")
    #expect(stage.text("d/old") == nil)
  }

  @Test func anObjectOfItsNameTakesItAndTheFileIsKeptBesideIt() {
    let node = node()
    write(node, "both", "here")
    write(node, "later", "here")
    stage.put("both", "there")
    _ = start(node)
    #expect(node.text("both") == "there" && stage.text("both") == "there")
    stage.put("later", "there")
    stage.advance(.seconds(60))
    #expect(node.text("later") == "there")
    let copies = node.names.filter { ConflictName.isConflictCopy(RelativePath(unchecked: $0)) }
    #expect(copies.count == 2 && copies.allSatisfy { node.text(RelativePath(unchecked: $0)) == "here" })
    #expect(copies.allSatisfy { stage.text($0) == "here" })
  }

  @Test func withoutTheOptionItIsSentAtLast() {
    let node = node()
    write(node, "old", "old")
    let run = start(node)
    run.stop(stage)
    var options = node.options
    options.policy.existing = .uploaded
    _ = stage.run(node, options)
    stage.advance(.seconds(60))
    #expect(stage.text("old") == "old")
  }

  @Test func aDryRunNotesNothing() {
    let node = node()
    write(node, "old", "old")
    stage.advance(.seconds(5))
    var options = node.options
    options.isDryRun = true
    let run = stage.run(node, options)
    stage.advance(.seconds(60))
    #expect(run.task.isDone && node.database.leafCount == 0)
    #expect(!run.events.contains { if case .planned = $0 { true } else { false } })
  }

  // `--directories all`.
  @Test func everyFolderHasAMarker() {
    let (one, other) = (allMarkers(), allMarkers())
    one.disk.create("d/", .directory)
    one.disk.create("d/e/", .directory)
    one.write("d/e/file", "file")
    stage.put("theirs/file", "file")
    _ = start(one)
    _ = start(other)
    let keys = ["d/", "d/e/", "d/e/file", "theirs/", "theirs/file"]
    stage.advance(.seconds(700))
    #expect(stage.server.sortedKeys == keys)
    // And loses it with the folder, on every node.
    one.disk.remove("d/e/file")
    one.disk.remove("d/e/")
    one.disk.remove("d/")
    stage.advance(.seconds(700))
    #expect(stage.server.sortedKeys == ["theirs/", "theirs/file"])
    #expect(other.names == ["theirs/file"] && other.disk.lookup("d/") == nil)
    // A folder that is moved has it under the new name.
    other.disk.rename("theirs/", to: "mine/")
    stage.advance(.seconds(700))
    #expect(stage.server.sortedKeys == ["mine/", "mine/file"] && one.names == ["mine/file"])
    let requests = stage.server.sortedKeys
    stage.advance(.seconds(1300))
    #expect(stage.server.sortedKeys == requests)
  }

  // What goes one way only.
  @Test func whatMatchesIsNotFetchedButSentAndDeleted() throws {
    let node = try node(local: nil, remote: "away/.*")
    stage.put("away/theirs", "theirs")
    stage.put("near", "near")
    _ = start(node)
    #expect(node.names == ["near"])
    write(node, "away/mine", "mine")
    stage.advance(.seconds(60))
    #expect(stage.text("away/mine") == "mine")
    stage.put("away/mine", "other")
    stage.advance(.seconds(60))
    #expect(node.text("away/mine") == "mine" && stage.text("away/mine") == "other")
    write(node, "away/second", "second")
    stage.advance(.seconds(60))
    _ = try stage.server.delete("away/second", ifMatch: nil)
    stage.advance(.seconds(60))
    #expect(node.text("away/second") == nil && stage.text("away/second") == nil)
    node.disk.remove("away/mine")
    stage.advance(.seconds(60))
    #expect(stage.text("away/mine") == "other")
  }

  /// Else a node would put its old version over everybody's by being started.
  @Test func whatWasHereFirstAndIsNotFetchedStaysUntilItChanges() throws {
    let node = try node(local: nil, remote: "both")
    var options = node.options
    options.policy.existing = .leftAlone(isMeeting: false)
    options.asksAtFirstContact = false
    node.write("both", "here")
    stage.put("both", "there")
    stage.advance(.seconds(5))
    _ = stage.run(node, options)
    stage.advance(.seconds(700))
    #expect(node.text("both") == "here" && stage.text("both") == "there")
    stage.put("both", "elsewhere")
    stage.advance(.seconds(700))
    #expect(node.text("both") == "here" && stage.text("both") == "elsewhere")
    node.rewrite("both", "edited")
    stage.advance(.seconds(60))
    #expect(node.text("both") == "edited" && stage.text("both") == "edited")
  }

  @Test func whatMatchesIsFetchedButNotSentNorDeleted() throws {
    let node = try node(local: "/root/here/.*", remote: nil)
    write(node, "here/mine", "mine")
    stage.put("here/theirs", "theirs")
    stage.put("here/gone", "gone")
    _ = start(node)
    #expect(node.text("here/theirs") == "theirs" && stage.text("here/mine") == nil)
    node.rewrite("here/mine", "again")
    stage.advance(.seconds(60))
    #expect(stage.text("here/mine") == nil)
    // Deletions stop on both sides.
    _ = try stage.server.delete("here/gone", ifMatch: nil)
    stage.advance(.seconds(700))
    #expect(node.text("here/gone") == "gone" && stage.text("here/gone") == nil)
    node.disk.remove("here/theirs")
    stage.advance(.seconds(700))
    #expect(stage.text("here/theirs") == "theirs" && node.text("here/theirs") == "theirs")
    stage.put("here/theirs", "newer")
    stage.advance(.seconds(60))
    #expect(node.text("here/theirs") == "newer")
  }

  /// `--local-modification-persistence`.
  @Test func whatWasJustWrittenHereIsLeftAlone() throws {
    let node = stage.node {
      $0.poll = .seconds(5)
      $0.localPersistence = .seconds(100)
    }
    stage.put("file", "first")
    stage.put("gone", "gone")
    let run = start(node)
    stage.advance(.seconds(200))
    for name in ["file", "gone"] as [RelativePath] { node.rewrite(name, "mine") }
    stage.advance(.seconds(20))
    #expect(stage.text("file") == "mine" && stage.text("gone") == "mine")
    stage.put("file", "theirs")
    _ = try stage.server.delete("gone", ifMatch: nil)
    stage.advance(.seconds(60))
    #expect(node.text("file") == "mine" && node.text("gone") == "mine")
    stage.advance(.seconds(60))
    #expect(node.text("file") == "theirs" && node.text("gone") == nil)
    #expect(run.status(stage).conflicts == 0)
  }

  // MARK: - Support

  private func node() -> SimNode {
    stage.node {
      $0.poll = .seconds(10)
      $0.policy.existing = .leftAlone(isMeeting: false)
      $0.asksAtFirstContact = false
    }
  }

  private func allMarkers() -> SimNode {
    stage.node {
      $0.poll = .seconds(10)
      $0.policy.directories = .all
    }
  }

  private func node(local: String?, remote: String?) throws -> SimNode {
    let patterns = PathPatterns(
      local: try local.map { try PythonPattern(parsing: $0) },
      remote: try remote.map { try PythonPattern(parsing: $0) },
      root: "/root")
    return stage.node {
      $0.poll = .seconds(10)
      $0.filters = Filters(patterns: patterns)
    }
  }

  private func write(_ node: SimNode, _ name: String, _ text: String) {
    let path = RelativePath(unchecked: name)
    for parent in path.ancestors.reversed() { node.disk.create(parent, .directory) }
    node.write(path, text)
  }

  /// Long enough after the last change for that to be from before the start.
  private func start(_ node: SimNode) -> Run {
    stage.advance(.seconds(5))
    let run = stage.run(node, node.options)
    stage.advance(.seconds(60))
    return run
  }
}
