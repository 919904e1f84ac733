import SyncEngine
import SyncModel

/// A safeguard that is turned off, to show that the oracle notices.
package enum Sabotage: Hashable, Sendable, CaseIterable {
  case serverIgnoresConditions
}

/// Two or three nodes, their users, a program that writes to the bucket, and the bucket: one seed, one history.
///
/// `@unchecked Sendable`: used only on the thread that runs it.
package final class World: @unchecked Sendable {
  package let seed: UInt64
  private let parts: Parts
  private let executor: SimExecutor
  private let oracle: Oracle
  private let server: SimS3
  private let scenario: Scenario
  private let nodes: [SimNode]
  private let weather: Weather
  /// A world that needs more is one in which something spins.
  private var budget = 1_000_000
  private var isResting = false

  /// - Parameter without: parts that are left out, to find those that a failure needs.
  package init(
    seed: UInt64, without: PartList = PartList(), isTracing: Bool = false, sabotage: Sabotage? = nil
  ) {
    self.seed = seed
    let parts = Parts(seed: seed, without: without)
    self.parts = parts
    executor = SimExecutor(seed: seed)
    oracle = Oracle(executor: executor, isTracing: isTracing)
    scenario = Scenario(parts)
    server = SimS3(executor: executor, etagIgnoresMetadata: scenario.etagIgnoresMetadata)
    server.ignoresConditions = sabotage == .serverIgnoresConditions
    server.hasVersions = scenario.hasVersions
    if scenario.lacksConditions { server.ignoresConditions = true }
    weather = Weather(executor: executor)
    for spell in scenario.spells {
      weather.plan(spell.kind, of: spell.node, from: spell.from, lasting: spell.lasting)
    }
    var nodes: [SimNode] = []
    for (index, node) in scenario.nodes.enumerated() {
      nodes.append(
        SimNode(
          name: node.name, number: UInt64(index + 1), executor: executor, skew: node.skew, traits: node.traits,
          ledger: oracle, options: node.options, generator: parts.generator("machine:\(node.name)"), weather: weather))
      nodes[index].crashPoints = node.crashPoints
      nodes[index].feed = node.feed.map { [executor, weather, oracle] in
        SimFeed(
          node: node.name, traits: $0, executor: executor, weather: weather, oracle: oracle,
          generator: parts.generator("messages:\(node.name)"))
      }
    }
    oracle.onlyWriter = scenario.hasOneWriter ? nodes.first?.name : nil
    server.onChange = { [nodes] in for node in nodes { node.feed?.changed($0) } }
    server.onStore = { [oracle] key, content in oracle.stores(content, at: RelativePath(unchecked: key)) }
    oracle.etagsTellContent = scenario.etagIgnoresMetadata
    oracle.isKept = { [nodes, server] in Oracle.isKept($0, nodes, server) }
    oracle.places = { [nodes, server] in Oracle.places($0, nodes, server) }
    oracle.bucketHolds = { [server] path, hash in
      server.objects[path.string].map { SimContent.hash($0.content) } == hash
    }
    self.nodes = nodes
  }

  package func run() -> WorldReport {
    act()
    rest()
    if oracle.violations.isEmpty { oracle.judgeContents(nodes, server, isRetentionOver: false) }
    expire()
    judge()
    end()
    return WorldReport(
      seed: seed, violations: oracle.violations, counters: oracle.counters, steps: executor.steps,
      virtualTime: .nanoseconds(executor.now), traceHash: executor.traceHash, trace: oracle.trace, parts: parts.used)
  }
}

// MARK: - The parts of a history

extension World {
  private static let second: Int64 = 1_000_000_000
  private static let patience = 100 * second

