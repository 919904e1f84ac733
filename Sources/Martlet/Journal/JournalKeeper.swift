import BaseStore
import Logging
import NIOConcurrencyHelpers
import NIOCore
import RemoteTree
import SyncEngine
import SyncModel

/// Tells the other nodes of a prefix what this one changed in the bucket, and the engine where they changed something.
///
/// It runs beside the engine and never holds it up: what it says are hints, and whatever fails here is found by polls.
final class JournalKeeper: Sendable {
  struct State {
    var machine: JournalMachine
    /// Read, and not yet told to the engine.
    var news = JournalNews()
    /// Before it nobody is told to look at everything again.
    var nextLook: Int64 = 0
    var report: StatusReport.Journal
    /// In a row.
    var failures = 0
    /// Last told; without what differs with each try.
    var problem: String?
    /// The store does not take what is to be told.
    var isUnstored = false
  }

  /// For the first look, before the engine's.
  private static let firstPatience: Duration = .seconds(5)
  static let timing = JournalTiming()

  let objects: JournalObjects
  let store: BaseStore
  let environment = SystemEnvironment()
  let logger: Logger
  /// Nobody has a journal on this server.
  let isImpossible: Bool
  /// Why nothing is told to others.
  let obstacle: String?
  var canAppend: Bool { obstacle == nil }
  let state: NIOLockedValueBox<State>
  /// Of `run`.
  let executor: EventLoopExecutor
  /// Wakes `run`.
  let alarm: Alarm

  /// - Parameters:
  ///   - loop: on which `run` runs, best with the connections of the objects.
  ///   - obstacle: why nothing can be written; nil: it can.
  ///   - isImpossible: no node can, so that there is nothing to read either.
  init(
    _ objects: JournalObjects, on loop: any EventLoop, bucket: String, store: BaseStore, obstacle: String?,
    isImpossible: Bool, logger: Logger
  ) {
    self.objects = objects
    executor = EventLoopExecutor(loop)
    alarm = Alarm(on: loop)
    self.store = store
    self.logger = logger
    self.isImpossible = isImpossible
    self.obstacle = obstacle
    let machine = JournalMachine(
      timing: Self.timing, writer: String(environment.random(), radix: 36), canAppend: obstacle == nil,
      now: environment.uptime())
    state = NIOLockedValueBox(
      State(machine: machine, report: StatusReport.Journal(place: "s3://\(bucket)/\(objects.folder)")))
    state.withLockedValue { state in
      state.report.problem = obstacle
      if isImpossible { state.report.state = .failing }
    }
  }

