import SyncModel
import Testing

@testable import Simulation
@testable import SyncEngine

/// Nothing begins while paused, and nothing is missed.
@Suite struct PauseTests {
  private static func files(_ stage: Stage) -> Set<String> {
    Set(stage.server.objects.keys.filter { !$0.hasSuffix("/") })
  }

  @Test func nothingMovesOnEitherSideUntilItIsResumed() {
    let stage = Stage()
    let node = stage.node { $0.poll = .seconds(5) }
    node.disk.create("folder/", .directory)
    for name in ["old", "gone there", "folder/moves"] as [RelativePath] { node.write(name, "there already") }
    let run = stage.run(node, node.options)
    stage.advance(.seconds(20))
    run.ask(stage) { await $0.setPaused(true) }
    let seen = run.events.count
    node.write("new", "up")
    node.rewrite("old", "changed")
    node.disk.rename("folder/", to: "moved/")
    stage.put("there", "down")
    try? stage.server.delete("gone there", ifMatch: nil)
    stage.advance(.seconds(3600))
    #expect(run.events.count == seen)
    #expect(Self.files(stage) == ["old", "folder/moves", "there"])
    #expect(node.names.sorted() == ["gone there", "moved/moves", "new", "old"])
    let status = run.status(stage)
    #expect(status.state == .paused && status.firstPassCompleted && status.pending > 0)

    run.ask(stage) { await $0.setPaused(false) }
    stage.advance(.seconds(10))
    #expect(Self.files(stage) == ["old", "moved/moves", "new", "there"])
    #expect(stage.text("old") == "changed" && node.text("there") == "down")
    #expect(Set(node.names) == Self.files(stage))
    #expect(run.status(stage).state == .idle)
    run.stop(stage)
  }

  /// The pass is cut off, what was seen of it proves nothing, and a run after a crash is not paused.
  @Test(arguments: [false, true]) func aPauseInTheMiddleOfAPass(crashes: Bool) {
    let stage = Stage()
    let node = stage.node { $0.concurrency = 4 }
    let names = (0..<200).map { RelativePath(unchecked: "d\($0 % 7)/file\($0)") }
    for name in names { stage.put(name.string, "from the bucket") }
    var run = stage.run(node, node.options)
    while node.names.count < 20 { stage.advance(.milliseconds(5)) }
    run.ask(stage) { await $0.setPaused(true) }
    // What is under way ends.
    stage.advance(.seconds(5))
    let count = node.names.count
    #expect(count < 150)
    for name in names.suffix(20) where node.text(name) == nil { node.write(name, "from the bucket") }
    let held = node.names.count
    stage.advance(.seconds(120))
    #expect(node.names.count == held && stage.server.objects.count { !$0.key.hasSuffix("/") } == 200)
    #expect(!run.status(stage).firstPassCompleted && run.status(stage).state == .paused)
    if crashes {
      stage.crashes.removeLast()()
      stage.advance(.seconds(2))
      run = stage.run(node, node.options)
    } else {
      run.ask(stage) { await $0.setPaused(false) }
    }
    stage.advance(.seconds(60))
    #expect(Set(node.names) == Set(names.map(\.string)))
    #expect(Self.files(stage).count == 200)
    #expect(run.status(stage).firstPassCompleted && run.status(stage).state == .idle)
    #expect(run.status(stage).committed[.deletedLocal] == nil && run.status(stage).committed[.deletedRemote] == nil)
    run.stop(stage)
  }

  /// First contact is decided, and its pass taken, only when it is resumed.
  @Test(arguments: [false, true]) func aRunThatBeginsPausedWaits(once: Bool) {
    let stage = Stage()
    let node = stage.node { $0.once = once }
    node.write("here", "1")
    stage.put("there", "2")
    stage.put("both", "equal")
    node.write("both", "equal")
    let run = stage.run(node, node.options)
    run.ask(stage) { await $0.setPaused(true) }
    stage.advance(.seconds(600))
    #expect(node.text("there") == nil && stage.text("here") == nil && !run.task.isDone)
    run.ask(stage) { await $0.setPaused(false) }
    stage.advance(.seconds(10))
    #expect(node.text("there") == "2" && stage.text("here") == "1")
    #expect(run.task.isDone == once)
    if !once { run.stop(stage) }
  }

