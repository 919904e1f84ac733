import BaseStore
import Logging
import NIOConcurrencyHelpers
import RemoteTree
import SyncEngine
import SyncModel

/// Tells the other nodes of a prefix what this one changed in the bucket, and the engine where they changed something.
///
/// It runs beside the engine and never holds it up: what it says are hints, and whatever fails here is found by polls.
final class JournalKeeper: Sendable {
  private struct State {
    var machine: JournalMachine
    /// Read, and not yet told to the engine.
    var news = JournalNews()
    /// Before it nobody is told to look at everything again.
    var nextLook: Int64 = 0
    var report: StatusReport.Journal
    /// Last told; without what differs with each try.
    var problem: String?
    /// The store does not take what is to be told.
    var isUnstored = false
  }

  /// For the first look, before the engine's.
  private static let firstPatience: Duration = .seconds(5)
  /// Between two looks at everything, nanoseconds: many nodes may ask for one at once.
  private static let lookSpacing: Int64 = 5_000_000_000
  private static let timing = JournalTiming()

  private let objects: JournalObjects
  private let store: BaseStore
  private let environment = SystemEnvironment()
  private let logger: Logger
  private let canAppend: Bool
  private let state: NIOLockedValueBox<State>
  /// Wakes `run`.
  private let changes: AsyncStream<Void>
  private let changed: AsyncStream<Void>.Continuation

  /// - Parameter obstacle: why nothing can be written; nil: it can.
  init(_ objects: JournalObjects, bucket: String, store: BaseStore, obstacle: String?, logger: Logger) {
    self.objects = objects
    self.store = store
    self.logger = logger
    canAppend = obstacle == nil
    (changes, changed) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let machine = JournalMachine(
      timing: Self.timing, writer: String(environment.random(), radix: 36), canAppend: canAppend,
      now: environment.uptime())
    state = NIOLockedValueBox(
      State(machine: machine, report: StatusReport.Journal(place: "s3://\(bucket)/\(objects.folder)")))
    state.withLockedValue { $0.report.problem = obstacle }
  }

  /// Takes up what an earlier run has not told, and finds the end of the journal; to be called before the engine looks
  /// at the bucket for the first time, so that nothing is missed in between.
  func begin() async {
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

    func record(_ event: SyncEvent) {
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
    if isNews { changed.yield() }
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
    if isNews { changed.yield() }
    if let collapsed { await storing { try await self.store.putInOutbox(collapsed.stored) } }
    await drop(dropped + (collapsed?.dropped ?? []))
  }

  private func drop(_ rows: [JournalOutbox.Row]) async {
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

  // MARK: Reading and writing

  /// Runs until cancelled.
  /// - Parameter sink: nil where nobody wants to hear of others.
  func run(_ sink: (any RemoteHintSink)?, _ folders: FolderNews) async {
    while !Task.isCancelled {
      let action = step()
      switch action {
      case .read: break
      default: await tell(sink, folders)
      }
      if case .wait(let until) = action {
        await pause(until: state.withLockedValue { $0.news.isEmpty ? until : min(until, $0.nextLook) })
      } else {
        await perform(action)
      }
    }
  }

  /// Tells others what is left, at the end of a run; what is not told by then is told by the next.
  /// - Parameter patience: for all of it.
  func finish(within patience: Duration) async {
    let environment = environment
    state.withLockedValue { $0.machine.flush() }
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        while !Task.isCancelled, !self.state.withLockedValue(\.machine.isDone) {
          let action = self.step()
          if case .wait(let until) = action {
            try? await environment.sleep(for: .nanoseconds(max(1_000_000, until - environment.uptime())))
          } else {
            await self.perform(action)
          }
        }
      }
      group.addTask { try? await environment.sleep(for: patience) }
      await group.next()
      group.cancelAll()
    }
    let left = state.withLockedValue(\.machine.outbox.count)
    if left > 0, canAppend { logger.info("other nodes hear of \(left) changes when this one starts again") }
  }

  private func step() -> JournalMachine.Action {
    let (now, random) = (environment.uptime(), environment.random())
    return state.withLockedValue { $0.machine.step(now: now, random: random) }
  }

