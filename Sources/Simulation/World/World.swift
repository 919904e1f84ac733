import SyncEngine
import SyncModel

/// A safeguard that is turned off, to show that the oracle notices.
package enum Sabotage: Hashable, Sendable, CaseIterable {
  case serverIgnoresConditions
  /// Installs and removals take whatever they find for what they expected.
  case localIgnoresStamps
  /// Late writes to displaced files are not looked for.
  case displacedFilesForgotten
}

/// Two or three nodes, their users, a program that writes to the bucket, and the bucket: one seed, one history.
///
/// `@unchecked Sendable`: used only on the thread that runs it.
package final class World: @unchecked Sendable {
  package let seed: UInt64
  private let executor: SimExecutor
  private let oracle: Oracle
  private let server: SimS3
  private let scenario: Scenario
  private let nodes: [SimNode]
  private let names: NamePool
  private var generator: SeededGenerator
  /// A world that needs more is one in which something spins.
  private var budget = 3_000_000

  package init(seed: UInt64, isTracing: Bool = false, sabotage: Sabotage? = nil) {
    self.seed = seed
    var generator = SeededGenerator(seed: seed)
    executor = SimExecutor(seed: generator.next())
    oracle = Oracle(executor: executor, isTracing: isTracing)
    scenario = Scenario(&generator)
    server = SimS3(executor: executor, etagIgnoresMetadata: scenario.etagIgnoresMetadata)
    server.ignoresConditions = sabotage == .serverIgnoresConditions
    names = NamePool(hasClashes: scenario.hasClashes)
    var nodes: [SimNode] = []
    for (index, options) in scenario.options.enumerated() {
      nodes.append(
        SimNode(
          name: options.nodeID, number: UInt64(index + 1), executor: executor, skew: scenario.skews[index],
          traits: scenario.traits[index], sabotage: sabotage, options: options,
          generator: generator.fork()))
    }
    server.onStore = { [oracle] key, content in oracle.stores(content, at: RelativePath(unchecked: key)) }
    self.nodes = nodes
    self.generator = generator
  }

  package func run() -> WorldReport {
    act()
    rest()
    judge()
    end()
    return WorldReport(
      seed: seed, violations: oracle.violations, counters: oracle.counters, steps: executor.steps,
      virtualTime: .nanoseconds(executor.now), traceHash: executor.traceHash, trace: oracle.trace)
  }
}

// MARK: - The parts of a history

extension World {
  private static let second: Int64 = 1_000_000_000

  private func act() {
    oracle.note("\(scenario)")
    let anchor = Array("anchor".utf8)
    oracle.completes(anchor)
    _ = try? server.put(NamePool.anchor.string, anchor, metadata: EntryMetadata(kind: .file), ifMatch: nil)
    var parts: [SimTask] = []
    for node in nodes {
      let user = SimUser(node: node, oracle: oracle, names: names, generator: generator.fork())
      let (names, before, haste, end) = (names, scenario.filesBefore, scenario.haste, scenario.duration)
      var first = generator.fork()
      let paths = (0..<before).map { _ in names.path(&first) }
      parts.append(
        SimTask(on: executor) {
          for path in paths { await user.create(path) }
          await user.work(until: end, haste: haste)
        })
    }
    if let haste = scenario.bucketHaste {
      let writer = BucketWriter(
        server: server, oracle: oracle, executor: executor, names: names, generator: generator.fork())
      let end = scenario.duration
      parts.append(SimTask(on: executor) { await writer.work(until: end, haste: haste) })
    }
    for node in nodes {
      let delay = scenario.filesBefore > 0 ? 1 + generator.below(20) : 0
      executor.after(Int64(delay) * Self.second) { self.start(node) }
      if node.options.once { planRuns(of: node) }
    }
    for _ in 0..<scenario.crashes { planCrash(of: generator.pick(nodes)) }
    for _ in 0..<scenario.stops { planStop(of: generator.pick(nodes)) }
    for _ in 0..<scenario.clockSteps { planClockStep(of: generator.pick(nodes)) }
    if scenario.faults.lostReply > 0, generator.oneIn(2) { planPartition(of: generator.pick(nodes)) }
    advance(to: scenario.duration + 30 * Self.second)
    while !parts.allSatisfy(\.isDone), oracle.violations.isEmpty { advance(to: executor.now + 10 * Self.second) }
  }