  /// Takes up what an earlier run has not told, and finds the end of the journal; to be called before the engine looks
  /// at the bucket for the first time, so that nothing is missed in between.
  func begin() async {
    if isImpossible {
      logger.warning("there is no journal, changes of other nodes are found by polls: \(report.problem ?? "")")
      return
    }
    if canAppend {
      do {
        let outbox = JournalOutbox(stored: try await store.outbox())
        state.withLockedValue { state in
          state.machine.outbox = outbox
          _ = state.machine.changed(now: environment.uptime())
        }
      } catch {
        logger.warning("what an earlier run has not told other nodes cannot be read, they find it by polls: \(error)")
      }
    }
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.perform(.list(from: 0), isNew: true) }
      group.addTask { [environment] in try? await environment.sleep(for: Self.firstPatience) }
      await group.next()
      group.cancelAll()
    }
  }

  // MARK: What this node changes

  /// The remote side for an engine whose commits are told.
  func telling(_ tree: any RemoteTreePort) -> any RemoteTreePort {
    canAppend ? JournalingRemoteTree(tree: tree, journal: self) : tree
  }

  /// For the engine's events, before they go on.
  func telling(_ observer: any SyncObserver) -> any SyncObserver {
    canAppend ? Observer(journal: self, next: observer) : observer
  }

  private struct Observer: SyncObserver {
    let journal: JournalKeeper
    let next: any SyncObserver

    func record(_ event: EngineEvent) {
      switch event {
      case .turned(let path, .writeHadLanded), .turned(let path, .deletionHadLanded),
        .turned(let path, .deletionWasOvertaken):
        journal.note(path)
      default: break
      }
      next.record(event)
    }
  }

  /// What became of a write whose reply was lost.
  private func note(_ path: RelativePath) {
    let isNews = state.withLockedValue { state in
      state.machine.outbox.note(path)
      return state.machine.changed(now: environment.uptime())
    }
    if isNews { alarm.ring() }
  }

  /// Sends a commit that others are to hear of.
  func noting<Result: Sendable>(
    _ path: RelativePath, _ place: JournalNews.Place, _ commit: () async throws -> Result
  ) async throws -> Result {
    if let row = state.withLockedValue({ $0.machine.outbox.begin(path, place) }) {
      await storing { try await self.store.putInOutbox(row) }
    }
    do {
      let result = try await commit()
      await end(path, .done)
      return result
    } catch {
      await end(path, JournalOutbox.Outcome(error))
      throw error
    }
  }

  private func end(_ path: RelativePath, _ outcome: JournalOutbox.Outcome) async {
    let (dropped, collapsed, isNews) = state.withLockedValue { state in
      let dropped = state.machine.outbox.end(path, outcome)
      return (dropped, state.machine.outbox.collapsed(), state.machine.changed(now: environment.uptime()))
    }
    if isNews { alarm.ring() }
    if let collapsed { await storing { try await self.store.putInOutbox(collapsed.stored) } }
    await drop(dropped + (collapsed?.dropped ?? []))
  }

  func drop(_ rows: [JournalOutbox.Row]) async {
    if rows.isEmpty { return }
    await storing { try await self.store.takeFromOutbox(rows) }
  }

  private func storing(_ body: @Sendable () async throws -> Void) async {
    do {
      try await body()
      state.withLockedValue { $0.isUnstored = false }
    } catch {
      let isNews = state.withLockedValue { state in
        defer { state.isUnstored = true }
        return !state.isUnstored
      }
      if isNews {
        logger.warning("what other nodes are to hear of could not be kept, should this run be killed: \(error)")
      }
    }
  }

  // MARK: What is told

  func failed(_ consequence: String, _ problem: String) {
    let isNews = state.withLockedValue { state in
      (state.report.state, state.report.problem) = (.failing, problem)
      state.failures += 1
      // One may pass.
      guard state.failures > 1, state.problem != consequence else { return false }
      state.problem = consequence
      return true
    }
    logger.log(level: isNews ? .warning : .debug, "\(consequence): \(problem)")
  }

  func works() {
    let (place, wasTold, isNew) = state.withLockedValue { state -> (String, Bool, Bool) in
      let place = state.report.place
      guard !state.machine.hasFailed, state.report.state != .live else { return (place, false, false) }
      let before = (state.problem != nil, state.report.state == .starting)
      if state.report.state == .failing { state.report.problem = obstacle }
      (state.report.state, state.problem, state.failures) = (.live, nil, 0)
      return (place, before.0, before.1)
    }
    if wasTold { logger.notice("the journal works again") }
    guard isNew else { return }
    logger.info("reads the journal \(place)\(obstacle.map { "; nothing is told to others: \($0)" } ?? "")")
  }

  var report: StatusReport.Journal {
    state.withLockedValue { state in
      var report = state.report
      report.position = state.machine.position
      report.waiting = canAppend ? state.machine.outbox.count : 0
      report.gaps = state.machine.gaps
      return report
    }
  }
}

extension JournalOutbox.Outcome {
  /// Of a commit that failed.
  fileprivate init(_ error: any Error) {
    guard let failure = error as? RemoteFailure else {
      self = .unknown
      return
    }
    switch failure.code {
    case .outcomeUnknown, .server, .corrupted: self = .unknown
    case .conditionFailed, .raced, .notFound, .uploadGone, .permission, .throttled, .unreachable, .notOurTurn,
      .notPossible, .configuration:
      self = .notDone
    }
  }
}
