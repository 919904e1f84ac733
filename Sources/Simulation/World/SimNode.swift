import LocalTree
import Logging
import SyncEngine
import SyncModel

/// One machine: its disk and store outlive the engine, which may crash and start again.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class SimNode: @unchecked Sendable {
  package let name: String
  package let disk: SimFileSystem
  package let database = SimDatabase()
  private(set) var kernel: SimKernel?
  private var isSpaceGiven = false
  let environment: SimEnvironment
  let traits: LocalTraits
  /// Other programs that act between two system calls of the engine.
  let interference: Interference
  let options: EngineOptions
  private(set) var life: NodeLife?
  private(set) var remote: SimRemoteTree?
  private(set) var run: SimTask?
  private(set) var engine: Engine?
  private var generator: SeededGenerator

  init(
    name: String, number: UInt64, executor: SimExecutor, skew: Int64, traits: LocalTraits, ledger: any EffectLedger,
    options: EngineOptions, generator: SeededGenerator
  ) {
    self.name = name
    self.traits = traits
    self.options = options
    self.generator = generator
    environment = SimEnvironment(executor: executor, skew: skew, generator: self.generator.fork())
    disk = SimFileSystem(
      mount: MountID(number), environment: environment, traits: traits)
    interference = Interference(executor: executor, ledger: ledger, generator: self.generator.fork())
  }

  var isRunning: Bool { run.map { !$0.isDone } ?? false }

  func start(server: SimS3, faults: FaultPlan, pageSize: Int, oracle: Oracle) {
    let life = NodeLife(node: name, executor: environment.executor, generator: generator.fork())
    let remote = SimRemoteTree(server: server, life: life, faults: faults, ledger: oracle, pageSize: pageSize)
    let kernel = SimKernel(disk: disk, life: life, interference: interference)
    self.life = life
    self.remote = remote
    self.kernel = kernel
    engine = nil
    oracle.note("\(name) starts")
    run = SimTask(on: environment.executor) {
      defer { kernel.exit() }
      let engine = Engine(
        local: try self.openTree(kernel, oracle), remote: remote,
        store: SimStore(database: self.database, life: life), environment: self.environment, options: self.options,
        observer: TracingObserver(node: life.node, oracle: oracle))
      if self.life !== life { return }
      self.engine = engine
      let summary = try await engine.run()
      oracle.note("\(life.node) ended with \(summary.unsynced.count) unsynced")
    }
  }

  /// The shipped tree, with its recovery of what an earlier run left.
  func openTree(_ kernel: SimKernel, _ oracle: Oracle) throws -> JudgedLocalTree {
    let layout = try RootLayout(SimKernel.rootPath, remoteID: "remote", kernel: kernel)
    var treeOptions = LocalTree.Options(node: name, wallTime: { [environment] in environment.wallTime() })
    treeOptions.walkBatch = 1 + generator.below(12)
    let tree = try LocalTree(
      layout, options: treeOptions, pool: SimRunner(kernel),
      logger: Logger(label: name, factory: { _ in SwiftLogNoOpLogHandler() })
    ) { step in oracle.count("commit step \(step)") }
    kernel.fullDisk = isSpaceGiven ? 0 : traits.fullDisk
    return JudgedLocalTree(tree: tree, kernel: kernel, ledger: oracle)
  }

  /// As `kill -9`: what was under way may or may not have reached the server; the disk stays as it is.
  func crash(_ oracle: Oracle) {
    oracle.note("\(name) crashes")
    oracle.count("world crash")
    life?.crash()
    kernel?.exit()
    run?.cancel()
    run = nil
  }

  func stop() { engine?.requestStop() }

  func setFaults(_ faults: FaultPlan) { remote?.faults = faults }

  /// No call finds the disk full any more.
  func giveSpace() {
    isSpaceGiven = true
    kernel?.fullDisk = 0
  }
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
