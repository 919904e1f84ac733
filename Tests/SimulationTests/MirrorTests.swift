import SyncModel
import Testing

@testable import Simulation
@testable import SyncEngine

/// `--init-sync-down` and `--init-sync-up` with `--delete`: one side becomes what the other is.
@Suite struct MirrorTests {
  private let stage = Stage()

  @Test(arguments: SyncDirection.allCases) func whatTheLosingSideAloneHasGoesToTheTrash(direction: SyncDirection) {
    let node = mixedNode(direction)
    let run = start(node)
    let isDown = direction == .down
    let kept = isDown ? ["d/theirs", "same", "theirs", "version"] : ["d/mine", "mine", "same", "version"]
    #expect(node.names == kept && stage.server.sortedKeys == kept)
    #expect(stage.text("version") == (isDown ? "there" : "here"))
    #expect(node.text("version") == stage.text("version"))
    #expect(trash(node) == (isDown ? ["d/mine", "here", "mine"] : ["d/theirs", "theirs", "there"]))
    // What never was in the bucket stays for good.
    #expect(node.disk.trash.allSatisfy { $0.mayExpire == !isDown })
    #expect(run.status(stage).deletionsHalted == nil)
    #expect(!node.disk.leaves().contains { ConflictName.isConflictCopy($0.path) })
    // From now on both sides count.
    node.write("new", "new here")
    stage.put("more", "new there")
    node.disk.create("folder/", .directory)
    stage.advance(.seconds(700))
    #expect(node.names == stage.server.sortedKeys.filter { !$0.hasSuffix("/") })
    #expect(node.text("more") == "new there" && stage.text("new") == "new here" && stage.text("folder/") != nil)
  }

