import SyncEngine
import SyncModel

/// One machine: its disk and store outlive the engine, which may crash and start again.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class SimNode: @unchecked Sendable {
  package let name: String
  package let disk: SimFileSystem
  package let database = SimDatabase()
  let environment: SimEnvironment
  let traits: LocalTraits
  private let sabotage: Sabotage?
  let options: EngineOptions
  private(set) var life: NodeLife?
  private(set) var remote: SimRemoteTree?
  private(set) var run: SimTask?
  private(set) var engine: Engine?
  private var generator: SeededGenerator

  init(
    name: String, number: UInt64, executor: SimExecutor, skew: Int64, traits: LocalTraits, sabotage: Sabotage?,
    options: EngineOptions, generator: SeededGenerator
  ) {
    self.name = name
    self.traits = traits
    self.sabotage = sabotage
    self.options = options
    self.generator = generator
    environment = SimEnvironment(executor: executor, skew: skew, generator: self.generator.fork())
    disk = SimFileSystem(
      mount: MountID(number), environment: environment, timeStep: traits.timeStep, fixedMode: traits.fixedMode)
  }

  var isRunning: Bool { run.map { !$0.isDone } ?? false }

  func start(server: SimS3, faults: FaultPlan, pageSize: Int, oracle: Oracle) {
    let life = NodeLife(node: name, executor: environment.executor, generator: generator.fork())
    let remote = SimRemoteTree(server: server, life: life, faults: faults, ledger: oracle, pageSize: pageSize)
    let local = SimLocalTree(disk: disk, life: life, traits: traits, ledger: oracle)
    local.sabotage = sabotage
    let engine = Engine(
      local: local, remote: remote,
      store: SimStore(database: database, life: life), environment: environment, options: options,
      observer: TracingObserver(node: name, oracle: oracle))
    self.life = life
    self.remote = remote
    self.engine = engine
    oracle.note("\(name) starts")
    run = SimTask(on: environment.executor) {
      let summary = try await engine.run()
      oracle.note("\(life.node) ended with \(summary.unsynced.count) unsynced")
    }
  }

  /// As `kill -9`: what was under way may or may not have reached the server; the disk stays as it is.
  func crash(_ oracle: Oracle) {
    oracle.note("\(name) crashes")
    oracle.count("world crash")
    life?.crash()
    disk.watcher = nil
    run?.cancel()
    run = nil
  }

  func stop() { engine?.requestStop() }

  func setFaults(_ faults: FaultPlan) { remote?.faults = faults }
}

/// Puts the engine's own account into the trace.
private struct TracingObserver: SyncObserver {
  let node: String
  let oracle: Oracle

  func record(_ event: SyncEvent) {
    if case .conflict(let path, _?) = event { oracle.conflicts(path, node: node) }
    switch event {
    case .transferProgressed, .transferEnded(_, nil), .passStarted, .passEnded: return
    case .transferStarted:
      oracle.count("engine transfer")
      return
    case .conflict, .deletionsHalted: oracle.count("engine \(event)".prefix { $0 != "(" }.description)
    default: break
    }
    oracle.note("\(node)   \("\(event)".replacing("SyncEngine.", with: "").replacing("SyncModel.", with: ""))")
  }
}
