import AWSKit
import BaseStore
import EventFeed
import Glibc
import SyncEngine
import SyncModel

extension StatusReport {
  /// Longest time without any sign of life before a run counts as stuck, unless polls are rarer still.
  private static let patience: Duration = .seconds(300)

  init(_ engine: EngineStatus, of run: Run, leftApart: LeftApart? = nil, monitor: SyncMonitor, now: Int64) {
    self.leftApart = leftApart
    root = run.root
    location = run.location.description
    node = run.node
    process = getpid()
    state = State(engine.state)
    isReady = engine.firstPassCompleted
    let events = run.feed.map { Events($0.report) }
    // A live feed takes the place of polls.
    let longestPause = events?.state == .live ? max(run.poll, run.fullPassInterval) : run.poll
    let patience = max(Self.patience, longestPause * 3)
    // A file that a limit lets through slowly moves, though nothing else tells of it for long.
    let sinceGrant = [run.bandwidth.up, run.bandwidth.down].compactMap(\.timeSinceLastGrant).min()
    let silence = Duration.nanoseconds(now - max(engine.lastPassEnded ?? 0, monitor.lastActivity))
    isStuck = engine.state != .paused && min(silence, sinceGrant ?? silence) > patience
    secondsSinceLastPass = engine.lastPassEnded.map { Double(now - $0) / 1e9 }
    committed = engine.committed.named
    conflicts = engine.conflicts
    active = monitor.active.map {
      ActiveTransfer(
        path: $0.transfer.path.string, direction: $0.transfer.direction.rawValue, size: $0.transfer.size,
        moved: $0.moved)
    }
    pending = engine.pending
    oldestUnsyncedSeconds = engine.oldestUnsynced.map { $0 / .seconds(1) }
    busy = engine.busy.map { BusyFile(path: $0.path.string, seconds: $0.wait / .seconds(1)) }
    quarantined = Problem.merged(engine.quarantined, monitor.reports)
    deletionsHalted = engine.deletionsHalted
    switch engine.watch {
    case .live: watch = "live"
    case .scanning(let reason): watch = reason
    }
    safety = run.safety
    lastError = engine.lastError
    invalidation = run.invalidations?.report(now: now)
    lease = run.lease?.report(now: now)
    journal = run.journal?.report
    self.events = events
    limits = Limits(up: run.bandwidth.up.bytesPerSecond, down: run.bandwidth.down.bytesPerSecond)
  }
}

extension StatusReport.LeftApart {
  private static let named = 10

  /// Nil where there are none, or where the store cannot tell.
  init?(_ store: BaseStore) async {
    guard let found = try? await store.leftApart(limit: Self.named), found.count > 0 else { return nil }
    self.init(count: found.count, first: found.first.map(\.string))
  }
}

/// What stays the same for the whole run.
struct Run: Sendable {
  var root: String
  var location: S3Location
  var node: String
  var poll: Duration
  var fullPassInterval: Duration
  /// A sentence.
  var safety: String
  var invalidations: Invalidations?
  var lease: LeaseKeeper?
  var journal: JournalKeeper?
  var feed: EventFeed?
  var nodes: NodeKeeper?
  var startupMetric: StartupMetricSender?
  var bandwidth = BandwidthLimits()
}

extension StatusReport.State {
  fileprivate init(_ state: EngineStatus.State) {
    switch state {
    case .starting: self = .starting
    case .syncing: self = .syncing
    case .idle: self = .idle
    case .paused: self = .paused
    case .stopping: self = .stopping
    case .stopped: self = .stopped
    }
  }
}

extension StatusReport.Problem {
  /// One reason per path, by name; the first list wins.
  static func merged(_ paths: [PathReport], _ more: [StatusReport.Problem]) -> [StatusReport.Problem] {
    // Keyed by bytes: canonically equivalent names are two files.
    var problems: [RelativePath: String] = [:]
    for problem in more { problems[RelativePath(unchecked: problem.path)] = problem.reason }
    for path in paths where path.reason != Configuration.Symlinks.leftOut {
      problems[RelativePath(unchecked: path.name)] = path.reason
    }
    return problems.sorted { $0.key < $1.key }.map { Self(path: $0.key.string, reason: $0.value) }
  }
}
