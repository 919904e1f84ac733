import Logging
import NIOConcurrencyHelpers
import RemoteTree
import SyncEngine
import SyncModel

/// Lets commits through while this node holds the lease, and makes it hold it while there are any.
final class LeaseKeeper: Sendable {
  fileprivate struct State {
    var machine: LeaseMachine
    var waiters: [Waiter] = []
    var nextWaiter: UInt64 = 0
    /// Since when nobody was let through though somebody waited.
    var unserved: Int64?
    /// When the last of those who were waiting gave up.
    var abandoned: Int64 = 0
    /// When it was last told that the wait is long.
    var told: Int64?
    /// Why the last request failed.
    var problem: String?
  }

  fileprivate struct Waiter {
    var id: UInt64
    var since: Int64
    /// When it gives up.
    var end: Int64
    var continuation: CheckedContinuation<Verdict, Never>
  }

  fileprivate enum Verdict {
    case mayCommit
    case waitedTooLong
    case cancelled
  }

  /// A commit that waits longer is planned anew a second later: passes, which find what is new in the bucket, wait for
  /// the paths under way.
  private static let patience: Int64 = 3_000_000_000
  /// Of commits that cost more to begin anew: large files are read again, renamed ones are sent. What was recorded of a
  /// commit, such as its intent, counts from before the wait, and AWS takes a request for 15 minutes: no longer.
  private static let longPatience: Int64 = 45_000_000_000
  /// Whoever has waited so long ago is another matter.
  private static let memory: Int64 = 60_000_000_000
  /// For giving the lock back at the end.
  private static let farewell: Int64 = 2_000_000_000

  private let options: Configuration.Lease
  private let object: LockObject
  private let location: S3Location
  /// Nothing else waits.
  private let isPatient: Bool
  private let environment = SystemEnvironment()
  private let logger: Logger
  private let state: NIOLockedValueBox<State>
  /// Wakes `run`.
  private let changes: AsyncStream<Void>
  private let changed: AsyncStream<Void>.Continuation

  /// - Parameters:
  ///   - node: names the holder, for people.
  ///   - deletes: whether the server deletes conditionally.
  ///   - isPatient: commits wait for as long as it takes.
  init(
    _ options: Configuration.Lease, object: LockObject, location: S3Location, node: String, deletes: Bool,
    isPatient: Bool, logger: Logger
  ) {
    self.options = options
    self.object = object
    self.location = location
    self.isPatient = isPatient
    self.logger = logger
    (changes, changed) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    state = NIOLockedValueBox(
      State(
        machine: LeaseMachine(
          timing: LeaseTiming(timeout: options.timeout.wholeNanoseconds), node: node,
          run: String(environment.random(), radix: 16), deletes: deletes)))
  }

  /// For one request to the lock.
  static func patience(of options: Configuration.Lease) -> Duration {
    max(.seconds(1), min(.seconds(10), options.timeout / 6))
  }

  // MARK: Commits

  /// The remote side for an engine whose commits need the lease.
  func guarding(_ tree: any RemoteTreePort) -> any RemoteTreePort { LeasedRemoteTree(tree: tree, lease: self) }

  /// Sends a commit when the lease allows it.
  ///
  /// Throws `RemoteFailure` `.notOurTurn` where that takes too long.
  ///
  /// - Parameter isCostly: to begin anew.
  func holding<Result: Sendable>(
    isCostly: Bool = false, _ commit: () async throws -> Result
  ) async throws -> Result {
    switch await enter(for: isPatient ? nil : isCostly ? Self.longPatience : Self.patience) {
    case .mayCommit: break
    case .cancelled: throw CancellationError()
    case .waitedTooLong: throw RemoteFailure(.notOurTurn, "waits for the lease: \(explanation)")
    }
    defer {
      state.withLockedValue { $0.machine.leave(now: environment.uptime()) }
      changed.yield()
    }
    return try await commit()
  }

