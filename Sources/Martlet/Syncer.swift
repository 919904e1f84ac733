import AWSKit
import BaseStore
import FoundationEssentials
public import Logging
import NIOConcurrencyHelpers
public import ServiceLifecycle
package import SyncEngine
import SyncModel

/// Keeps a folder and an S3 prefix the same, both ways, until it is told to stop.
///
/// ```swift
/// let syncer = Syncer(Configuration(root: "/srv/data", location: "s3://bucket/data"))
/// try await syncer.start()
/// // … the folder and the prefix are kept the same …
/// try await syncer.stop()
/// ```
///
/// ``start()`` and ``stop()`` are for a program that has its own idea of a beginning and an end, ``run()`` is for a
/// `ServiceGroup` of swift-service-lifecycle. The call of them that comes first begins the run, every other one joins it.
/// A syncer runs once: for another run make another one. A run that is neither stopped nor cancelled goes on, also where
/// nobody holds the syncer any more.
public final class Syncer: Service {
  enum State: Sendable {
    case waiting
    case running(Engine, Run, BaseStore)
    case ended(SyncOutcome?)
  }

  private enum Phase: Sendable {
    case waiting
    /// The task is that of `start`.
    case running(Task<Void, Never>?)
    case ended
  }

  let configuration: Configuration
  let logger: Logger
  let variables: [String: String]
  let environment = SystemEnvironment()
  let monitor: SyncMonitor
  let bandwidth = RunBandwidth()
  let state = NIOLockedValueBox(State.waiting)
  /// Uptime nanoseconds at which it was asked to stop.
  let stopTime = NIOLockedValueBox<Int64?>(nil)
  let pausing = NIOLockedValueBox(false)
  let firstPass: FirstPass
  private let phase = NIOLockedValueBox(Phase.waiting)
  private let ready: Milestone<Void>
  private let end = Milestone<SyncOutcome>()
  private let hub: EventHub

  /// - Parameters:
  ///   - configuration: What to keep the same, and how. What is wrong with it is told by ``start()`` and ``run()``.
  ///   - logger: Takes warnings and what is worth knowing; nil: a logger named `martlet` that
  ///     tells notices and worse.
  public convenience init(_ configuration: Configuration, logger: Logger? = nil) {
    var usual = Logger(label: "martlet")
    usual.logLevel = .notice
    self.init(configuration, logger: logger ?? usual, observer: IgnoredEvents())
  }

  /// - Parameter variables: Those of the process, but for tests.
  package init(
    _ configuration: Configuration, logger: Logger, observer: any SyncObserver,
    variables: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.configuration = configuration
    self.variables = variables
    self.logger = logger
    let readyFile = ReadyFile(path: configuration.readyFile, logger: logger)
    let (environment, ready, hub) = (environment, Milestone<Void>(), EventHub(next: observer))
    let firstPass = FirstPass(began: environment.uptime())
    self.firstPass = firstPass
    self.ready = ready
    self.hub = hub
    monitor = SyncMonitor(
      next: hub, uptime: { environment.uptime() },
      onFullPass: {
        readyFile.write()
        firstPass.passEnded(now: environment.uptime())
        ready.reach(.success(()))
      })
    readyFile.remove()
  }

  /// Begins to keep both sides the same, and returns when the first full pass is complete: what was in the folder is in
  /// the bucket and the other way round, but for what ``status()`` names as ``StatusReport/quarantined``, and for
  /// deletions where ``StatusReport/deletionsHalted`` says why they do not cross. From then on only ``stop()`` ends it.
  ///
  /// A server that is away is waited for, unless the configuration has `checksAtStart`. Where the calling task is
  /// cancelled the run ends, what it holds is let go, and `CancellationError` is thrown. After another `start` or
  /// ``run()`` it waits for that one's first pass, and its cancellation ends the waiting only.
  ///
  /// - Throws: ``MartletError`` with what stands in the way: an unusable configuration, a folder that is missing or
  ///   cannot be read, credentials or a bucket that are refused, another process that syncs the pair, a first contact that
  ///   somebody has to decide, or, as ``MartletError/Code/notRunning``, a stop that came first.
  public func start() async throws {
    let isFirst = try begin { Task { try? await self.perform() } }
    do {
      try await ready.value()
    } catch is CancellationError where isFirst {
      await cancelStarted()
      throw CancellationError()
    }
  }

  /// Ends the run as a graceful shutdown does: downloads end, and what changed in the folder is sent, for as long as the
  /// configuration's ``Configuration/shutdownTimeout``; while paused nothing is. Returns when all is closed; called again,
  /// the same outcome.
  ///
  /// - Returns: What is not in sync, and why.
  /// - Throws: ``MartletError`` that the run ended with, or ``MartletError/Code/notRunning`` where none was begun;
  ///   `CancellationError` where the calling task is cancelled: then the run ends without it.
  @discardableResult
  public func stop() async throws -> SyncOutcome {
    if case .waiting = phase.withLockedValue({ $0 }) {
      throw MartletError(.notRunning, "the syncer was never started")
    }
    requestStop()
    return try await end.value()
  }

  /// Keeps both sides the same until a graceful shutdown of its `ServiceGroup`, which ends it as ``stop()`` does. After
  /// ``start()`` it joins that run: it returns when the run ends, shuts it down, and cancels it when it is cancelled.
  ///
  /// - Throws: ``MartletError`` with what stood in the way of the first full pass; after it only a lost lease with
  ///   `endsAfterWait` ends the run.
  public func run() async throws {
    let isFirst = try begin { nil }
    try await withGracefulShutdownHandler {
      if isFirst { try await perform() } else { try await join() }
    } onGracefulShutdown: {
      self.requestStop()
    }
  }