  private func pause(until time: Int64) async {
    let (environment, changed) = (environment, changed)
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        do { try await environment.sleep(for: .nanoseconds(max(0, time - environment.uptime()))) } catch { return }
        changed.yield()
      }
      for await _ in changes { break }
      group.cancelAll()
    }
  }

  private func perform(_ action: JournalMachine.Action, isNew: Bool = false) async {
    let sentAt = environment.uptime()
    do {
      switch action {
      case .wait: return
      case .read(let number):
        let entry = try await objects.read(number)
        heard { $0.machine.saw(number, entry, sentAt: sentAt, now: environment.uptime()) }
      case .list(let number):
        let listing = try await objects.list(from: number)
        heard { $0.machine.listed(listing, isNew: isNew, sentAt: sentAt, now: environment.uptime()) }
      case .append(let number, let entry): try await append(number, entry)
      case .collect(let number): await collect(below: number)
      }
    } catch {
      if error is CancellationError || Task.isCancelled { return }
      let random = environment.random()
      state.withLockedValue { $0.machine.failed(now: environment.uptime(), random: random) }
      failed("the journal cannot be read, changes of other nodes are found by polls", "\(error)")
    }
  }

  private func heard(_ body: (inout State) -> JournalNews?) {
    let gaps = state.withLockedValue { state in
      let before = state.machine.gaps
      if let news = body(&state) {
        state.news.formUnion(news)
        if state.machine.position > 0 { state.report.read += 1 }
      }
      return state.machine.gaps - before
    }
    works()
    if gaps > 0 { logger.notice("entries of the journal are missing: looking at everything") }
  }

  private func append(_ number: Int64, _ entry: JournalEntry) async throws {
    let outcome: JournalObjects.Outcome
    do { outcome = try await objects.append(number, entry) } catch {
      let random = environment.random()
      state.withLockedValue { $0.machine.appendFailed(now: environment.uptime(), random: random) }
      throw error
    }
    let (now, random) = (environment.uptime(), environment.random())
    switch outcome {
    case .done:
      let told = state.withLockedValue { state in
        state.report.written += 1
        return state.machine.appended(number, now: now, random: random)
      }
      works()
      await drop(told)
    case .refused: state.withLockedValue { $0.machine.refused(now: now, random: random) }
    case .failed(let problem):
      state.withLockedValue { $0.machine.appendFailed(now: now, random: random) }
      failed("other nodes are not told of changes, they find them by polls", problem)
    }
  }

  private func collect(below number: Int64) async {
    do {
      let count = try await objects.collect(below: number, age: Self.timing.retention)
      if count > 0 { logger.debug("removed \(count) old entries of the journal") }
    } catch {
      if Task.isCancelled { return }
      state.withLockedValue { $0.machine.collectionFailed(now: environment.uptime()) }
      logger.warning("old entries of the journal could not be removed: \(error)")
    }
  }

  /// Hands what was read on to the engine.
  private func tell(_ sink: (any RemoteHintSink)?, _ folders: FolderNews) async {
    let now = environment.uptime()
    let news = state.withLockedValue { state -> JournalNews? in
      if state.news.isEmpty || state.news.isEverything && now < state.nextLook { return nil }
      if state.news.isEverything { state.nextLook = now + Self.lookSpacing }
      defer { state.news = JournalNews() }
      return state.news
    }
    guard let news, let sink else { return }
    if news.isEverything { return await sink.lookAtBucket() }
    var paths: Set<RelativePath> = []
    for (path, place) in news.sorted {
      switch place {
      case .written: paths.insert(path)
      // With its last object a folder goes that nothing else names.
      case .removed: paths.formUnion([path] + path.ancestors)
      case .folder:
        do { try await folders.find(in: path) { await sink.hint(remote: $0) } } catch {
          if Task.isCancelled { return }
          logger.debug("the folder “\(path)” could not be listed, looking at everything: \(error)")
          await sink.lookAtBucket()
        }
        paths.formUnion([path] + path.ancestors)
      }
    }
    await sink.hint(remote: paths.sorted())
  }

  // MARK: What is told

  private func failed(_ consequence: String, _ problem: String) {
    let isNews = state.withLockedValue { state in
      defer { (state.report.state, state.report.problem, state.problem) = (.failing, problem, consequence) }
      return state.problem != consequence
    }
    logger.log(level: isNews ? .warning : .debug, "\(consequence): \(problem)")
  }

  private func works() {
    let (place, wasFailing, isNew) = state.withLockedValue { state in
      let before = (state.report.state == .failing, state.report.state == .starting)
      if !state.machine.hasFailed {
        state.report.state = .live
        if before.0 { (state.report.problem, state.problem) = (nil, nil) }
      }
      return (state.report.place, before.0 && !state.machine.hasFailed, before.1)
    }
    if wasFailing { logger.notice("the journal works again") }
    guard isNew else { return }
    let obstacle = canAppend ? nil : report.problem
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