  /// A stop does not end the pause: what would be sent is told.
  @Test func aPausedRunStopsAtOnce() {
    let stage = Stage()
    let node = stage.node()
    let run = stage.run(node, node.options)
    stage.advance(.seconds(20))
    run.ask(stage) { await $0.setPaused(true) }
    node.write("left", "here")
    run.engine.requestStop()
    stage.advance(.seconds(2))
    #expect(run.task.isDone && stage.text("left") == nil)
    #expect(run.ask(stage) { await $0.summary().unsynced.map(\.name) } == ["left"])
  }

  /// Three are under way, the others of the lane do not begin.
  @Test func largeFilesThatWaitForTheirTurnGoOnWaiting() {
    let stage = Stage()
    let node = stage.node()
    let run = stage.run(node, node.options)
    stage.advance(.seconds(20))
    for number in 0..<12 {
      node.write(RelativePath(unchecked: "large\(number)"), String(repeating: "\(number) ", count: 200))
    }
    while run.events.count(where: { if case .transferStarted = $0 { true } else { false } }) < 3 {
      stage.advance(.milliseconds(1))
    }
    run.ask(stage) { await $0.setPaused(true) }
    stage.advance(.seconds(120))
    let sent = Self.files(stage).count
    #expect((3..<9).contains(sent), "\(sent)")
    run.ask(stage) { await $0.setPaused(false) }
    stage.advance(.seconds(20))
    #expect(Self.files(stage).count == 12)
    run.stop(stage)
  }

  /// Two nodes that are paused, resumed and asked at any moment, over a bad network.
  @Test(arguments: [1, 2, 9] as [UInt64]) func pausesAtAnyMomentChangeNothingInTheEnd(_ seed: UInt64) {
    let stage = Stage()
    var random = SeededGenerator(seed: seed)
    let nodes = (0..<2).map { _ in stage.node { $0.poll = .seconds(5) } }
    for node in nodes { for folder in ["d0/", "d1/"] as [RelativePath] { node.disk.create(folder, .directory) } }
    var faults = FaultPlan()
    (faults.lostReply, faults.lostRequest, faults.throttled) = (40, 40, 40)
    let runs = nodes.map { node in stage.run(node, node.options) { $0.inner.faults = faults } }
    var asked: [SimTask] = []
    for step in 0..<1500 {
      let index = Int(random.next() % 2)
      let (node, engine) = (nodes[index], runs[index].engine)
      let path = RelativePath(unchecked: "d\(random.next() % 2)/f\(random.next() % 5)")
      switch random.next() % 24 {
      case 0, 1: node.disk.lookup(path) == nil ? node.write(path, "\(step)") : node.rewrite(path, "again \(step)")
      case 2: node.disk.remove(path)
      case 3: node.disk.rename(path, to: RelativePath(unchecked: "d1/moved\(random.next() % 3)"))
      case 4: stage.put(path.string, "somebody \(step)")
      case 5: runs[index].ask(stage) { await $0.setPaused(true) }
      case 6, 7: runs[index].ask(stage) { await $0.setPaused(false) }
      case 8: asked.append(SimTask(on: stage.executor) { try await engine.deliver(path) })
      case 9: asked.append(SimTask(on: stage.executor) { try await engine.deliver("d0/") })
      case 10 where step % 7 == 0: asked.append(SimTask(on: stage.executor) { try await engine.reconcile() })
      default: break
      }
      stage.advance(.milliseconds(100))
    }
    for run in runs {
      run.remote.inner.faults = .none
      run.ask(stage) { await $0.setPaused(false) }
    }
    stage.advance(.seconds(900))
    let files = Self.files(stage)
    for node in nodes {
      #expect(Set(node.names) == files)
      for key in files { #expect(node.text(RelativePath(unchecked: key)) == stage.text(key)) }
    }
    // Nobody waits any more, since nothing is left to be waited for.
    #expect(asked.count > 50 && asked.allSatisfy(\.isDone))
    for run in runs { run.stop(stage) }
  }
}