  private func enter(for patience: Int64?) async -> Verdict {
    let now = environment.uptime()
    let (id, isIn) = state.withLockedValue { state in
      state.nextWaiter += 1
      return (state.nextWaiter, state.waiters.isEmpty && state.admit(now: now))
    }
    if isIn { return .mayCommit }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        state.withLockedValue { state in
          // A cancellation that came earlier found nobody.
          guard !Task.isCancelled else { return continuation.resume(returning: .cancelled) }
          let end = patience.map { now + $0 } ?? .max
          state.wait(Waiter(id: id, since: now, end: end, continuation: continuation), memory: Self.memory)
        }
        changed.yield()
      }
    } onCancel: {
      dismiss(.cancelled) { $0.id == id }
    }
  }

  private func dismiss(_ verdict: Verdict, where isMeant: (Waiter) -> Bool) {
    let now = environment.uptime()
    let gone = state.withLockedValue { $0.dismiss(now: now, where: isMeant) }
    for waiter in gone { waiter.continuation.resume(returning: verdict) }
  }

  private func admit() {
    let now = environment.uptime()
    let admitted = state.withLockedValue { $0.admitWaiters(now: now) }
    for waiter in admitted { waiter.continuation.resume(returning: .mayCommit) }
  }

  // MARK: The lock

  /// Runs until cancelled. Throws `MartletError` where the lease was waited for too long and that ends the run.
  func run() async throws {
    try await withThrowingDiscardingTaskGroup { group in
      var timer = Int64.max
      while !Task.isCancelled {
        let now = environment.uptime()
        if timer <= now { timer = .max }
        dismiss(.waitedTooLong) { now >= $0.end }
        try complain(now: now)
        let (action, next) = state.withLockedValue { ($0.machine.step(now: now), $0.nextDeadline(options)) }
        guard case .wait(let until) = action else {
          await perform(action)
          continue
        }
        let due = min(until ?? .max, next ?? .max)
        if due < timer {
          timer = due
          group.addTask { [environment, changed] in
            try? await environment.sleep(for: .nanoseconds(max(0, due - environment.uptime())))
            changed.yield()
          }
        }
        for await _ in changes { break }
      }
      group.cancelAll()
    }
  }

  /// Gives the lock back; to be called once, after everything else. Nobody commits any more.
  func close() async {
    state.withLockedValue { $0.machine.close() }
    dismiss(.cancelled) { _ in true }
    let end = environment.uptime() + Self.farewell
    while environment.uptime() < end {
      switch state.withLockedValue({ $0.machine.step(now: environment.uptime()) }) {
      case .wait(nil): return
      case .wait(_?): try? await environment.sleep(for: .milliseconds(50))
      case let action: await perform(action)
      }
      if Task.isCancelled { return }
    }
    logger.warning("the lock \(lock) could not be given back; others take it when \(options.timeout) are over")
  }

  private func perform(_ action: LeaseMachine.Action) async {
    let sentAt = environment.uptime()
    let outcome: LockObject.Outcome?
    do {
      switch action {
      case .wait: return
      case .look:
        let lock = try await object.look()
        let (now, random) = (environment.uptime(), environment.random())
        tell(
          state.withLockedValue { state in
            state.problem = nil
            return state.machine.saw(lock, sentAt: sentAt, now: now, random: random)
          })
        outcome = nil
      case .write(let record, let condition): outcome = try await object.write(record, condition)
      case .delete(let etag): outcome = try await object.delete(etag: etag)
      }
    } catch {
      outcome = action == .look ? .failed("\(error)") : .unknown("\(error)")
    }
    if let outcome { tell(note(outcome, of: action)) }
    admit()
  }

  private func note(_ outcome: LockObject.Outcome, of action: LeaseMachine.Action) -> LeaseMachine.Change? {
    let (now, random) = (environment.uptime(), environment.random())
    return state.withLockedValue { state in
      switch outcome {
      case .done(let etag):
        state.problem = nil
        if case .delete = action { return state.machine.deleted(now: now) }
        return state.machine.wrote(etag: etag, now: now)
      case .refused:
        state.problem = nil
        state.machine.refused()
      case .unknown(let problem):
        state.problem = problem
        state.machine.outcomeUnknown()
      case .failed(let problem):
        state.problem = problem
        state.machine.failed(now: now, random: random)
      }
      return nil
    }
  }

  // MARK: What is told

  private var lock: String { "s3://\(location.bucket)/\(object.key)" }

  private func tell(_ change: LeaseMachine.Change?) {
    switch change {
    case nil: break
    case .acquired(nil): logger.debug("holds the lease \(lock)")
    case .acquired(let former?):
      logger.notice("took over the lease \(lock) of \(former), which was not heard of for \(options.timeout)")
    case .released: logger.debug("gave the lease \(lock) back")
    case .lost(let holder):
      logger.warning("\(holder ?? "somebody") took the lease \(lock) away; changes wait until it can be had again")
    }
  }

  /// Who holds it, or why nobody knows.
  private var explanation: String {
    state.withLockedValue { state in
      if let problem = state.problem { return problem }
      return state.machine.holder.map { "\($0) holds \(lock)" } ?? "\(lock) could not be had yet"
    }
  }

  private func complain(now: Int64) throws {
    let limit = options.wait.wholeNanoseconds
    let waited = state.withLockedValue { state -> Int64? in
      guard !state.waiters.isEmpty, let since = state.told ?? state.unserved, now - since >= limit else { return nil }
      state.told = now
      return now - (state.unserved ?? now)
    }
    guard let waited else { return }
    let message = "waited \(waited / 1_000_000_000) s for the lease: \(explanation)"
    if options.endsAfterWait {
      throw MartletError(.lease, message + " (--dfs-lock-wait \(limit / 1_000_000_000))")
    }
    logger.warning("\(message); still waiting")
  }

  func report(now: Int64) -> StatusReport.Lease {
    state.withLockedValue { state in
      let isHeld = state.machine.isValid(now: now)
      // What gave up for a moment comes again.
      let isAwaited = state.unserved != nil && (!state.waiters.isEmpty || now - state.abandoned < Self.patience)
      let since = isHeld ? state.machine.heldSince : isAwaited ? state.unserved : nil
      return StatusReport.Lease(
        state: isHeld ? .held : isAwaited ? .awaited : .free,
        holder: isHeld ? nil : state.machine.holder, seconds: since.map { Double(now - $0) / 1e9 },
        problem: state.problem)
    }
  }
}

