import BaseStore
import Logging
import NIOConcurrencyHelpers
import RemoteTree
import SyncEngine

/// Keeps the id of this node to itself, and tells the others of the prefix how it goes.
///
/// The object of an id is created on condition that there is none: of two nodes with one id, as those of one image have
/// it, one alone gets it, the other a suffix. Whose an object is tells the random name of the run in it. The store knows
/// the last run, so that a root takes its own up at once, also after it was killed; a copy of the root that starts
/// second finds a run that it knows nothing of. That a node is alive is judged by the server's clock alone.
final class NodeKeeper: Sendable {
  private struct State {
    var id: String
    /// Of this root, the current one last: a write may have arrived whose reply was lost.
    var runs: [String] = []
    var isClaimed = false
    /// Nodes that are alive, as last counted.
    var count = 1
    /// Uptime nanoseconds.
    var counted: Int64?
    var lastFailure: String?
  }

  /// What became of an announcement.
  enum Verdict: Equatable {
    case ours
    /// Another live node has the id; it runs there.
    case clash(host: String)
  }

  struct Timing {
    /// Seconds between two announcements. Each costs two requests.
    var interval: Int64 = 240
    /// With events everybody hears of everybody's announcements, at four requests each for the node itself: so many
    /// seconds for each node between them, and at least.
    var perNode: Int64 = 120
    var leastWithEvents: Int64 = 600
    var longest: Int64 = 3600
    /// Seconds after which the object of a node that is gone is removed.
    var retention: Int64 = 7 * 86_400
    /// Seconds between two counts.
    var counting: Int64 = 3600
  }

  private let base: String
  private let objects: NodeObjects
  private let store: BaseStore
  private let hearsEvents: Bool
  private let timing: Timing
  private let environment = SystemEnvironment()
  private let logger: Logger
  private let start: Int64
  private let state: NIOLockedValueBox<State>

  private static let suffixKey = "node suffix"
  private static let runsKey = "node runs"
  /// Runs that are remembered while their announcements failed.
  private static let memory = 4

  /// - Parameter base: the id without a suffix.
  init(
    base: String, objects: NodeObjects, store: BaseStore, hearsEvents: Bool, timing: Timing = Timing(), logger: Logger
  ) {
    self.base = base
    self.objects = objects
    self.store = store
    self.hearsEvents = hearsEvents
    self.timing = timing
    self.logger = logger
    start = environment.uptime()
    state = NIOLockedValueBox(State(id: base))
  }

  var id: String { state.withLockedValue(\.id) }

  // MARK: The id

  /// Finds an id that no other live node has. What fails is reported and tried again by `run`.
  func claim() async {
    do {
      let known = try await store.value(Self.runsKey).map { $0.split(separator: " ").map(String.init) } ?? []
      let runs = known.suffix(Self.memory - 1) + [String(environment.random(), radix: 16)]
      let id = try await rememberedID()
      state.withLockedValue {
        $0.runs = Array(runs)
        $0.id = id
      }
      try await store.setDurableValue(runs.joined(separator: " "), for: Self.runsKey)
      // Random suffixes: the second clash is rare, more are none.
      for _ in 0..<8 {
        guard case .clash(let host) = try await announce(nil, isNew: true) else { return }
        try await evade(host)
      }
    } catch {
      report(error)
    }
  }

  /// What belongs to the root that the state was copied from.
  static func forget(in store: any BaseStorePort) async throws {
    for key in [suffixKey, runsKey] { try await store.setValue(nil, for: key) }
  }

  private func rememberedID() async throws -> String {
    guard let words = try await store.value(Self.suffixKey)?.split(separator: " "), words.count == 2, words[0] == base
    else { return base }
    return Self.suffixed(base, String(words[1]))
  }

  private static func suffixed(_ base: String, _ suffix: String) -> String {
    "\(base.prefix(NodeIdentity.longest - suffix.utf8.count - 1))-\(suffix)"
  }

  /// Takes another id, for good.
  private func evade(_ host: String) async throws {
    let digits = String(environment.random() & 0xFFFF | 0x10000, radix: 16).dropFirst()
    let taken = id
    let next = Self.suffixed(base, String(digits))
    try await store.setDurableValue("\(base) \(digits)", for: Self.suffixKey)
    state.withLockedValue {
      $0.id = next
      $0.isClaimed = false
    }
    logger.notice("another node, on \(host), has the id \(taken): this one is \(next)")
  }

