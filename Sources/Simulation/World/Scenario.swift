import SyncEngine
import SyncModel

/// What a seed decides about a world before it begins.
struct Scenario {
  private static let second: Int64 = 1_000_000_000

  /// Virtual nanoseconds in which users act.
  var duration: Int64
  /// Longest pause between two actions of a user, virtual nanoseconds.
  var haste: Int64
  var bucketHaste: Int64?
  var faults = FaultPlan()
  var pageSize: Int
  var hasClashes: Bool
  var etagIgnoresMetadata: Bool
  /// Files on each node before its engine first runs.
  var filesBefore: Int
  /// Only the first node's user acts: nothing may ever be in conflict, and the other nodes send nothing.
  var hasOneWriter: Bool
  var nodes: [Node] = []

  struct Node {
    var name: String
    var traits: LocalTraits
    /// Of its clock, nanoseconds.
    var skew: Int64
    var options: EngineOptions
    var crashes: Int
    /// Runs that are asked to stop, and started again.
    var stops: Int
    var clockSteps: Int
    var partitions: Int
  }

  init(_ parts: Parts) {
    let second = Self.second
    var generator = parts.generator("scenario")
    duration = Int64(15 + generator.below(75)) * second
    haste = Int64(generator.pick([1, 3, 10])) * second
    bucketHaste = parts.choose("bucket", usual: nil) { $0.oneIn(2) ? Int64($0.pick([3, 15])) * second : nil }
    pageSize = parts.choose("pages", usual: 1000) { $0.pick([2, 3, 7, 20, 1000]) }
    hasClashes = parts.choose("clashes", usual: false) { $0.oneIn(5) }
    etagIgnoresMetadata = parts.choose("etags", usual: false) { $0.oneIn(4) }
    filesBefore = generator.pick([0, 0, 2, 6])
    hasOneWriter = parts.choose("oneWriter", usual: false) { $0.oneIn(5) }
    chooseFaults(parts)
    let conflict = parts.choose("conflict", usual: .newest) {
      $0.oneIn(3) ? $0.pick(ConflictPolicy.allCases) : .newest
    }
    for name in generator.oneIn(4) ? ["A", "B", "C"] : ["A", "B"] {
      guard name != "C" || parts.take("node:C") != nil else { continue }
      var node = Self.node(name, parts)
      // Nodes that decide alike are part of the promise.
      node.options.policy.conflict = conflict
      nodes.append(node)
    }
    if hasOneWriter { chooseOneWriter() }
  }

  private mutating func chooseOneWriter() {
    bucketHaste = nil
    hasClashes = false
    // A clock that leaps ends the time in which the outcome of a write may be unknown.
    for index in nodes.indices { nodes[index].clockSteps = 0 }
  }

  private mutating func chooseFaults(_ parts: Parts) {
    var generator = parts.generator("faults")
    if generator.oneIn(3) { return }
    let odds = generator.pick([10, 30, 100])
    let kinds: [(String, WritableKeyPath<FaultPlan, Int>)] = [
      ("lostReply", \.lostReply), ("lostRequest", \.lostRequest), ("throttled", \.throttled), ("raced", \.raced),
      ("serverError", \.serverError), ("corrupted", \.corrupted),
    ]
    for (name, path) in kinds {
      faults[keyPath: path] = parts.choose("fault:" + name, usual: 0) { $0.oneIn(2) ? odds : 0 }
    }
  }

  private static func node(_ name: String, _ parts: Parts) -> Node {
    func choose<Value: Equatable>(
      _ what: String, usual: Value, _ choice: (inout SeededGenerator) -> Value
    ) -> Value { parts.choose("\(what):\(name)", usual: usual, choice) }
    var traits = LocalTraits()
    traits.hasLeases = choose("noLeases", usual: true) { !$0.oneIn(5) }
    traits.hasWatcher = choose("noWatcher", usual: true) { !$0.oneIn(6) }
    traits.lostEvents = choose("lostEvents", usual: 0) { $0.oneIn(4) ? 10 : 0 }
    traits.fullDisk = choose("fullDisk", usual: 0) { $0.oneIn(8) ? 150 : 0 }
    traits.queueLimit = choose("shortQueue", usual: 16_384) { $0.oneIn(8) ? 8 : 16_384 }
    traits.canExchange = choose("noExchange", usual: true) { !$0.oneIn(8) }
    traits.canRenameWithoutReplacing = choose("noNoReplace", usual: true) { !$0.oneIn(10) }
    traits.timeStep = choose("timeStep", usual: 1) { $0.oneIn(6) ? $0.pick([1_000, second, 2 * second]) : 1 }
    traits.fixedMode = choose("fixedMode", usual: nil) { $0.oneIn(10) ? 0o755 : nil }
    let skew = choose("skew", usual: 0) { Int64($0.below(Int($0.oneIn(4) ? 300 * second : 2 * second))) - second }
    var options = EngineOptions(nodeID: name)
    options.poll = .seconds(choose("poll", usual: 10) { $0.pick([2, 5, 10]) })
    options.fullPassInterval = .seconds(choose("pass", usual: 30) { $0.pick([15, 30, 60]) })
    options.uploadOpenAfter = .milliseconds(choose("openAfter", usual: 30_000) { $0.pick([500, 3_000, 30_000]) })
    options.once = choose("once", usual: false) { $0.oneIn(8) }
    // What a guard halts does not converge.
    options.deletionLimit = .unlimited
    options.largeSize = 40
    options.concurrency = choose("concurrency", usual: 32) { $0.pick([1, 4, 32]) }
    var events = parts.generator("events:\(name)")
    return Node(
      name: name, traits: traits, skew: skew, options: options,
      crashes: events.oneIn(2) ? events.below(4) : 0, stops: events.oneIn(4) ? 1 + events.below(2) : 0,
      clockSteps: events.oneIn(8) ? 2 : 0, partitions: events.oneIn(5) ? 1 : 0)
  }
}
