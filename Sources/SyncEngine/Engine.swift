import SyncModel
import Synchronization

/// Keeps one root and one prefix the same.
///
/// Everything takes one way: hint → observe → plan → schedule → commit → record → report. The engine sees
/// the world through its ports only, and all its concurrency is structured, so the same code runs in
/// production and, seeded, in simulation.
package actor Engine {
  let local: any LocalTreePort
  let remote: any RemoteTreePort
  let store: any BaseStorePort
  let environment: any EngineEnvironment
  let options: EngineOptions
  let observer: any SyncObserver

  var dirty = DirtyTable(capacity: 50_000, maximumWait: 10_000_000_000)
  var locks = PathLocks()
  var lockWaiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
  var quarantine = Quarantine()
  var openFiles: OpenFiles
  var deletionGuard: DeletionGuard
  var spool = DeletionSpool()
  var mirror = Mirror()
  let large: Lane
  let memory = MemoryBudget()
  var intents = OpenIntents()
  let directorySync: DirectorySync
  var recordedDirectories: Set<RelativePath> = []
  /// With --once: how often a path asked for more time.
  var postponed: [RelativePath: Postponement] = [:]
  var failedConditions: [RelativePath: RemoteStamp?] = [:]
  /// Uptime nanoseconds since which a leaf and a directory claim one name.
  var clashes: [RelativePath: Int64] = [:]
  /// Uptime nanoseconds since which a folder is empty and without marker.
  var markersDue: [RelativePath: Int64] = [:]
  /// Objects that must not become entries here, by their ETag: links that lead out of the root.
  var refusedLinks: [RelativePath: String] = [:]
  /// Why the base proves no deletion: the root is not the one that it was made with.
  var foreignRoot: String?
  /// Paths whose remote state is known to be newer than the base.
  var remoteNews: Set<RelativePath> = []
  /// Changes in the bucket announce themselves.
  var feedIsLive = false
  /// Since the last look at the bucket began.
  var feedHasChanged = false
  var arrivals = Arrivals()
  var status = EngineStatus()
  var running: [RelativePath: Int] = [:]
  var reports = Reports()
  var active: [Transfer.ID: Transfer] = [:]
  /// Dirty paths being settled.
  var dispatched = 0
  /// Dirty paths that wait in the store.
  var spilled = 0
  /// Uptime nanoseconds at which the last of them that came back are due.
  var spilledSettle: Int64 = 0
  /// Paths that a pass handed on and that are being settled.
  var submittedInFlight = 0
  /// Large files under way or waiting for their turn.
  var inLargeLane = 0
  var passIsRunning = false
  var isFlushing = false
  var passFailures = 0
  var limit: AdaptiveLimit
  /// Something was learned that only a look at everything can follow up.
  var needsPass = false
  var isPaused = false
  var hasEnded = false
  var deliveries = Deliveries()
  /// Waiters for a full pass.
  var passAwaited: Set<UInt64> = []
  /// By waiter.
  var answers: [UInt64: AsyncThrowingStream<Never, any Error>.Continuation] = [:]
  var nextNumber: UInt64 = 0
  /// Of the wall clock: what is older was here before the two sides first met. Nil once they have.
  var meetingBegan: Timestamp?
  /// While the user may still decide about first contact nothing is changed.
  var undecided: FirstContact?

  /// Wakes the dispatcher; only the newest wish matters.
  nonisolated let wake = Wakeup()
  /// Wakes the pass when it may hand on more.
  nonisolated let submissionRoom = Wakeup()
  /// Wakes the pass loop: the pause is over, or the run.
  nonisolated let pauseEnd = Wakeup()
  nonisolated let watchEvents: AsyncStream<WatchEvent>
  nonisolated let hintSink: EngineHintSink
  nonisolated let stop = StopSignal()
  private nonisolated let throttled = Atomic<Bool>(false)

  package init(
    local: any LocalTreePort, remote: any RemoteTreePort, store: any BaseStorePort,
    environment: any EngineEnvironment, options: EngineOptions, observer: any SyncObserver
  ) {
    self.local = local
    self.remote = remote
    self.store = store
    self.environment = environment
    self.options = options
    self.observer = observer
    directorySync = DirectorySync { try await local.sync($0) }
    openFiles = OpenFiles(rest: options.uploadOpenAfter.nanoseconds, isBrief: options.once)
    large = Lane(width: options.largeConcurrency)
    limit = AdaptiveLimit(initial: options.concurrency, maximum: options.concurrency)
    deletionGuard = DeletionGuard(limit: options.deletionLimit)
    let (stream, continuation) = AsyncStream<WatchEvent>.makeStream(
      bufferingPolicy: .bufferingOldest(EngineHintSink.capacity))
    watchEvents = stream
    hintSink = EngineHintSink(events: continuation)
  }

  /// Stops downloads, takes a last look at the root, uploads until the time-out, then `run` returns.
  package nonisolated func requestStop() { stop.request() }

  /// Runs until `requestStop`, or with `options.once` until nothing is left to do.
  ///
  /// Throws before the first full pass is complete where something stands in its way; after it every
  /// failure is retried for ever (I11).
  package func run() async throws -> RunSummary {
    defer { end() }
    try await recogniseRoot()
    if options.policy.mirror != nil { mirror.begin(at: environment.wallTime()) }
    if !options.isDryRun { try await loadIntents() }
    try await prepareFirstContact()
    try await beginMeeting()
    try await withThrowingTaskGroup(of: Void.self) { group in
      if !options.once && !options.isDryRun {
        group.addTask { try await self.watch() }
        group.addTask { await self.takeHints() }
      }
      group.addTask { await self.dispatch() }
      try await passesUntilDeadline()
      group.cancelAll()
      do { try await group.waitForAll() } catch is CancellationError {}
    }
    status.state = .stopped
    return summary()
  }

  /// The base is tied to the root that it was made with: in another folder the absence of files proves nothing.
  private func recogniseRoot() async throws {
    let mount = String(try await local.checkRoot().value, radix: 16)
    let known = try await store.value("root")
    if known == mount || options.isDryRun { return }
    if known != nil, try await store.leafCount() > 0 {
      foreignRoot =
        "this folder is not the one that the state was made with. Nothing that is missing here is deleted or fetched: "
        + "mount the right folder, or remove the state to start from what is in the bucket"
      status.deletionsHalted = foreignRoot
      observer.record(.deletionsHalted(reason: foreignRoot!))
      return
    }
    try await store.setValue(mount, for: "root")
  }

  /// Passes until asked to stop, then the last uploads; whatever is under way ends at the time-out.
  private func passesUntilDeadline() async throws {
    let deadline = options.shutdownTimeout
    let (stop, pauseEnd, environment) = (stop, pauseEnd, environment)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await self.passes()
        if stop.isRequested { await self.drain() }
      }
      group.addTask {
        await stop.wait()
        pauseEnd.signal()
        try await environment.sleep(for: deadline)
      }
      defer { group.cancelAll() }
      do { try await group.next() } catch is CancellationError {}
    }
  }

  private func watch() async throws {
    do {
      try await local.run(hintSink)
    } catch is CancellationError {
      return
    } catch {
      // Without a watcher the walks of the passes find everything, only later.
      report("/", "watching the folder ended: \(error); scanning instead")
      status.watch = .scanning(reason: "\(error)")
    }
  }

  /// Transfers of small files at once, as the server takes them.
  var concurrency: Int {
    if throttled.exchange(false, ordering: .acquiringAndReleasing) {
      // What is refused now was sent a round trip ago: refusals of one moment are one cut.
      let now = environment.uptime()
      limit.slowedDown(sentAt: now - 200_000_000, now: now)
    }
    return limit.limit
  }

  /// The server asked to slow down.
  package nonisolated func slowDown() { throttled.store(true, ordering: .releasing) }

  func number() -> UInt64 {
    nextNumber += 1
    return nextNumber
  }
}