  private func act() {
    oracle.note("\(scenario)")
    for anchor in NamePool.anchors {
      let content = Array(anchor.string.utf8)
      oracle.completes(content)
      _ = try? server.put(anchor.string, content, metadata: EntryMetadata(kind: .file), ifMatch: nil)
    }
    if scenario.hasVolume {
      let (key, content) = (NamePool.anchorOfVolume.string, Array("anchor of m".utf8))
      oracle.completes(content)
      _ = try? server.put(key, content, metadata: EntryMetadata(kind: .file), ifMatch: nil)
    }
    var writers: [SimTask] = []
    for node in scenario.hasOneWriter ? Array(nodes.prefix(1)) : nodes {
      var names = NamePool(hasClashes: scenario.hasClashes)
      if scenario.lacksConditions { names.home = RelativePath(unchecked: "\(node.name)/") }
      names.hasVolume = scenario.hasVolume
      let user = SimUser(node: node, oracle: oracle, names: names, parts: parts)
      let (before, haste, end) = (scenario.filesBefore, scenario.haste, scenario.duration)
      writers.append(
        SimTask(on: user.lane) {
          await user.prepare(before)
          await user.work(until: end, haste: haste)
        })
    }
    if let haste = scenario.bucketHaste {
      let writer = BucketWriter(
        server: server, oracle: oracle, executor: executor, names: NamePool(hasClashes: scenario.hasClashes),
        parts: parts)
      let end = scenario.duration
      writers.append(SimTask(on: executor) { await writer.work(until: end, haste: haste) })
    }
    for (node, plan) in zip(nodes, scenario.nodes) {
      var begin = parts.generator("begin:\(node.name)")
      let delay = scenario.filesBefore > 0 ? 1 + begin.below(20) : 0
      executor.after(Int64(delay) * Self.second) { self.start(node) }
      if node.options.once { planRuns(of: node, begin) }
      for number in 0..<plan.crashes { take("crash", node, number, planCrash) }
      for number in 0..<plan.stops { take("stop", node, number, planStop) }
      for number in 0..<plan.clockSteps { take("clock", node, number, planClockStep) }
      for number in 0..<plan.powerLosses { take("power", node, number, planPowerLoss) }
      if plan.traits.hasVolume { take("unmount", node, 0, planUnmount) }
      var pauses = parts.generator("pauses:\(node.name)")
      node.onCrash = { node in self.startLater(node, &pauses) }
      supervise(node)
    }
    advance(to: scenario.duration + 30 * Self.second)
    while !writers.allSatisfy(\.isDone), oracle.violations.isEmpty { advance(to: executor.now + 10 * Self.second) }
  }

  private func take(
    _ event: String, _ node: SimNode, _ number: Int, _ plan: (SimNode, inout SeededGenerator) -> Void
  ) {
    guard var generator = parts.take("\(event):\(node.name):\(number)") else { return }
    plan(node, &generator)
  }

  private func start(_ node: SimNode) {
    if node.isRunning { return }
    node.start(
      server: server, faults: isResting ? .none : scenario.faults, pageSize: scenario.pageSize, oracle: oracle)
  }

  private func planCrash(of node: SimNode, _ generator: inout SeededGenerator) {
    let at = Int64(generator.below(Int(scenario.duration)))
    let pause = Int64(generator.below(Int(30 * Self.second)))
    let calls = generator.below(400)
    executor.after(at) {
      guard node.isRunning, let kernel = node.kernel else { return }
      let crash = {
        guard node.kernel === kernel, node.isRunning else { return }
        node.crash(self.oracle)
        self.executor.after(pause) { self.start(node) }
      }
      // Before one of its next system calls, or while it makes none.
      kernel.onCrash = {
        self.oracle.count("world crash before a call")
        crash()
      }
      kernel.callsUntilCrash = calls
      self.executor.after(1_000_000_000, crash)
    }
  }

  private func planPowerLoss(of node: SimNode, _ generator: inout SeededGenerator) {
    let at = Int64(generator.below(Int(scenario.duration)))
    var generator = generator.fork()
    node.database.expectPowerLoss()
    executor.after(at) {
      if node.isRunning { node.crash(self.oracle) }
      self.oracle.note("\(node.name) loses power")
      self.oracle.count("world power loss")
      node.database.losePower(&generator)
      self.loseUnsynced(of: node, &generator)
      self.startLater(node, &generator)
    }
  }

