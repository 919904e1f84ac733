import SyncModel
import Testing

@testable import Simulation
@testable import SyncEngine

/// What a node sent and gave up arrives late: it must not be taken for somebody else's.
@Suite struct LateWriteTests {
  private static let long = String(repeating: "x", count: 100)

  /// A node in sync with a bucket of its own, of which the next write of this name is lost.
  private func begin(losing name: String, _ files: [String: String] = [:]) -> (Stage, SimNode, Run) {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    stage.put("other", "other")
    for (name, text) in files { node.write(RelativePath(unchecked: name), text) }
    let run = stage.run(node, node.options)
    stage.advance(.seconds(20))
    run.remote.loses = [name]
    return (stage, node, run)
  }

  private func wait(_ stage: Stage, for condition: () -> Bool) {
    for _ in 0..<100_000 where !condition() { stage.advance(.milliseconds(1)) }
    #expect(condition())
  }

  /// Seed 1630: it arrived while the next version was on its way, whose condition failed.
  @Test(arguments: [
    ("put", "first", "second"), ("put", "first", long), ("complete", long, "second"), ("complete", long, long + "y"),
  ]) func aCreationArrivesBesideTheNextVersion(name: String, first: String, second: String) {
    let (stage, node, run) = begin(losing: name)
    node.write("file", first)
    wait(stage) { run.remote.loses.isEmpty }
    node.rewrite("file", second)
    stage.advance(.seconds(60))
    #expect(stage.text("file") == second)
    #expect(node.text("file") == second)
    #expect(node.names == ["file", "other"])
  }

  @Test(arguments: [("put", "second", "third"), ("complete", long, "third")])
  func aReplacementArrivesBesideTheNextVersion(name: String, second: String, third: String) {
    let (stage, node, run) = begin(losing: name, ["file": "first"])
    node.rewrite("file", second)
    wait(stage) { run.remote.loses.isEmpty }
    node.rewrite("file", third)
    stage.advance(.seconds(60))
    #expect(stage.text("file") == third)
    #expect(node.names == ["file", "other"])
  }

  /// An upload that goes on where it stopped: its parts are there, but the upload is completed already.
  @Test func aCompletionArrivesBesideItsRepetition() {
    let (stage, node, run) = begin(losing: "complete")
    node.write("file", Self.long)
    wait(stage) { run.remote.loses.isEmpty }
    stage.advance(.seconds(60))
    #expect(stage.text("file") == Self.long)
    #expect(run.events.filter { if case .committed("file", .uploaded) = $0 { true } else { false } }.count == 1)
    #expect(
      !run.events.contains { if case .retrying("file", let reason) = $0 { !reason.contains("loss") } else { false } })
    #expect(stage.server.openUploads.isEmpty)
  }

  /// The file came back as it was before the deletion arrived: that was then taken for somebody else's.
  @Test func aDeletionArrivesWhenTheFileIsThereAgain() async {
    let (stage, node, run) = begin(losing: "delete", ["file": "content"])
    node.disk.rename("file", to: ".martlet-tmp.away")
    wait(stage) { run.remote.loses.isEmpty }
    node.disk.rename(".martlet-tmp.away", to: "file")
    stage.advance(.seconds(20))
    #expect(stage.text("file") == "content")
    let landing = SimTask(on: stage.executor) { await run.remote.land() }
    stage.advance(.seconds(60))
    #expect(landing.isDone)
    #expect(node.text("file") == "content")
    #expect(stage.text("file") == "content")
  }

  /// Seeds 300437 and 303795: the row of a renamed file dated its object back, so that after a lost deletion the
  /// object seemed to be a newer one, and the next version of the file was in conflict with it.
  @Test func aRenamedFileIsDeletedAgainAfterALoss() {
    let (stage, node, run) = begin(losing: "delete", ["before": "content"])
    run.remote.loses = []
    node.disk.rename("before", to: "file")
    wait(stage) { stage.server.sortedKeys == ["file", "other"] }
    stage.advance(.milliseconds(500))
    node.disk.remove("file")
    run.remote.loses = ["delete"]
    wait(stage) { run.remote.loses.isEmpty }
    run.remote.forget()
    stage.advance(.seconds(60))
    #expect(stage.server.sortedKeys == ["other"])
    #expect(node.names == ["other"])
  }

  /// Seed 300482: the clock was set, and an upload that began after that was never looked for.
  @Test func aClockThatIsSetEndsNoUncertainty() {
    let (stage, node, run) = begin(losing: "begin")
    node.write("file", Self.long)
    wait(stage) { run.remote.loses.isEmpty }
    node.disk.remove("file")
    node.environment.step(by: 3_600_000_000_000)
    stage.advance(.seconds(20))
    let landing = SimTask(on: stage.executor) { await run.remote.land() }
    stage.advance(.seconds(1))
    #expect(landing.isDone)
    #expect(stage.server.openUploads.count == 1)
    stage.advance(.seconds(60))
    #expect(stage.server.openUploads.isEmpty)
  }
}
