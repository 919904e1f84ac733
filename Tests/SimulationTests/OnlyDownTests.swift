import SyncModel
import Testing

@testable import Simulation
@testable import SyncEngine

/// `--only-down` after a run in both directions that was killed in the middle of an upload in parts.
@Suite struct OnlyDownTests {
  private let stage = Stage()
  private let first = String(repeating: "first ", count: 20)
  private let second = String(repeating: "second ", count: 20)

  @Test func anUploadThatWasBegunIsLeftToARunThatMaySend() throws {
    let node = try killedNode("remote uploadPart")
    let intents = node.database.intents.map(\.id)
    #expect(intents.count == 1)
    // The upload cannot go on: the file is another one.
    node.rewrite("file", "edited, and small")
    stage.put("file", "from the bucket")
    let run = onlyDown(node)
    stage.advance(.seconds(120))
    #expect(node.text("file") == "from the bucket")
    #expect(run.status(stage).quarantined.isEmpty)
    #expect(node.database.intents.map(\.id) == intents && stage.server.openUploads.count == 1)
    #expect(!run.events.contains { if case .retrying = $0 { true } else { false } })
    run.stop(stage)
    stage.start(node)
    stage.advance(.seconds(60))
    #expect(node.database.intents.isEmpty && stage.server.openUploads.isEmpty)
  }

  @Test func itGoesOnWhereItStopped() throws {
    let node = try killedNode("remote uploadPart")
    let run = onlyDown(node)
    stage.advance(.seconds(60))
    #expect(node.text("file") == second && stage.text("file") == first)
    run.stop(stage)
    stage.start(node)
    stage.advance(.seconds(60))
    #expect(stage.saw("an upload in parts goes on where it stopped"))
    #expect(stage.text("file") == second && stage.server.openUploads.isEmpty)
  }

  /// The id of the upload is not known yet.
  @Test func whatMayHaveBeenBegunIsSoughtByARunThatMaySend() throws {
    let node = try killedNode("remote beginUpload")
    #expect(stage.server.openUploads.count == 1)
    node.rewrite("file", "edited, and small")
    let run = onlyDown(node)
    stage.advance(.seconds(120))
    #expect(run.status(stage).quarantined.isEmpty && stage.server.openUploads.count == 1)
    #expect(!run.events.contains { if case .retrying = $0 { true } else { false } })
    run.stop(stage)
    stage.start(node)
    stage.advance(.seconds(60))
    #expect(stage.server.openUploads.isEmpty)
  }

  /// The upload was completed, which no reply told: the two sides are found equal, and what came later in the bucket
  /// and went here is not taken for that upload's.
  @Test func whatWasCompletedWithoutAReplyIsFoundEqual() throws {
    let node = try killedNode("remote completeUpload")
    #expect(stage.text("file") == second)
    let run = onlyDown(node)
    stage.advance(.seconds(60))
    #expect(node.database.records["file"]?.entry?.isAgreed == true)
    stage.put("file", "third")
    stage.advance(.seconds(60))
    #expect(node.text("file") == "third")
    node.disk.remove("file")
    run.stop(stage)
    let metadata = try #require(node.database.intents.first).metadata
    _ = try stage.server.put("file", Array(second.utf8), metadata: metadata, ifMatch: nil, isConditional: false)
    stage.start(node)
    stage.advance(.seconds(120))
    #expect(stage.text("file") == second && node.text("file") == second)
  }

  /// Both sides hold the first version; the upload of the second one ends with the node, at this call.
  private func killedNode(_ call: String) throws -> SimNode {
    let node = stage.node { $0.poll = .seconds(10) }
    node.write("file", first)
    node.write("other", "other")
    stage.start(node)
    stage.advance(.seconds(30))
    #expect(stage.text("file") == first)
    node.crashPoints = [CrashPoint(call: call, moment: .after, skipped: 0)]
    node.rewrite("file", second)
    for _ in 0..<1_000 where node.isRunning { stage.advance(.milliseconds(100)) }
    try #require(!node.isRunning)
    return node
  }

  private func onlyDown(_ node: SimNode) -> Run {
    var options = node.options
    (options.policy.changesRemote, options.policy.deletesRemote) = (false, false)
    return stage.run(node, options) { $0.isReadOnly = true }
  }
}