  /// How the run ended; nil before its end, and where it ended before anything could be said.
  public var outcome: SyncOutcome? {
    state.withLockedValue { if case .ended(let outcome) = $0 { outcome } else { nil } }
  }

  /// What happens from now on, until the end of the run. Each call gives a sequence with a buffer of its own; nobody who
  /// reads slowly holds up the syncing. Ask for it before ``start()`` to miss nothing.
  public var events: SyncEvents { hub.events() }

  /// What is in sync, what is not, and why; nil while nothing runs.
  public func status() async -> StatusReport? {
    guard case .running(let engine, let run, let store) = state.withLockedValue({ $0 }) else { return nil }
    return StatusReport(
      await engine.currentStatus(), of: run, leftApart: await StatusReport.LeftApart(store), monitor: monitor,
      now: environment.uptime())
  }

  /// Lets nothing begin that transfers or changes either side, until ``resume()``. What is under way may still end.
  /// The folder is watched meanwhile, and the status says that it is paused. Before ``start()`` it makes that one wait.
  /// A pause ends with the syncer: a new one is not paused.
  public func pause() async { await setPaused(true) }

  /// Ends a ``pause()``: everything is looked at.
  public func resume() async { await setPaused(false) }

  private func setPaused(_ isPaused: Bool) async {
    let wasPaused = pausing.withLockedValue { pausing in
      defer { pausing = isPaused }
      return pausing
    }
    if case .running(let engine, _, _) = state.withLockedValue({ $0 }) {
      await engine.setPaused(pausing.withLockedValue { $0 })
    }
    guard isPaused != wasPaused else { return }
    logger.notice("\(isPaused ? "paused: nothing is transferred or changed" : "resumed")")
    hub.send(isPaused ? .paused : .resumed)
  }

  /// Returns when what a path is at the time of the call, or later, is in the bucket: a new or changed file was sent, a
  /// deleted one is deleted there. Of a folder this holds for everything below it that is synced, but for the markers of
  /// empty folders, which follow within seconds.
  ///
  /// A server that is away, a file that a program keeps open for writing, and a pause are waited for: cancel the task to
  /// wait no longer.
  ///
  /// - Parameter path: Below the root, or absolute; empty: the whole folder.
  /// - Throws: ``MartletError`` with ``MartletError/Code/notSynced`` for what lies outside the root, is excluded or cannot
  ///   be synced, ``MartletError/Code/notSent`` where sending it failed (it is tried again nevertheless) or its deletion is
  ///   halted, and ``MartletError/Code/notRunning``.
  public func flush(_ path: String = "") async throws {
    let path = try configuration.path(below: path)
    try await whileRunning { try await $0.deliver(path) }
  }

  /// Looks at everything on both sides now, deals with what differs, and returns when that is done.
  ///
  /// - Throws: ``MartletError``: the folder or the bucket could not be read, or ``MartletError/Code/notRunning``.
  public func reconcile() async throws {
    try await whileRunning { try await $0.reconcile() }
  }

  /// The transfers under way, and the time that they are to be seen at.
  package var transfers: (board: TransferBoard, now: Int64) { monitor.transfers }
}

/// The beginning and the end of the one run.
extension Syncer {
  /// False where it has begun already; `task` is called only where it has not.
  private func begin(_ task: () -> Task<Void, Never>?) throws -> Bool {
    try phase.withLockedValue { phase in
      switch phase {
      case .waiting:
        phase = .running(task())
        return true
      case .running: return false
      case .ended: throw MartletError(.notRunning, "this syncer has ended: make another one")
      }
    }
  }

  private func perform() async throws {
    let result: Result<SyncOutcome, any Error>
    do {
      try await syncUntilStopped()
      result = .success(outcome ?? SyncOutcome())
      ready.reach(.failure(MartletError(.notRunning, "stopped before the first full pass was complete")))
    } catch {
      let error = MartletError(error)
      state.withLockedValue { $0 = .ended(nil) }
      result = .failure(error)
      ready.reach(.failure(error))
    }
    phase.withLockedValue { $0 = .ended }
    end.reach(result)
    hub.finish()
    _ = try result.get()
  }

  private func join() async throws {
    do {
      _ = try await end.value()
    } catch is CancellationError {
      await cancelStarted()
      throw CancellationError()
    }
  }

  private func cancelStarted() async {
    guard case .running(let task?) = phase.withLockedValue({ $0 }) else { return }
    task.cancel()
    await task.value
  }

  private func requestStop() {
    stopTime.withLockedValue { $0 = $0 ?? environment.uptime() }
    if case .running(let engine, _, _) = state.withLockedValue({ $0 }) { engine.requestStop() }
  }

  var isStopped: Bool { stopTime.withLockedValue { $0 != nil } }

  /// While the folder and the server are being opened there is no engine yet; where the root comes back on another
  /// volume there is another one.
  private func whileRunning(_ ask: (Engine) async throws -> Void) async throws {
    while case .running = phase.withLockedValue({ $0 }) {
      if case .running(let engine, _, _) = state.withLockedValue({ $0 }) {
        do {
          return try await ask(engine)
        } catch let failure as EngineFailure where failure.code == .ended {
        } catch is CancellationError {
          throw CancellationError()
        } catch {
          throw MartletError(error)
        }
      }
      try await Task.sleep(for: .milliseconds(20))
    }
    throw MartletError(.notRunning, "no run is under way that could do this")
  }
}

private struct IgnoredEvents: SyncObserver {
  func record(_ event: EngineEvent) {}
}
