import SyncEngine
import SyncModel

/// What a seed decides about a world before it begins.
struct Scenario {
  /// Virtual nanoseconds in which users act.
  var duration: Int64
  /// Longest pause between two actions of a user, virtual nanoseconds.
  var haste: Int64
  var bucketHaste: Int64?
  var crashes: Int
  /// Runs that are asked to stop, and started again.
  var stops: Int
  var clockSteps: Int
  var faults = FaultPlan()
  var pageSize: Int
  var hasClashes: Bool
  var etagIgnoresMetadata: Bool
  /// Files on each node before its engine first runs.
  var filesBefore: Int
  var traits: [LocalTraits] = []
  var skews: [Int64] = []
  var options: [EngineOptions] = []

  init(_ generator: inout SeededGenerator) {
    let second: Int64 = 1_000_000_000
    duration = Int64(15 + generator.below(75)) * second
    haste = Int64(generator.pick([1, 3, 10])) * second
    bucketHaste = generator.oneIn(2) ? Int64(generator.pick([3, 15])) * second : nil
    crashes = generator.oneIn(2) ? generator.below(5) : 0
    stops = generator.oneIn(3) ? 1 + generator.below(2) : 0
    clockSteps = generator.oneIn(6) ? 2 : 0
    pageSize = generator.pick([2, 3, 7, 20, 1000])
    hasClashes = generator.oneIn(5)
    etagIgnoresMetadata = generator.oneIn(4)
    filesBefore = generator.pick([0, 0, 2, 6])
    if !generator.oneIn(3) {
      let odds = generator.pick([10, 30, 100])
      for fault: WritableKeyPath<FaultPlan, Int> in [
        \.lostReply, \.lostRequest, \.throttled, \.raced, \.serverError, \.corrupted,
      ] where generator.oneIn(2) { faults[keyPath: fault] = odds }
    }
    for name in generator.oneIn(4) ? ["A", "B", "C"] : ["A", "B"] {
      var traits = LocalTraits()
      traits.hasLeases = !generator.oneIn(5)
      traits.hasWatcher = !generator.oneIn(6)
      traits.lostEvents = generator.oneIn(4) ? 10 : 0
      traits.fullDisk = generator.oneIn(8) ? 20 : 0
      if generator.oneIn(6) { traits.timeStep = generator.pick([1_000, 1_000_000_000, 2_000_000_000]) }
      if generator.oneIn(10) { traits.fixedMode = 0o755 }
      self.traits.append(traits)
      skews.append(Int64(generator.below(Int(generator.oneIn(4) ? 300 * second : 2 * second))) - second)
      var options = EngineOptions(nodeID: name)
      options.poll = .seconds(generator.pick([2, 5, 10]))
      options.fullPassInterval = .seconds(generator.pick([15, 30, 60]))
      options.once = generator.oneIn(8)
      // What a guard halts does not converge.
      options.deletionLimit = .unlimited
      options.largeSize = 40
      options.concurrency = generator.pick([1, 4, 32])
      options.policy.conflict = generator.oneIn(3) ? generator.pick(ConflictPolicy.allCases) : .newest
      self.options.append(options)
    }
    // Nodes that decide alike are part of the promise.
    for index in options.indices { options[index].policy = options[0].policy }
  }
}
