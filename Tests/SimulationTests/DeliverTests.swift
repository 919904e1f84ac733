import SyncModel
import Testing

@testable import Simulation
@testable import SyncEngine

/// `deliver` returns when what a path is at the time of the call, or later, is in the bucket.
@Suite struct DeliverTests {
  /// A node at rest that polls rarely.
  private static func atRest(
    _ stage: Stage, _ configure: (inout EngineOptions) -> Void = { _ in }
  ) -> (SimNode, Run) {
    let node = stage.node {
      $0.poll = .seconds(3600)
      configure(&$0)
    }
    let run = stage.run(node, node.options)
    stage.advance(.seconds(20))
    return (node, run)
  }

  private static func deliver(_ stage: Stage, _ run: Run, _ path: RelativePath) -> SimTask {
    let engine = run.engine
    return SimTask(on: stage.executor) { try await engine.deliver(path) }
  }

  private static func finish(_ stage: Stage, _ task: SimTask, within seconds: Int = 30) {
    for _ in 0..<seconds * 100 where !task.isDone { stage.advance(.milliseconds(10)) }
    #expect(task.isDone)
  }

  private static func code(_ task: SimTask) -> EngineFailure.Code? { (task.failure as? EngineFailure)?.code }

  @Test func aFileThatWasJustWrittenIsThereWhenItReturns() {
    let stage = Stage()
    let (node, run) = Self.atRest(stage)
    node.disk.create("d/", .directory)
    for (round, text) in ["one", "two", String(repeating: "large ", count: 100)].enumerated() {
      round == 0 ? node.write("d/file", text) : node.rewrite("d/file", text)
      let task = Self.deliver(stage, run, "d/file")
      Self.finish(stage, task)
      #expect(task.failure == nil && stage.text("d/file") == text)
      // Nothing changed since.
      let again = Self.deliver(stage, run, "d/file")
      Self.finish(stage, again, within: 1)
      #expect(again.failure == nil)
    }
    run.stop(stage)
  }

  /// The version of the call, or a later one; not one of before.
  @Test func whileWritesGoOn() {
    let stage = Stage()
    let (node, run) = Self.atRest(stage)
    node.write("file", "0")
    for round in 0..<5 {
      var states: Set<String> = []
      var task: SimTask?
      for step in 0..<3000 {
        let text = "\(round).\(step)"
        node.rewrite("file", text)
        if step == 10 { task = Self.deliver(stage, run, "file") }
        if step >= 10 { states.insert(text) }
        stage.advance(.milliseconds(50))
        if task?.isDone == true { break }
      }
      #expect(task?.isDone == true && task?.failure == nil)
      #expect(states.contains(stage.text("file")!))
    }
    run.stop(stage)
  }

  @Test func aServerThatIsAwayIsWaitedFor() {
    let stage = Stage()
    let (node, run) = Self.atRest(stage)
    run.remote.inner.faults.unreachableUntil = stage.executor.now + 300_000_000_000
    node.write("file", "late")
    let task = Self.deliver(stage, run, "file")
    stage.advance(.seconds(290))
    #expect(!task.isDone)
    Self.finish(stage, task, within: 900)
    #expect(task.failure == nil && stage.text("file") == "late")
    run.stop(stage)
  }

  /// What it is then is nothing.
  @Test func aFileThatIsDeletedMeanwhileIsGoneThere() {
    let stage = Stage()
    let (node, run) = Self.atRest(stage)
    node.write("file", "first")
    node.write("never sent", "x")
    node.disk.remove("never sent")
    Self.finish(stage, Self.deliver(stage, run, "file"))
    #expect(stage.text("file") == "first")
    run.remote.inner.faults.unreachableUntil = stage.executor.now + 30_000_000_000
    node.rewrite("file", "second")
    let task = Self.deliver(stage, run, "file")
    stage.advance(.seconds(10))
    node.disk.remove("file")
    Self.finish(stage, task, within: 300)
    #expect(task.failure == nil && stage.text("file") == nil)
    let never = Self.deliver(stage, run, "never sent")
    Self.finish(stage, never)
    #expect(never.failure == nil)
    run.stop(stage)
  }

  @Test func aRenamedFileIsThereUnderItsNewName() {
    let stage = Stage()
    let (node, run) = Self.atRest(stage)
    node.write("old", "moved")
    Self.finish(stage, Self.deliver(stage, run, "old"))
    node.disk.rename("old", to: "new")
    let tasks = [Self.deliver(stage, run, "new"), Self.deliver(stage, run, "old")]
    for task in tasks { Self.finish(stage, task) }
    #expect(tasks.allSatisfy { $0.failure == nil } && stage.text("new") == "moved" && stage.text("old") == nil)
    #expect(run.events.contains { if case .renamed("old", "new") = $0 { true } else { false } })
    run.stop(stage)
  }