  private func announce(_ status: StatusReport?, isNew: Bool) async throws -> Verdict {
    let (id, runs) = state.withLockedValue { ($0.id, $0.runs) }
    guard let run = runs.last else { return .ours }
    let record = record(run, status)
    var mayCreate = isNew
    for _ in 0..<4 {
      if mayCreate, try await objects.create(id, record) { return try await claimed(run) }
      mayCreate = true
      guard let seen = try await objects.look(id) else { continue }
      if let other = seen.record, !runs.contains(other.run) {
        if seen.isLive { return .clash(host: other.host) }
        // Of a node that is gone.
        try await objects.remove(seen)
      } else if try await objects.replace(seen, with: record) {
        return try await claimed(run)
      }
    }
    throw RemoteFailure(.raced, "others write the object of node \(id) all the time")
  }

  private func claimed(_ run: String) async throws -> Verdict {
    let isNews = state.withLockedValue { state in
      defer { (state.isClaimed, state.runs, state.lastFailure) = (true, [run], nil) }
      return !state.isClaimed
    }
    if isNews { try await store.setDurableValue(run, for: Self.runsKey) }
    return .ours
  }

  // MARK: Announcements

  private func record(_ run: String, _ status: StatusReport?) -> NodeRecord {
    var record = NodeRecord(
      run: run, version: MartletVersion.current, host: NodeIdentity.host, interval: interval,
      uptime: (environment.uptime() - start) / 1_000_000_000)
    record.sinceLastPass = status?.secondsSinceLastPass.map { Int64($0) }
    record.pending = status?.pending ?? 0
    record.oldestPending = status?.oldestUnsyncedSeconds.map { Int64($0) }
    return record
  }

  private var interval: Int64 {
    guard hearsEvents else { return timing.interval }
    let count = Int64(state.withLockedValue(\.count))
    return min(max(timing.leastWithEvents, count * timing.perNode), timing.longest)
  }

  /// Runs until it is cancelled, or returns where the id is another's by now and everything has to begin anew.
  func run(_ status: @Sendable () async -> StatusReport?) async {
    var isFirst = true
    while !Task.isCancelled {
      do {
        if isFirst { try await untilReady(status) } else { try await pause() }
        isFirst = false
        try await count()
        if case .clash(let host) = try await announce(status(), isNew: false) {
          try await evade(host)
          return
        }
      } catch is CancellationError {
        return
      } catch {
        report(error)
      }
    }
  }

  private func pause() async throws {
    // Not all nodes at once.
    let share = 0.9 + 0.2 * Double(environment.random() % 1000) / 1000
    let seconds = state.withLockedValue(\.isClaimed) ? interval : min(interval, 30)
    try await environment.sleep(for: .seconds(Double(seconds) * share))
  }

  /// What is told first is worth telling.
  private func untilReady(_ status: @Sendable () async -> StatusReport?) async throws {
    for _ in 0..<min(60, timing.interval) {
      if await status()?.isReady == true { return }
      try await environment.sleep(for: .seconds(1))
    }
  }

  /// Counts who is there, and removes what those have left who are gone for long.
  private func count() async throws {
    let now = environment.uptime()
    let isDue = state.withLockedValue { state in
      state.counted.map { now - $0 >= timing.counting * 1_000_000_000 } ?? true
    }
    guard isDue else { return }
    let found = try await objects.list()
    state.withLockedValue { state in
      state.counted = now
      state.count = max(1, found.count { $0.age <= timing.longest * 5 / 2 })
    }
    for gone in found where gone.age > timing.retention {
      // It may have come back since.
      if let seen = try await objects.look(gone.id), seen.age > timing.retention { try await objects.remove(seen) }
    }
  }

  private func report(_ error: any Error) {
    let text = "\(error)"
    let isNews = state.withLockedValue { state in
      defer { state.lastFailure = text }
      return state.lastFailure != text
    }
    logger.log(
      level: isNews ? .warning : .debug, "the other nodes cannot be told of this one, trying again: \(text)")
  }

  /// Takes the object of this node away; to be called once, after `run`.
  func leave() async {
    let (id, runs, isClaimed) = state.withLockedValue { ($0.id, $0.runs, $0.isClaimed) }
    guard isClaimed else { return }
    do {
      guard let seen = try await objects.look(id), let record = seen.record, runs.contains(record.run) else { return }
      try await objects.remove(seen)
    } catch {
      logger.debug("the object of this node stays in the bucket: \(error)")
    }
  }

  // MARK: The others

  func nodes() async throws -> [StatusReport.Node] { try await objects.all().compactMap(StatusReport.Node.init) }
}

extension StatusReport.Node {
  /// Nil: written by something else.
  init?(_ seen: SeenNode) {
    guard let record = seen.record else { return nil }
    self.init(
      node: seen.id, host: record.host, version: record.version, isLive: seen.isLive, secondsSinceSeen: seen.age,
      upSeconds: record.uptime + (seen.isLive ? seen.age : 0),
      secondsSinceLastPass: record.sinceLastPass.map { $0 + seen.age }, pending: record.pending,
      oldestUnsyncedSeconds: record.oldestPending.map { $0 + seen.age })
  }
}