  /// What only this disk had, and nobody had synced, nobody can ask for.
  private func loseUnsynced(of node: SimNode, _ generator: inout SeededGenerator) {
    oracle.losesPower()
    func contents() -> Set<[UInt8]> {
      Set((node.disk.leaves() + node.disk.awayLeaves).map(\.inode.content) + node.disk.trash.map(\.inode.content))
    }
    let before = contents()
    let folders = node.disk.directories()
    let leaves = node.disk.leaves()
    for content in node.disk.failPower(&generator) {
      oracle.completes(content)
      oracle.supersedes(content, at: .root, by: node.name)
    }
    let stored = Set(server.objects.values.map(\.content))
    for content in before.subtracting(contents()) where !stored.contains(content) {
      oracle.supersedes(content, at: .root, by: node.name)
      oracle.count("world content lost with the power")
    }
    for leaf in leaves where node.disk.lookup(leaf.path)?.content != leaf.inode.content {
      oracle.loses(leaf.inode.content, from: leaf.path)
    }
    for folder in folders where node.disk.lookup(folder) == nil { oracle.movesFolder(folder) }
  }

  private func startLater(_ node: SimNode, _ generator: inout SeededGenerator) {
    executor.after(Int64(generator.below(Int(30 * Self.second)))) { self.start(node) }
  }

  /// What ended by itself is started again.
  private func supervise(_ node: SimNode) {
    executor.after(20 * Self.second) {
      if self.executor.now > self.scenario.duration { return }
      if !node.options.once, node.run?.isDone == true { self.restartIfEnded(node) }
      self.supervise(node)
    }
  }

  private func planStop(of node: SimNode, _ generator: inout SeededGenerator) {
    let at = Int64(generator.below(Int(scenario.duration)))
    let pause = Int64(generator.below(Int(30 * Self.second)))
    executor.after(at) {
      guard node.isRunning, let life = node.life else { return }
      self.oracle.note("\(node.name) is asked to stop")
      self.oracle.count("world stop")
      node.stop()
      // Its own time-out is 25 s; a request under way may take many more.
      self.executor.after(Self.patience) {
        let isLate = self.executor.now > self.weather.endOfSleep + Self.patience
        if node.life === life, node.isRunning, isLate {
          self.oracle.violates("I5", "\(node.name) did not stop when asked")
        }
        self.executor.after(pause) { self.start(node) }
      }
    }
  }

  /// The volume inside the root is away for a while, as a disk that was pulled out.
  private func planUnmount(of node: SimNode, _ generator: inout SeededGenerator) {
    if generator.oneIn(3) { return }
    let at = Int64(generator.below(Int(scenario.duration)))
    let pause = Int64(generator.below(Int(60 * Self.second)))
    executor.after(at) {
      self.oracle.count("world volume unmounted")
      self.oracle.note("\(node.name)'s volume is unmounted")
      node.disk.unmount()
      self.executor.after(pause) {
        self.oracle.note("\(node.name)'s volume is mounted again")
        node.disk.mountAgain()
      }
    }
  }

  private func planClockStep(of node: SimNode, _ generator: inout SeededGenerator) {
    // Two of them and a skew stay below the two hours by which a clock may be wrong (OpenIntents).
    let step = Int64(generator.below(6_600)) - 3_300
    executor.after(Int64(generator.below(Int(scenario.duration)))) {
      self.oracle.count("world clock step")
      node.environment.step(by: step * Self.second)
    }
  }

  /// A run with `--once` ends by itself, and cron starts it again.
  private func planRuns(of node: SimNode, _ generator: SeededGenerator) {
    var generator = generator
    executor.after(Int64(5 + generator.below(20)) * Self.second) { [generator] in
      if self.executor.now > self.scenario.duration { return }
      if node.run?.isDone == true { self.start(node) }
      self.planRuns(of: node, generator)
    }
  }

