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
  var options: EngineOptions
  private(set) var life: NodeLife?
  private(set) var remote: SimRemoteTree?
  private(set) var run: SimTask?
  private(set) var engine: Engine?
  /// Where this node crashes; each comes once.
  var crashPoints: [CrashPoint] = []
  /// The current run completed a pass: it may not end by itself any more (I11).
  private(set) var hasPassed = false
  /// Is told that the node crashed by itself.
  var onCrash: ((SimNode) -> Void)?
  private let weather: Weather
  private var generator: SeededGenerator

  init(
    name: String, number: UInt64, executor: SimExecutor, skew: Int64, traits: LocalTraits, sabotage: Sabotage?,
    options: EngineOptions, generator: SeededGenerator, weather: Weather? = nil
  ) {
    self.weather = weather ?? Weather(executor: executor)
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
    let life = NodeLife(node: name, executor: environment.executor, generator: generator.fork(), weather: weather)
    life.onCall = { [weak self, weak life] call, moment in
      guard let self, let life, life === self.life else { return }
      self.passes(call, moment, oracle)
    }
    let remote = SimRemoteTree(
      server: server, life: life, faults: faults, ledger: oracle, pageSize: pageSize, weather: weather)
    remote.knowsMoreThanOneFile = { [database] in database.leafCount > 1 }
    let local = SimLocalTree(disk: disk, life: life, traits: traits, ledger: oracle)
    local.sabotage = sabotage
    let engine = Engine(
      local: WatchedLocal(local, life: life, oracle: oracle, weather: weather), remote: remote,
      store: WatchedStore(SimStore(database: database, life: life), life: life), environment: environment,
      options: options,
      observer: TracingObserver(
        node: name, oracle: oracle,
        onPass: { [weak self, weak life] in
          if let life, life === self?.life { self?.hasPassed = true }
        }))
    self.life = life
    self.remote = remote
    self.engine = engine
    hasPassed = false
    oracle.note("\(name) starts")
    run = SimTask(on: environment.executor) {
      let summary = try await engine.run()
      oracle.note("\(life.node) ended with \(summary.unsynced.count) unsynced")
    }
  }

  private func passes(_ call: String, _ moment: CrashPoint.Moment, _ oracle: Oracle) {
    guard let index = crashPoints.firstIndex(where: { $0.call == call && $0.moment == moment }) else { return }
    if crashPoints[index].skipped > 0 {
      crashPoints[index].skipped -= 1
      return
    }
    crashPoints.remove(at: index)
    oracle.count("crash \(moment) \(call)")
    oracle.note("\(name) is at a crash point, \(moment) \(call)")
    crash(oracle)
    onCrash?(self)
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
///
/// `@unchecked Sendable`: used only on the world's thread.
private struct TracingObserver: SyncObserver, @unchecked Sendable {
  let node: String
  let oracle: Oracle
  let onPass: () -> Void

  func record(_ event: SyncEvent) {
    switch event {
    case .transferStarted(let transfer):
      oracle.transfers += 1
      oracle.note("\(node)   \(transfer.direction.rawValue) of \(transfer.path) begins")
      return
    case .passEnded: return onPass()
    case .transferProgressed, .transferEnded(_, nil), .passStarted: return
    case .considered(let path, let situation, let operation):
      let step = operation.map { "\($0)".prefix { $0 != "(" } } ?? "nothing"
      oracle.count("plan \(situation) → \(step)")
      oracle.note("\(node)   \(path), \(situation) → \(step)")
      return
    case .turned(let path, let turn):
      oracle.count("turn \(turn)")
      oracle.note("\(node)   \(path): \(turn.rawValue)")
      return
    case .committed(_, let change): oracle.count("engine committed \(change)")
    case .conflict, .deletionsHalted, .deletionsResumed, .passFailed, .reported, .retrying, .capabilitiesDoubted:
      oracle.count("engine \("\(event)".prefix { $0 != "(" })")
    default: break
    }
    oracle.note("\(node)   \("\(event)".replacing("SyncEngine.", with: "").replacing("SyncModel.", with: ""))")
  }
}