  @Test(arguments: SyncDirection.allCases) func largeFilesAndFoldersGoAsWell(direction: SyncDirection) {
    let node = node(direction)
    let large = String(repeating: "large ", count: 30)
    for number in 0..<4 { putBoth(node, "same\(number)") }
    if direction == .down {
      node.disk.create("d/", .directory)
      node.disk.create("d/e/", .directory)
      node.disk.create("empty/", .directory)
      node.write("d/e/large", large)
      node.disk.create("link", .symlink, Array("same0".utf8))
    } else {
      stage.put("d/e/large", large)
      stage.put("empty/", "")
      stage.put("full/", "bytes")
    }
    _ = start(node)
    #expect(node.names == ["same0", "same1", "same2", "same3"])
    #expect(stage.server.sortedKeys == (direction == .down ? [] : ["full/"]) + node.names)
    for folder in ["d/", "empty/"] as [RelativePath] { #expect(node.disk.lookup(folder) == nil) }
    // A marker that holds bytes is no folder that is gone here.
    #expect((node.disk.lookup("full/") != nil) == (direction == .up))
    #expect(trash(node) == (direction == .down ? [large, "same0"] : [large]))
  }

  @Test(arguments: SyncDirection.allCases) func theGuardHalts(direction: SyncDirection) {
    let node = node(direction)
    for number in 0..<10 { putBoth(node, "same\(number)") }
    for number in 0..<30 { put(node, direction, "alone\(number)", "alone") }
    let run = start(node)
    let reason = run.status(stage).deletionsHalted
    #expect(reason?.contains("30 of 40 files would be deleted") == true, "\(reason ?? "nothing")")
    func isHeld() -> Bool {
      node.names.count == (direction == .down ? 40 : 10)
        && stage.server.sortedKeys.count == (direction == .down ? 10 : 40) && node.disk.trash.isEmpty
    }
    #expect(isHeld())
    // All else goes on, also what is written over one of them.
    stage.advance(.seconds(1300))
    #expect(isHeld() && run.status(stage).deletionsHalted != nil)
    node.rewrite("same1", "news")
    if direction == .down { node.rewrite("alone7", "edited") } else { stage.put("alone7", "edited") }
    stage.advance(.seconds(700))
    #expect(stage.text("same1") == "news")
    #expect(stage.text("alone7") == "edited" && node.text("alone7") == "edited")
    run.stop(stage)
    var options = node.options
    options.deletionLimit = .unlimited
    _ = stage.run(node, options)
    stage.advance(.seconds(60))
    #expect(node.names.count == 11 && stage.server.sortedKeys == node.names)
    #expect(trash(node).count == 29)
  }

  @Test(arguments: SyncDirection.allCases, [1, 2, 30]) func anEmptySideMakesNoMirror(
    direction: SyncDirection, count: Int
  ) {
    let node = node(direction)
    for number in 0..<count { put(node, direction, "alone\(number)", "alone") }
    let run = start(node)
    stage.advance(.seconds(700))
    #expect(run.status(stage).deletionsHalted?.contains("is empty") == true)
    #expect(node.names.count == (direction == .down ? count : 0))
    #expect(stage.server.sortedKeys.count == (direction == .down ? 0 : count))
  }

  /// The node ends between the copy in its trash and the deletion: the next start goes on.
  @Test(arguments: ["small", String(repeating: "large ", count: 30)]) func itGoesOnAfterACrash(content: String) {
    for point in [
      CrashPoint(call: "local keepInTrash", moment: .after, skipped: 0),
      CrashPoint(call: "remote delete", moment: .before, skipped: 0),
      CrashPoint(call: "remote delete", moment: .after, skipped: 0),
    ] {
      let stage = Stage()
      let node = stage.node { Self.mirror(&$0, .up) }
      node.write("same", "same")
      stage.put("same", "same")
      stage.put("theirs", content)
      stage.advance(.seconds(5))
      node.crashPoints = [point]
      stage.start(node)
      for _ in 0..<1_000 where node.isRunning { stage.advance(.milliseconds(100)) }
      #expect(!node.isRunning && node.crashPoints.isEmpty)
      #expect(node.disk.trash.count == 1)
      stage.start(node)
      stage.advance(.seconds(60))
      #expect(node.names == ["same"] && stage.server.sortedKeys == ["same"])
      let kept = Set(node.disk.trash.map { String(decoding: $0.inode.content, as: UTF8.self) })
      #expect(kept == [content])
    }
  }

  /// A file that was put into the trash has no row; nor has it one that could come back.
  @Test func aFileGoesOnlyOnceThoughTheNodeEnds() {
    let node = node(.down)
    putBoth(node, "same")
    node.write("mine", "mine")
    stage.advance(.seconds(5))
    node.crashPoints = [CrashPoint(call: "local remove", moment: .after, skipped: 0)]
    stage.start(node)
    for _ in 0..<1_000 where node.isRunning { stage.advance(.milliseconds(100)) }
    stage.start(node)
    stage.advance(.seconds(60))
    #expect(node.names == ["same"] && stage.server.sortedKeys == ["same"] && trash(node) == ["mine"])
  }

  /// Somebody writes to the key between the copy and the deletion: that version is news.
  @Test func aConcurrentChangeStays() {
    let node = node(.up)
    putBoth(node, "same")
    stage.put("theirs", "theirs")
    stage.advance(.seconds(5))
    let run = stage.run(node, node.options) { [stage] remote in
      remote.onDelete = { stage.put("theirs", "newer") }
    }
    stage.advance(.seconds(60))
    #expect(stage.text("theirs") == "newer" && node.text("theirs") == "newer")
    #expect(trash(node) == ["theirs"])
    #expect(run.status(stage).quarantined.isEmpty)
  }

  /// The same on this side: the file is written while it waits to be deleted.
  @Test func aFileThatIsWrittenMeanwhileStays() {
    let node = node(.down)
    putBoth(node, "same")
    node.write("mine", "mine")
    stage.advance(.seconds(5))
    let run = stage.run(node, node.options)
    for _ in 0..<1_000
    where !run.events.contains(where: { if case .considered("mine", _, .deleteLocal) = $0 { true } else { false } }) {
      stage.advance(.milliseconds(1))
    }
    node.rewrite("mine", "written")
    node.write("new", "new")
    stage.advance(.seconds(60))
    #expect(node.names == ["mine", "new", "same"])
    #expect(stage.text("mine") == "written" && stage.text("new") == "new" && trash(node).isEmpty)
  }

  /// A request fails and is tried again: the retry makes the mirror, too.
  @Test func aRetryGoesOnWithIt() {
    let node = node(.up)
    for number in 0..<3 { putBoth(node, "same\(number)") }
    stage.put("theirs", "theirs")
    stage.advance(.seconds(5))
    _ = stage.run(node, node.options) { $0.loses = ["delete"] }
    stage.advance(.seconds(120))
    #expect(stage.text("theirs") == nil && node.text("theirs") == nil)
    #expect(Set(trash(node)) == ["theirs"])
  }

  /// What was deleted or renamed on the losing side while nothing ran comes back: the other side has it. Else the file
  /// would be gone from both.
  @Test(arguments: SyncDirection.allCases) func anAbsenceIsNoDeletion(direction: SyncDirection) throws {
    let node = stage.node { $0.poll = .seconds(10) }
    for name in ["other", "moved", "deleted"] { putBoth(node, name) }
    stage.start(node)
    stage.advance(.seconds(60))
    node.stop()
    stage.advance(.seconds(60))
    if direction == .down {
      node.disk.rename("moved", to: "name")
      node.disk.remove("deleted")
    } else {
      try stage.server.delete("moved", ifMatch: nil)
      try stage.server.delete("deleted", ifMatch: nil)
      stage.put("name", "moved")
    }
    var options = node.options
    Self.mirror(&options, direction)
    stage.advance(.seconds(5))
    _ = stage.run(node, options)
    stage.advance(.seconds(60))
    #expect(node.names == ["deleted", "moved", "other"] && stage.server.sortedKeys == node.names)
    #expect(trash(node) == ["moved"])
  }

  @Test(arguments: SyncDirection.allCases) func whatIsLeftOutStays(direction: SyncDirection) {
    let node = stage.node {
      Self.mirror(&$0, direction)
      $0.filters = Filters(rules: [.exclude("out/*")])
    }
    putBoth(node, "same")
    put(node, direction, "alone", "alone")
    if direction == .down { node.disk.create("out/", .directory) }
    put(node, direction, "out/file", "left out")
    _ = start(node)
    let text = direction == .down ? node.text("out/file") : stage.text("out/file")
    #expect(text == "left out" && trash(node) == ["alone"])
  }

  @Test(arguments: SyncDirection.allCases) func aDryRunTellsIt(direction: SyncDirection) {
    let node = mixedNode(direction)
    var options = node.options
    (options.isDryRun, options.once) = (true, true)
    let run = stage.run(node, options)
    stage.advance(.seconds(30))
    let deleted = run.events.compactMap { event -> String? in
      guard case .planned(let path, let operation) = event else { return nil }
      switch operation {
      case .deleteLocal, .deleteRemote: return path.string
      default: return nil
      }
    }
    #expect(deleted.sorted() == (direction == .down ? ["d/mine", "mine"] : ["d/theirs", "theirs"]))
    #expect(node.disk.trash.isEmpty && node.names.count == 4 && stage.server.sortedKeys.count == 4)
  }

  @Test(arguments: SyncDirection.allCases) func oneRunIsEnough(direction: SyncDirection) {
    let node = mixedNode(direction)
    var options = node.options
    options.once = true
    let run = stage.run(node, options)
    for _ in 0..<1_000 where !run.task.isDone { stage.advance(.milliseconds(100)) }
    #expect(run.task.isDone && node.names.count == 4 && stage.server.sortedKeys == node.names)
  }

  /// Both sides were left as they are; one is gone since.
  @Test(arguments: SyncDirection.allCases) func versionsThatWereLeftApartAgreeAboutNothing(direction: SyncDirection) {
    let node = stage.node {
      $0.poll = .seconds(10)
      $0.policy.comparison = .sizeOnly
    }
    putBoth(node, "same")
    node.write("apart", "here")
    stage.put("apart", "away")
    stage.advance(.seconds(5))
    let run = stage.run(node, node.options)
    stage.advance(.seconds(30))
    run.stop(stage)
    if direction == .down { try? stage.server.delete("apart", ifMatch: nil) } else { node.disk.remove("apart") }
    var options = node.options
    Self.mirror(&options, direction)
    _ = stage.run(node, options)
    stage.advance(.seconds(60))
    #expect(node.names == ["same"] && stage.server.sortedKeys == ["same"])
    #expect(trash(node) == [direction == .down ? "here" : "away"])
  }

  // MARK: - Support

  private static func mirror(_ options: inout EngineOptions, _ direction: SyncDirection) {
    options.poll = .seconds(10)
    options.policy.mirror = direction
    options.policy.firstSync = direction == .down ? .remote : .local
  }

  private func node(_ direction: SyncDirection) -> SimNode { stage.node { Self.mirror(&$0, direction) } }

  /// Each side has files of its own, one that both have, and another version of one.
  private func mixedNode(_ direction: SyncDirection) -> SimNode {
    let node = node(direction)
    putBoth(node, "same")
    node.disk.create("d/", .directory)
    for name in ["mine", "d/mine"] as [RelativePath] { node.write(name, name.string) }
    for name in ["theirs", "d/theirs"] { stage.put(name, name) }
    node.write("version", "here")
    stage.put("version", "there")
    return node
  }

  private func putBoth(_ node: SimNode, _ name: String) {
    node.write(RelativePath(unchecked: name), name)
    stage.put(name, name)
  }

  /// On the side that is to lose it.
  private func put(_ node: SimNode, _ direction: SyncDirection, _ name: String, _ text: String) {
    if direction == .down { node.write(RelativePath(unchecked: name), text) } else { stage.put(name, text) }
  }

  private func start(_ node: SimNode) -> Run {
    stage.advance(.seconds(5))
    let run = stage.run(node, node.options)
    stage.advance(.seconds(60))
    return run
  }

  private func trash(_ node: SimNode) -> [String] {
    node.disk.trash.map { String(decoding: $0.inode.content, as: UTF8.self) }.sorted()
  }
}