  /// Writers rest and the way to the server is good: all must become equal, and stay so (I3).
  private func rest() {
    oracle.note("writers rest")
    advance(to: max(executor.now, weather.endOfSleep))
    weather.clear()
    isResting = true
    for node in nodes {
      node.setFaults(.none)
      node.disk.mountAgain()
      node.crashPoints = []
      if node.options.deletionLimit != .unlimited {
        // As the report asks for: what a guard halts does not converge.
        node.options.deletionLimit = .unlimited
        node.stop()
      }
      node.giveSpace()
      restartIfEnded(node)
    }
    let began = executor.now
    let limit = began + 3_600 * Self.second
    while oracle.violations.isEmpty {
      advance(to: executor.now + 10 * Self.second)
      let restarted = nodes.filter { !$0.isRunning }
      restarted.forEach(restartIfEnded)
      // A change of what the bucket does not tell, such as the mode of an object without one, shows in no difference.
      let isSeen = nodes.allSatisfy {
        $0.options.once || !$0.hasUnseenChanges(since: began, last: oracle.lastWrite)
      }
      // What came back to a root while nothing ran there is not known to an engine that was just started.
      let isKnown = restarted.allSatisfy(\.options.once)
      let isQuiet = isSeen && isKnown && executor.now - oracle.lastWrite > 25 * Self.second
      if isQuiet, oracle.differences(nodes, server).isEmpty, server.openUploads.isEmpty, pending().isEmpty { break }
      if executor.now > limit {
        for difference in oracle.differences(nodes, server).prefix(5) { oracle.violates("I3", difference) }
        if !isQuiet { oracle.violates("I3", "the engines still write after an hour of rest") }
        for upload in server.openUploads {
          oracle.violates("I5", "an upload of \(upload) is left after an hour of rest")
        }
        if oracle.violations.isEmpty {
          for paths in pending() { oracle.violates("I11", "\(paths) are not settled after an hour of rest") }
        }
      }
    }
    let (writes, transfers) = (oracle.writes, oracle.transfers)
    oracle.note("at rest")
    advance(to: executor.now + 75 * Self.second)
    if oracle.writes != writes { oracle.violates("I3", "an engine wrote though all was equal and at rest") }
    if oracle.transfers != transfers { oracle.violates("I9", "an engine transferred though all was equal and at rest") }
  }

  /// The trash's retention ends: what may expire does, and what was written into it late comes back (§5, step 11).
  private func expire() {
    guard oracle.violations.isEmpty else { return }
    oracle.note("the retention ends")
    for node in nodes { node.environment.pass(31 * 86_400 * Self.second) }
    // A daemon looks every minute.
    advance(to: executor.now + 70 * Self.second)
    rest()
  }

  /// What engines still have to do; paths that keep failing may be tried again after minutes only.
  private func pending() -> [String] {
    let found = Found()
    let tasks = nodes.compactMap { node in
      (node.isRunning ? node.engine : nil).map { engine in
        SimTask(on: executor) {
          let status = await engine.currentStatus()
          if status.pending > 0 { found.names.append("\(status.pending) paths of \(node.name)") }
          if !status.firstPassCompleted && !node.options.once { found.names.append("the first pass of \(node.name)") }
        }
      }
    }
    while !tasks.allSatisfy(\.isDone) { advance(to: executor.now + 1_000_000) }
    return found.names
  }

  /// A run may end by itself only before its first pass; a supervisor starts it again.
  private func restartIfEnded(_ node: SimNode) {
    if node.isRunning { return }
    if let failure = node.run?.failure {
      oracle.note("\(node.name) ended: \(failure)")
      if node.hasPassed, !node.options.once { oracle.violates("I11", "\(node.name) ended by itself: \(failure)") }
    }
    oracle.count("world restart")
    start(node)
    if isResting { node.giveSpace() }
  }

  private func judge() {
    for key in server.sortedKeys { oracle.note("bucket has \(key)") }
    oracle.judgeContents(nodes, server, isRetentionOver: true)
    oracle.judgeTrash(nodes)
    for upload in server.openUploads { oracle.violates("I5", "an unfinished upload of \(upload) is left") }
  }

  private func end() {
    oracle.note("the end")
    for node in nodes { node.stop() }
    advance(to: executor.now + 120 * Self.second)
    for node in nodes where node.isRunning { oracle.violates("I5", "\(node.name)'s engine did not stop when asked") }
    for node in nodes { node.crash(oracle) }
    advance(to: executor.now + 10 * Self.second)
    // They refer to each other.
    oracle.isKept = nil
    oracle.places = nil
    oracle.bucketHolds = nil
    server.onChange = nil
    for node in nodes { node.onCrash = nil }
  }

  private func advance(to deadline: Int64) {
    let before = executor.steps
    if !executor.run(until: deadline, maximumSteps: budget) {
      oracle.violates("I10", "a world of this size should need fewer than 1,000,000 steps: something spins")
      budget = 100_000
      return
    }
    budget -= executor.steps - before
  }
}

/// `@unchecked Sendable`: used only on the world's thread.
private final class Found: @unchecked Sendable {
  var names: [String] = []
}