enum WatchEvent: Sendable {
  case hint(LocalHint)
  case report(String, String?)
}

/// Hands the watcher's hints to the engine without ever waiting for it.
package struct EngineHintSink: HintSink {
  /// More than these are replaced by a look at the whole root.
  static let capacity = 50_000

  private final class Overflow: Sendable {
    let flag = Atomic<Bool>(false)
  }

  let events: AsyncStream<WatchEvent>.Continuation
  private let overflow = Overflow()

  init(events: AsyncStream<WatchEvent>.Continuation) { self.events = events }

  package func hint(_ hint: LocalHint) {
    if case .dropped = events.yield(.hint(hint)) { overflow.flag.store(true, ordering: .releasing) }
  }

  /// True once after hints were dropped.
  func takeOverflow() -> Bool { overflow.flag.exchange(false, ordering: .acquiringAndReleasing) }

  package func report(_ path: String, _ reason: String?) { events.yield(.report(path, reason)) }
}

/// A wish to be woken, for one waiter; wishes made meanwhile are one.
package struct Wakeup: Sendable {
  private let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  package init() { (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1)) }

  package func signal() { continuation.yield() }

  /// Returns at once when the task is cancelled, and from then on always: a stream ends with its waiter.
  package func wait() async {
    var iterator = stream.makeAsyncIterator()
    _ = await iterator.next()
  }
}

/// The request to stop, seen without waiting.
package final class StopSignal: Sendable {
  private let flag = Atomic<Bool>(false)
  private let stream: AsyncStream<Never>
  private let continuation: AsyncStream<Never>.Continuation

  package init() { (stream, continuation) = AsyncStream<Never>.makeStream() }

  package var isRequested: Bool { flag.load(ordering: .acquiring) }

  package func request() {
    flag.store(true, ordering: .releasing)
    continuation.finish()
  }

  /// For one waiter; also returns when its task is cancelled, and from then on always.
  func wait() async {
    for await _ in stream {}
  }
}