extension LeaseKeeper.State {
  mutating func admit(now: Int64) -> Bool {
    guard machine.enter(now: now) else { return false }
    unserved = waiters.isEmpty ? nil : now
    told = nil
    return true
  }

  mutating func wait(_ waiter: LeaseKeeper.Waiter, memory: Int64) {
    if waiters.isEmpty, unserved == nil || waiter.since - abandoned > memory {
      unserved = waiter.since
      told = nil
    }
    waiters.append(waiter)
    machine.setWaiting(waiters.count, now: waiter.since)
  }

  mutating func admitWaiters(now: Int64) -> [LeaseKeeper.Waiter] {
    let count = waiters.prefix { _ in machine.enter(now: now) }.count
    let admitted = Array(waiters.prefix(count))
    guard count > 0 else { return [] }
    waiters.removeFirst(count)
    unserved = waiters.isEmpty ? nil : now
    told = nil
    machine.setWaiting(waiters.count, now: now)
    return admitted
  }

  mutating func dismiss(now: Int64, where isMeant: (LeaseKeeper.Waiter) -> Bool) -> [LeaseKeeper.Waiter] {
    let gone = waiters.filter(isMeant)
    guard !gone.isEmpty else { return [] }
    waiters.removeAll(where: isMeant)
    if waiters.isEmpty { abandoned = now }
    machine.setWaiting(waiters.count, now: now)
    return gone
  }

  /// When something is due though no reply and no commit comes.
  func nextDeadline(_ options: Configuration.Lease) -> Int64? {
    guard let end = waiters.map(\.end).min() else { return nil }
    let complaint = (told ?? unserved).map { $0 + options.wait.wholeNanoseconds } ?? .max
    return min(complaint, end)
  }
}

extension Duration {
  fileprivate var wholeNanoseconds: Int64 { Int64(min(self, .seconds(1 << 32)) / .nanoseconds(1)) }
}
