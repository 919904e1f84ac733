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
  /// The server ignores conditions; then each node writes in a folder of its own.
  var lacksConditions: Bool
  var hasVersions: Bool
  var spells: [Spell] = []
  /// Only the first node's user acts: nothing may ever be in conflict, and the other nodes send nothing.
  var hasOneWriter: Bool
  var nodes: [Node] = []
  var hasVolume: Bool { nodes.contains { $0.traits.hasVolume } }

  struct Spell {
    var kind: Weather.Kind
    /// Nil: for all.
    var node: String?
    var from: Int64
    var lasting: Int64
  }

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
    /// Nil: nothing tells of changes in the bucket.
    var feed: SimFeed.Traits?
    /// Crashes at which the store loses what was not yet on the disk.
    var powerLosses: Int
    var crashPoints: [CrashPoint]
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
    lacksConditions = parts.choose("noConditions", usual: false) { $0.oneIn(12) }
    hasVersions = parts.choose("versions", usual: false) { $0.oneIn(3) }
    hasOneWriter = parts.choose("oneWriter", usual: false) { $0.oneIn(5) }
    chooseFaults(parts)
    let conflict = parts.choose("conflict", usual: .newest) {
      $0.oneIn(3) ? $0.pick(ConflictPolicy.allCases) : .newest
    }
    let comparison = parts.choose("comparison", usual: .contents) {
      $0.oneIn(8) ? $0.pick([FirstContactComparison.sizeOnly, .exactTimestamps, .noOverwrite]) : .contents
    }
    let directories = parts.choose("allMarkers", usual: .empty) { $0.oneIn(8) ? DirectoryPolicy.all : .empty }
    let existing = parts.choose("leftAlone", usual: .uploaded) {
      $0.oneIn(8) ? ExistingPolicy.leftAlone(isMeeting: false) : .uploaded
    }
    for name in generator.oneIn(4) ? ["A", "B", "C"] : ["A", "B"] {
      guard name != "C" || parts.take("node:C") != nil else { continue }
      var node = Self.node(name, parts)
      // Nodes that decide alike are part of the promise.
      node.options.policy.conflict = conflict
      node.options.policy.comparison = comparison
      node.options.policy.directories = directories
      node.options.policy.existing = existing
      nodes.append(node)
    }
    for node in nodes {
      chooseSpells([.asleep, .rootLost, .unreachable, .forbidden], of: node.name, odds: 10, parts)
      if node.feed != nil { chooseSpells([.feedSilent], of: node.name, odds: 3, parts) }
    }
    chooseSpells([.bucketGone, .emptyListing, .disorder], of: nil, odds: 12, parts)
    if lacksConditions {
      hasClashes = false
      bucketHaste = nil
      // What arrives late overwrites where nothing holds it back.
      faults.lostRequest = 0
      // A store that knows less than the tree takes what was downloaded for a change of this node's: a second writer.
      for index in nodes.indices {
        nodes[index].powerLosses = 0
        // Every node puts markers of folders that it did not make.
        nodes[index].options.policy.directories = .empty
      }
    }
    if !lacksConditions, parts.choose("volume", usual: false, { $0.oneIn(6) }) {
      for index in nodes.indices {
        nodes[index].traits.hasVolume =
          index == 0 || parts.choose("volume:\(nodes[index].name)", usual: false) { $0.oneIn(3) }
      }
    }
    let limit = parts.choose("limit", usual: 0) { $0.oneIn(10) ? 2 + $0.below(4) : 0 }
    if limit > 0 { for index in nodes.indices { nodes[index].options.deletionLimit = .files(limit) } }
    if spells.contains(where: { $0.kind == .emptyListing || $0.kind == .rootLost }) {
      for index in nodes.indices { nodes[index].options.deletionLimit = .standard }
    }
    if hasOneWriter { chooseOneWriter() }
  }

  private mutating func chooseOneWriter() {
    bucketHaste = nil
    hasClashes = false
    // A deletion that meets a listing's lie is over, and undone when the truth is seen.
    spells.removeAll { $0.kind == .emptyListing || $0.kind == .disorder }
    for index in nodes.indices {
      // A store that knows less than the bucket, or than the tree, sees a conflict in the user's next change.
      nodes[index].powerLosses = 0
      // So does one that ended between a download and its row.
      if index > 0 {
        nodes[index].crashes = 0
        nodes[index].crashPoints = []
      }
    }
  }

  private mutating func chooseSpells(_ kinds: [Weather.Kind], of node: String?, odds: Int, _ parts: Parts) {
    for kind in kinds {
      let name = "\(kind)" + (node.map { ":" + $0 } ?? "")
      var generator = parts.generator(name)
      guard generator.oneIn(odds), parts.take(name) != nil else { continue }
      let longest = kind == .asleep ? 300 : 40
      spells.append(
        Spell(
          kind: kind, node: node, from: Int64(generator.below(Int(duration))),
          lasting: Int64(2 + generator.below(longest)) * Self.second))
    }
  }

  private mutating func chooseFaults(_ parts: Parts) {
    var generator = parts.generator("faults")
    if generator.oneIn(3) { return }
    let odds = generator.pick([10, 30, 100])
    let kinds: [(String, WritableKeyPath<FaultPlan, Int>)] = [
      ("lostReply", \.lostReply), ("lostRequest", \.lostRequest), ("throttled", \.throttled), ("raced", \.raced),
      ("serverError", \.serverError), ("corrupted", \.corrupted), ("slow", \.slow),
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
    traits.isMemory = choose("memory", usual: false) { $0.oneIn(8) }
    traits.canExchange = choose("noExchange", usual: true) { !$0.oneIn(8) }
    traits.canRenameWithoutReplacing = choose("noNoReplace", usual: true) { !$0.oneIn(10) }
    traits.timeStep = choose("timeStep", usual: 1) { $0.oneIn(6) ? $0.pick([1_000, second, 2 * second]) : 1 }
    traits.fixedMode = choose("fixedMode", usual: nil) { $0.oneIn(10) ? 0o755 : nil }
    let skew = choose("skew", usual: 0) { Int64($0.below(Int($0.oneIn(4) ? 300 * second : 2 * second))) - second }
    var options = EngineOptions(nodeID: name)
    options.poll = .seconds(choose("poll", usual: 10) { $0.pick([3, 6, 12]) })
    options.fullPassInterval = .seconds(choose("pass", usual: 30) { $0.pick([15, 30, 60]) })
    options.uploadOpenAfter = .milliseconds(choose("openAfter", usual: 30_000) { $0.pick([500, 3_000, 30_000]) })
    options.once = choose("once", usual: false) { $0.oneIn(8) }
    // What a guard halts does not converge.
    options.deletionLimit = .unlimited
    options.largeSize = 40
    options.concurrency = choose("concurrency", usual: 32) { $0.pick([1, 4, 32]) }
    let feed: SimFeed.Traits? =
      options.once
      ? nil
      : choose("feed", usual: nil) {
        $0.oneIn(2)
          ? SimFeed.Traits(
            lost: $0.pick([0, 3, 20]), doubled: $0.pick([0, 5]), belated: $0.pick([0, 10]), noticesGaps: $0.oneIn(3))
          : nil
      }
    if feed != nil { options.fullPassInterval = .seconds(choose("rarePass", usual: 60) { $0.pick([30, 60, 200]) }) }
    var events = parts.generator("events:\(name)")
    var points: [CrashPoint] = []
    for number in 0..<(1 + events.below(3)) {
      if var point = parts.take("point:\(name):\(number)") { points.append(CrashPoint(&point)) }
    }
    return Node(
      name: name, traits: traits, skew: skew, options: options,
      crashes: events.oneIn(2) ? events.below(4) : 0, stops: events.oneIn(4) ? 1 + events.below(2) : 0,
      clockSteps: events.oneIn(8) ? 2 : 0, feed: feed,
      powerLosses: events.oneIn(6) && !traits.isMemory ? 1 + events.below(2) : 0,
      crashPoints: points)
  }
}
