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
  var options: EngineOptions
  private(set) var life: NodeLife?
  private(set) var remote: SimRemoteTree?
  private(set) var run: SimTask?
  private(set) var engine: Engine?
  var feed: SimFeed?
  /// Where this node crashes; each comes once.
  var crashPoints: [CrashPoint] = []
  /// The current run completed a pass: it may not end by itself any more (I11).
  private(set) var hasPassed = false
  /// When the last full pass that reached its end began, virtual nanoseconds.
  private var lastFullPass = Int64.min
  /// Is told that the node crashed by itself.
  var onCrash: ((SimNode) -> Void)?
  private let weather: Weather
  private var generator: SeededGenerator

  init(
    name: String, number: UInt64, executor: SimExecutor, skew: Int64, traits: LocalTraits, ledger: any EffectLedger,
    options: EngineOptions, generator: SeededGenerator, weather: Weather? = nil
  ) {
    self.weather = weather ?? Weather(executor: executor)
    self.name = name
    self.traits = traits
    self.options = options
    self.generator = generator
    environment = SimEnvironment(executor: executor, skew: skew, generator: self.generator.fork())
    disk = SimFileSystem(
      mount: MountID(number), environment: environment, traits: traits)
    interference = Interference(executor: executor, ledger: ledger, generator: self.generator.fork())
  }

  /// Something may have happened that its engine can only find when it looks at everything. Where metadata may differ
  /// for good no difference tells of it: all that came before `time`. A feed may have lost what tells of the `last`
  /// write, such as a mode that the disk does not keep (seed 9001001). Virtual nanoseconds.
  func hasUnseenChanges(since time: Int64, last: Int64) -> Bool {
    max(disk.lastLostEvent, options.policy.comparison == .contents ? 0 : time, feed == nil ? 0 : last) > lastFullPass
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
    let kernel = SimKernel(disk: disk, life: life, interference: interference)
    self.life = life
    self.remote = remote
    self.kernel = kernel
    engine = nil
    feed?.ends()
    hasPassed = false
    oracle.note("\(name) starts")
    run = SimTask(on: environment.executor) {
      defer { kernel.exit() }
      let engine = Engine(
        local: WatchedLocal(
          try self.openTree(kernel, oracle), life: life, oracle: oracle, weather: self.weather),
        remote: remote, store: WatchedStore(SimStore(database: self.database, life: life), life: life),
        environment: self.environment, options: self.options,
        observer: TracingObserver(
          node: life.node, oracle: oracle,
          tally: DeletionTally(limit: self.options.deletionLimit, executor: self.environment.executor),
          onPass: { [weak self, weak life] began, isFull in
            guard let self, let life, life === self.life else { return }
            hasPassed = true
            if isFull { lastFullPass = began }
          }))
      if self.life !== life { return }
      self.engine = engine
      self.feed?.begins(engine)
      let summary = try await engine.run()
      oracle.note("\(life.node) ended with \(summary.unsynced.count) unsynced")
    }
  }

  /// Reflection would tell them too, and take much of a simulation's time; so for the turns below.
  private static let steps = Dictionary(
    uniqueKeysWithValues: CommitStep.allCases.map { ($0, "commit step \($0)") })

  private func passes(_ call: String, _ moment: CrashPoint.Moment, _ oracle: Oracle) {
    guard !crashPoints.isEmpty, let index = crashPoints.firstIndex(where: { $0.call == call && $0.moment == moment })
    else { return }
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

  /// The shipped tree, with its recovery of what an earlier run left.
  func openTree(_ kernel: SimKernel, _ oracle: Oracle) throws -> JudgedLocalTree {
    let layout = try RootLayout(SimKernel.rootPath, remoteID: "remote", kernel: kernel)
    var treeOptions = LocalTree.Options(node: name, wallTime: { [environment] in environment.wallTime() })
    treeOptions.preservesOwner = traits.preservesOwner
    treeOptions.walkBatch = 1 + generator.below(12)
    let tree = try LocalTree(
      layout, options: treeOptions, pool: SimRunner(kernel),
      logger: Logger(label: name, factory: { _ in SwiftLogNoOpLogHandler() })
    ) { [interference] step in
      oracle.count(Self.steps[step]!)
      interference.actAtCommit()
    }
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
///
/// `@unchecked Sendable`: used only on the world's thread.
private struct TracingObserver: SyncObserver, @unchecked Sendable {
  let node: String
  let oracle: Oracle
  let tally: DeletionTally
  let onPass: (_ began: Int64, _ isFull: Bool) -> Void
  private let underWay = UnderWay()

  private static let turns = Dictionary(uniqueKeysWithValues: Turn.allCases.map { ($0, "turn \($0)") })

  func record(_ event: EngineEvent) {
    if case .conflict(let path, _?) = event { oracle.conflicts(path, node: node) }
    if tally.exceeds(after: event) {
      oracle.violates("I8", "\(node) deleted more files between two passes than the limit allows")
    }
    switch event {
    case .transferStarted(let transfer):
      underWay.transfers[transfer.id] = transfer.path
      oracle.count("engine transfer")
      oracle.note("\(node)   \(transfer.direction.rawValue) of \(transfer.path) begins")
      return
    case .passStarted:
      underWay.began = oracle.now
      return
    case .passEnded(let summary): return onPass(underWay.began, summary.isFull)
    case .transferProgressed: return
    case .transferEnded(let id, let failure):
      if underWay.transfers.removeValue(forKey: id) != nil { oracle.transfers += 1 }
      if failure == nil { return }
    case .considered(let path, let situation, let operation):
      let step = operation?.name ?? "nothing"
      oracle.count("plan \(situation) → \(step)")
      oracle.note("\(node)   \(path), \(situation) → \(step)")
      return
    case .turned(let path, let turn):
      // To know where a link leads it must be read, in each run once.
      if turn == .linkRefused { underWay.transfers = underWay.transfers.filter { $0.value != path } }
      oracle.count(Self.turns[turn]!)
      oracle.note("\(node)   \(path): \(turn.rawValue)")
      return
    case .committed(_, let change): oracle.count("engine committed " + change.rawValue)
    case .conflict, .deletionsHalted, .deletionsResumed, .passFailed, .reported, .retrying, .capabilitiesDoubted:
      oracle.count("engine \("\(event)".prefix { $0 != "(" })")
    default: break
    }
    oracle.note("\(node)   \("\(event)".replacing("SyncEngine.", with: "").replacing("SyncModel.", with: ""))")
  }
}

/// `@unchecked Sendable`: used only on the world's thread.
private final class UnderWay: @unchecked Sendable {
  /// When the pass began, virtual nanoseconds.
  var began: Int64 = 0
  /// What is fetched or sent, of which it is not known to be a link that leads out.
  var transfers: [Transfer.ID: RelativePath] = [:]
}

/// Counts deletions between two passes (I8): as many as the limit may come from a pass, and as many from hints in a
/// minute.
///
/// `@unchecked Sendable`: used only on the world's thread.
private final class DeletionTally: @unchecked Sendable {
  private static let minute: Int64 = 60_000_000_000

  private let limit: Int?
  private let executor: SimExecutor
  private var times: [CommittedChange: [Int64]] = [:]
  /// Halves of moves do not count. They may be carried out after the next pass has begun.
  private var moves: Set<RelativePath> = []

  init(limit: DeletionLimit, executor: SimExecutor) {
    self.executor = executor
    if case .files(let count) = limit { self.limit = count } else { self.limit = nil }
  }

  func exceeds(after event: EngineEvent) -> Bool {
    switch event {
    case .passStarted: times = [:]
    case .turned(let path, .deletionIsMove): moves.insert(path)
    case .committed(let path, let change) where change == .deletedLocal || change == .deletedRemote:
      guard let limit, moves.remove(path) == nil else { return false }
      times[change, default: []].append(executor.now)
      times[change]!.removeAll { $0 < executor.now - Self.minute }
      return times[change]!.count > 2 * limit
    default: break
    }
    return false
  }
}
