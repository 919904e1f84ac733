import SyncModel
import Testing

@testable import Simulation
@testable import SyncEngine

/// One run of an engine.
struct Run {
  let engine: Engine
  let remote: PickyRemoteTree
  let task: SimTask
  private let observer: EventList

  init(engine: Engine, remote: PickyRemoteTree, task: SimTask, observer: EventList) {
    self.engine = engine
    self.remote = remote
    self.task = task
    self.observer = observer
  }

  var events: [EngineEvent] { observer.events }

  func stop(_ stage: Stage) {
    engine.requestStop()
    for _ in 0..<600 where !task.isDone { stage.advance(.milliseconds(100)) }
    #expect(task.isDone)
  }

  func ask<Answer: Sendable>(_ stage: Stage, _ question: @escaping @Sendable (Engine) async -> Answer) -> Answer {
    let (box, engine) = (AnswerBox<Answer>(), engine)
    let asking = SimTask(on: stage.executor) { box.answer = await question(engine) }
    while !asking.isDone { stage.advance(.milliseconds(1)) }
    return box.answer!
  }

  func status(_ stage: Stage) -> EngineStatus { ask(stage) { await $0.currentStatus() } }
}

/// `@unchecked Sendable`: used only on the thread of its simulated world.
private final class AnswerBox<Answer: Sendable>: @unchecked Sendable {
  var answer: Answer?
}

/// `@unchecked Sendable`: used only on the thread of its simulated world.
final class EventList: SyncObserver, @unchecked Sendable {
  private(set) var events: [EngineEvent] = []
  func record(_ event: EngineEvent) { events.append(event) }
}

extension SimNode {
  func rewrite(_ path: RelativePath, _ text: String) {
    guard let inode = disk.lookup(path) else { return }
    disk.openForWriting(inode)
    disk.write(Array(text.utf8), to: inode, openedAs: path)
    disk.close(inode, openedAs: path)
  }
}

extension Stage {
  /// An engine over the node's disk, with options of its own.
  func run(
    _ node: SimNode, _ options: EngineOptions, database: SimDatabase? = nil,
    _ configure: (PickyRemoteTree) -> Void = { _ in }
  ) -> Run {
    let life = NodeLife(node: node.name, executor: executor, generator: SeededGenerator(seed: 3))
    let remote = PickyRemoteTree(
      SimRemoteTree(server: server, life: life, faults: .none, ledger: oracle, pageSize: 1000))
    configure(remote)
    let observer = EventList()
    let kernel = SimKernel(disk: node.disk, life: life, interference: node.interference)
    let engine = Engine(
      local: try! node.openTree(kernel, oracle), remote: remote,
      store: SimStore(database: database ?? node.database, life: life), environment: node.environment,
      options: options, observer: observer)
    let task = SimTask(on: executor) {
      defer { kernel.exit() }
      _ = try await engine.run()
    }
    crashes.append {
      life.crash()
      task.cancel()
    }
    return Run(engine: engine, remote: remote, task: task, observer: observer)
  }
}