  @Test(arguments: ["", "d/", "d"] as [RelativePath]) func ofAFolderEverythingIsThere(_ folder: RelativePath) {
    let stage = Stage()
    let (node, run) = Self.atRest(stage) { $0.filters = Filters(rules: [.exclude("*.tmp")]) }
    let names = (0..<150).map { RelativePath(unchecked: "d/e\($0 % 3)/\($0)") }
    for name in ["d/", "d/e0/", "d/e1/", "d/e2/"] as [RelativePath] { node.disk.create(name, .directory) }
    node.write("d/old", "goes")
    Self.finish(stage, Self.deliver(stage, run, folder))
    node.disk.remove("d/old")
    node.write("d/left.tmp", "out")
    for name in names { node.write(name, "\(name)") }
    let task = Self.deliver(stage, run, folder)
    Self.finish(stage, task, within: 120)
    #expect(task.failure == nil)
    for name in names { #expect(stage.text(name.string) == "\(name)") }
    #expect(stage.text("d/old") == nil && stage.text("d/left.tmp") == nil)
    // The folder is gone as a whole.
    for name in names { node.disk.remove(name) }
    for name in ["d/left.tmp", "d/e0/", "d/e1/", "d/e2/", "d/"] as [RelativePath] { node.disk.remove(name) }
    let gone = Self.deliver(stage, run, "d/")
    Self.finish(stage, gone, within: 120)
    // Half of the files and more: somebody is asked.
    #expect(Self.code(gone) == .notSent && "\(gone.failure!)".contains("deletions are halted"))
    run.stop(stage)
  }

  @Test func whatTheOptionsLeaveOutIsRefused() {
    let stage = Stage()
    let (node, run) = Self.atRest(stage) {
      $0.filters = Filters(rules: [.exclude("*.tmp")], uploads: [.exclude("*.local")])
    }
    for name in ["a.tmp", "a.local", ".martlet/x", "d/.s3-sync2.lock"] as [RelativePath] {
      node.write(name, "x")
      let task = Self.deliver(stage, run, name)
      Self.finish(stage, task, within: 1)
      #expect(Self.code(task) == .notSynced, "\(name)")
    }
    run.stop(stage)
    let (_, down) = Self.atRest(stage) { $0.policy.changesRemote = false }
    let task = Self.deliver(stage, down, "file")
    Self.finish(stage, task, within: 1)
    #expect(Self.code(task) == .notSynced)
    down.stop(stage)
  }

  @Test(arguments: ["file", ""] as [RelativePath]) func aRefusalOfTheServerIsTold(_ path: RelativePath) {
    let stage = Stage()
    let (node, run) = Self.atRest(stage)
    run.remote.isReadOnly = true
    node.write("file", "x")
    let task = Self.deliver(stage, run, path)
    Self.finish(stage, task)
    #expect(Self.code(task) == .notSent && "\(task.failure!)".contains("simulated refusal"))
    run.stop(stage)
  }

  @Test func nobodyWaitsLongerThanTheRun() {
    let stage = Stage()
    let (node, run) = Self.atRest(stage)
    run.remote.inner.faults.unreachableUntil = .max
    node.write("file", "x")
    let engine = run.engine
    let tasks = [
      Self.deliver(stage, run, "file"), Self.deliver(stage, run, "d/"),
      SimTask(on: stage.executor) { try await engine.reconcile() },
    ]
    let cancelled = Self.deliver(stage, run, "file")
    stage.advance(.seconds(2))
    cancelled.cancel()
    stage.advance(.milliseconds(10))
    #expect(cancelled.failure is CancellationError)
    #expect(!tasks[0].isDone)
    run.stop(stage)
    stage.advance(.seconds(1))
    #expect(Self.code(tasks[0]) == .ended && tasks.allSatisfy(\.isDone))
    let late = [Self.deliver(stage, run, "file"), SimTask(on: stage.executor) { try await engine.reconcile() }]
    stage.advance(.seconds(1))
    #expect(late.allSatisfy { Self.code($0) == .ended })
  }

  @Test func aPausedNodeDeliversWhenItIsResumed() {
    let stage = Stage()
    let (node, run) = Self.atRest(stage)
    run.ask(stage) { await $0.setPaused(true) }
    node.write("file", "x")
    let task = Self.deliver(stage, run, "file")
    stage.advance(.seconds(60))
    #expect(!task.isDone && stage.text("file") == nil)
    run.ask(stage) { await $0.setPaused(false) }
    Self.finish(stage, task, within: 5)
    #expect(task.failure == nil && stage.text("file") == "x")
    run.stop(stage)
  }

  @Test func aPassIsTakenAtOnceWhereOneIsAskedFor() {
    let stage = Stage()
    let (node, run) = Self.atRest(stage)
    let engine = run.engine
    stage.put("unheard", "there")
    let task = SimTask(on: stage.executor) { try await engine.reconcile() }
    Self.finish(stage, task)
    #expect(task.failure == nil && node.text("unheard") == "there")

    run.remote.inner.faults.unreachableUntil = stage.executor.now + 5_000_000_000
    let failing = SimTask(on: stage.executor) { try await engine.reconcile() }
    Self.finish(stage, failing)
    #expect((failing.failure as? RemoteFailure)?.code == .unreachable)
    run.stop(stage)
  }
}