  private func start(_ node: SimNode) {
    if node.isRunning { return }
    node.start(server: server, faults: scenario.faults, pageSize: scenario.pageSize, oracle: oracle)
  }

  private func planCrash(of node: SimNode) {
    let at = Int64(generator.below(Int(scenario.duration)))
    let pause = Int64(generator.below(Int(30 * Self.second)))
    executor.after(at) {
      guard node.isRunning else { return }
      node.crash(self.oracle)
      self.executor.after(pause) { self.start(node) }
    }
  }

  private func planStop(of node: SimNode) {
    let at = Int64(generator.below(Int(scenario.duration)))
    let pause = Int64(generator.below(Int(30 * Self.second)))
    executor.after(at) {
      guard node.isRunning, let life = node.life else { return }
      self.oracle.note("\(node.name) is asked to stop")
      self.oracle.count("world stop")
      node.stop()
      // Its own time-out is 25 s; a request under way may take a few more.
      self.executor.after(40 * Self.second) {
        if node.life === life, node.isRunning { self.oracle.violate("I5", "\(node.name) did not stop when asked") }
        self.executor.after(pause) { self.start(node) }
      }
    }
  }

  private func planClockStep(of node: SimNode) {
    let step = Int64(generator.below(7_200)) - 3_600
    executor.after(Int64(generator.below(Int(scenario.duration)))) {
      self.oracle.count("world clock step")
      node.environment.step(by: step * Self.second)
    }
  }

  /// A run with `--once` ends by itself, and cron starts it again.
  private func planRuns(of node: SimNode) {
    executor.after(Int64(5 + generator.below(20)) * Self.second) {
      if self.executor.now > self.scenario.duration { return }
      if node.run?.isDone == true { self.start(node) }
      self.planRuns(of: node)
    }
  }

  private func planPartition(of node: SimNode) {
    let until = Int64(generator.below(60)) * Self.second
    executor.after(Int64(generator.below(Int(scenario.duration)))) {
      node.remote?.faults.unreachableUntil = self.executor.now + until
    }
  }

  /// Writers rest and the way to the server is good: all must become equal, and stay so (I3).
  private func rest() {
    oracle.note("writers rest")
    for node in nodes {
      node.setFaults(.none)
      restartIfEnded(node)
    }
    let limit = executor.now + 3_600 * Self.second
    while oracle.violations.isEmpty {
      advance(to: executor.now + 10 * Self.second)
      nodes.forEach(restartIfEnded)
      let isQuiet = executor.now - oracle.lastWrite > 45 * Self.second
      if isQuiet && oracle.differences(nodes, server).isEmpty && server.openUploads.isEmpty { break }
      if executor.now > limit {
        for difference in oracle.differences(nodes, server).prefix(5) { oracle.violate("I3", difference) }
        if !isQuiet { oracle.violate("I3", "the engines still write after an hour of rest") }
      }
    }
    let writes = oracle.writes
    oracle.note("at rest")
    advance(to: executor.now + 75 * Self.second)
    if oracle.writes != writes { oracle.violate("I3", "an engine wrote though all was equal and at rest") }
  }

  /// A run may end by itself only before its first pass; a supervisor starts it again.
  private func restartIfEnded(_ node: SimNode) {
    if node.isRunning { return }
    if let failure = node.run?.failure { oracle.note("\(node.name) ended: \(failure)") }
    oracle.count("world restart")
    start(node)
    node.setFaults(.none)
  }

  private func judge() {
    for key in server.sortedKeys { oracle.note("bucket has \(key)") }
    oracle.judgeContents(nodes, server)
    for upload in server.openUploads { oracle.violate("I5", "an unfinished upload of \(upload) is left") }
  }

  private func end() {
    oracle.note("the end")
    for node in nodes { node.stop() }
    advance(to: executor.now + 120 * Self.second)
    for node in nodes where node.isRunning { oracle.violate("I5", "\(node.name)'s engine did not stop when asked") }
    for node in nodes { node.crash(oracle) }
    advance(to: executor.now + 10 * Self.second)
  }

  private func advance(to deadline: Int64) {
    let before = executor.steps
    if !executor.run(until: deadline, maximumSteps: budget) {
      oracle.violate("I10", "a world of this size should need fewer than 3,000,000 steps: something spins")
      budget = 100_000
      return
    }
    budget -= executor.steps - before
  }
}
