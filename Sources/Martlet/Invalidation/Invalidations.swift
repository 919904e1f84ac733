import AWSKit
import BaseStore
import FoundationEssentials
import Logging
import NIOConcurrencyHelpers
import SyncEngine
import SyncModel

/// Tells a CloudFront distribution what changed, beside the engine and without ever holding it up.
final class Invalidations: Sendable {
  private struct State {
    var machine: InvalidationMachine
    /// Why the last request failed.
    var problem: String?
    /// The state is marked as running.
    var hasBegun = false
  }

  private let options: Configuration.CloudFront
  private let location: S3Location
  private let client: CloudFrontClient
  private let store: BaseStore
  private let environment = SystemEnvironment()
  private let logger: Logger
  private let followsKilledRun: Bool
  private let state: NIOLockedValueBox<State>
  /// Wakes `run` where nothing waited before.
  private let changes: AsyncStream<Void>
  private let changed: AsyncStream<Void>.Continuation

  /// Checks the distribution and takes up what an earlier run has left.
  ///
  /// Throws where the distribution is missing or must not be used. Where CloudFront cannot be reached syncing goes
  /// on: what changes is kept.
  init(
    _ options: Configuration.CloudFront, location: S3Location, client: CloudFrontClient, store: BaseStore,
    logger: Logger
  ) async throws {
    self.options = options
    self.location = location
    self.client = client
    self.store = store
    self.logger = logger
    (changes, changed) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let problem = try await Self.check(options.distribution, client, logger)
    let stored = try await Self.load(options.distribution, store)
    state = NIOLockedValueBox(
      State(
        machine: InvalidationMachine(
          paths: options.paths, stored: stored, everything: InvalidationPath.ofKey(location.prefix) + "*",
          now: environment.uptime()), problem: problem))
    followsKilledRun = stored?.isRunning ?? false
  }

  /// To be called before anything can change: from here on a run that is killed is noticed by the next one.
  func begin() async throws {
    try await save()
    state.withLockedValue { $0.hasBegun = true }
    if followsKilledRun {
      logger.notice("an earlier run was killed: what it changed is invalidated in distribution \(options.distribution)")
    }
  }

  // MARK: What changed

  /// The remote side for an engine whose writes count.
  func telling(_ tree: any RemoteTreePort) -> any RemoteTreePort {
    ChangeTellingRemoteTree(tree: tree) { path, _ in self.note(path) }
  }

  /// For the engine's events, before they go on.
  func telling(_ observer: any SyncObserver) -> any SyncObserver { Observer(invalidations: self, next: observer) }

  private struct Observer: SyncObserver {
    let invalidations: Invalidations
    let next: any SyncObserver

    func record(_ event: EngineEvent) {
      invalidations.note(event)
      next.record(event)
    }
  }

  private func note(_ event: EngineEvent) {
    switch event {
    case .turned(let path, .writeHadLanded), .turned(let path, .deletionHadLanded),
      .turned(let path, .deletionWasOvertaken):
      note(path)
    case .committed(let path, let change) where options.always && change.cameDown: note(path)
    default: break
    }
  }

  private func note(_ path: RelativePath) {
    let isNews = state.withLockedValue {
      $0.machine.change([InvalidationPath.ofKey(location.prefix + path.string)], now: environment.uptime())
    }
    if isNews { changed.yield() }
  }

  // MARK: Sending

  /// Runs until cancelled.
  func run() async {
    while !Task.isCancelled {
      switch step() {
      case .send(let batch): await send(batch)
      case .wait(let until?):
        // What changes meanwhile makes nothing due earlier.
        try? await environment.sleep(for: .nanoseconds(until - environment.uptime()))
      case .wait(nil):
        for await _ in changes { break }
      }
    }
  }

  /// Sends what is left, at the end of a run.
  ///
  /// - Parameters:
  ///   - deadline: uptime nanoseconds; asked again and again.
  ///   - retries: whether to try again after a failure, until the deadline.
  func finish(until deadline: @escaping @Sendable () -> Int64, retries: Bool) async {
    // A dry run tells nobody anything.
    guard state.withLockedValue(\.hasBegun) else { return }
    let environment = environment
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await self.sendRest(retries: retries) }
      group.addTask {
        while !Task.isCancelled, environment.uptime() < deadline() {
          try? await environment.sleep(for: .milliseconds(100))
        }
      }
      await group.next()
      group.cancelAll()
    }
  }

  private func sendRest(retries: Bool) async {
    state.withLockedValue { $0.machine.flush() }
    while !Task.isCancelled {
      switch step() {
      case .send(let batch):
        if !(await send(batch, isLastTry: !retries)), !retries { return }
      case .wait(let until?): try? await environment.sleep(for: .nanoseconds(until - environment.uptime()))
      case .wait(nil): return
      }
    }
  }

  /// Keeps what is left for the next run; to be called once, after everything else.
  ///
  /// - Returns: what is left, as a sentence.
  @discardableResult
  func close() async -> String? {
    var (stored, problem, hasBegun) = state.withLockedValue { ($0.machine.stored, $0.problem, $0.hasBegun) }
    guard hasBegun else { return nil }
    stored.isRunning = false
    do { try await save(stored) } catch {
      logger.warning("what distribution \(options.distribution) has not heard of could not be kept: \(error)")
    }
    guard stored.batch != nil || !stored.waiting.isEmpty else { return nil }
    return "distribution \(options.distribution) has not heard of the last changes; the next start tells it"
      + (problem.map { " (\($0))" } ?? "")
  }

  private func step() -> InvalidationMachine.Action {
    state.withLockedValue { state in
      state.machine.step(now: environment.uptime()) {
        "martlet-" + String(environment.random(), radix: 36) + String(environment.random(), radix: 36)
      }
    }
  }

  @discardableResult
  private func send(_ batch: InvalidationBatch, isLastTry: Bool = false) async -> Bool {
    do { try await save() } catch {
      // The mark of the running state covers it.
      logger.warning("the invalidation of distribution \(options.distribution) could not be kept: \(error)")
    }
    do {
      let id = try await client.createInvalidation(
        distribution: options.distribution, paths: batch.paths, reference: batch.reference)
      await accepted(batch, id: id)
      return true
    } catch let error as CloudFrontError where error.kind == .referenceUsed {
      // The reference is random: only an earlier request of ours can have used it.
      await accepted(batch, id: "")
      return true
    } catch {
      failed(error, isLastTry: isLastTry)
      return false
    }
  }

  private func accepted(_ batch: InvalidationBatch, id: String) async {
    state.withLockedValue { state in
      state.machine.accepted()
      state.problem = nil
    }
    let paths = batch.paths.count == 1 ? batch.paths[0] : "\(batch.paths.count) paths"
    logger.info("invalidated \(paths) in distribution \(options.distribution)", metadata: ["invalidation": "\(id)"])
    do { try await save() } catch {
      logger.debug("the accepted invalidation is not noted, it may be sent once more: \(error)")
    }
  }

  private func failed(_ error: any Error, isLastTry: Bool) {
    let failure = error as? CloudFrontError
    let isCancelled = error is CancellationError
    let now = environment.uptime()
    let wait = state.withLockedValue { state in
      if !isCancelled { state.problem = "\(error)" }
      state.machine.failed(
        failure?.kind == .pathsRefused ? .pathsRefused : .passing,
        mayHaveArrived: failure?.outcomeUnknown ?? true, now: now, random: environment.random())
      return Double((state.machine.retryAt ?? now) - now) / 1e9
    }
    // What is left at the end is told by `close`.
    if isCancelled || isLastTry { return }
    let pause = Int(wait.rounded(.up))
    logger.warning(
      "the invalidation of distribution \(options.distribution) failed and is tried again in \(pause) s: \(error)")
  }

  // MARK: Status

  func report(now: Int64) -> StatusReport.Invalidation {
    state.withLockedValue { state in
      StatusReport.Invalidation(
        distribution: options.distribution, accepted: state.machine.acceptedCount,
        waiting: state.machine.waitingCount,
        secondsToNextTry: state.machine.retryAt.map { max(0, Double($0 - now) / 1e9) }, problem: state.problem)
    }
  }

  // MARK: Kept state

  private static func key(_ distribution: String) -> String { "invalidations \(distribution)" }

  private static func load(_ distribution: String, _ store: BaseStore) async throws -> StoredInvalidations? {
    guard let text = try await store.value(key(distribution)) else { return nil }
    // What cannot be read is treated as what was not written.
    return (try? JSONDecoder().decode(StoredInvalidations.self, from: Data(text.utf8)))
      ?? StoredInvalidations(isRunning: true)
  }

  private func save() async throws { try await save(state.withLockedValue { $0.machine.stored }) }

  private func save(_ stored: StoredInvalidations) async throws {
    let text = String(decoding: try JSONEncoder().encode(stored), as: UTF8.self)
    try await store.setDurableValue(text, for: Self.key(options.distribution))
  }
}

extension Invalidations {
  /// Limit for the answer at start.
  private static let checkTimeout: Duration = .seconds(10)

  /// Why it could not be checked; nil when all is well. Throws where it cannot be used.
  @discardableResult
  static func check(_ distribution: String, _ client: CloudFrontClient, _ logger: Logger) async throws -> String? {
    var client = client
    client.configuration.retry.maximumAttempts = 1
    client.configuration.requestTimeout = checkTimeout
    let endpoint = client.configuration.endpoint.description
    do {
      try await client.getDistribution(distribution)
      return nil
    } catch let error as CloudFrontError where error.mayPass {
      logger.warning("--cf-dist-id \(distribution) could not be checked at \(endpoint), syncing goes on: \(error)")
      return "not checked yet: \(error)"
    } catch let error as CloudFrontError where error.kind == .noSuchDistribution {
      throw MartletError(
        .distribution,
        "--cf-dist-id \(distribution): there is no such distribution at \(endpoint); give the id of one, or 0 for none",
        cause: error)
    } catch let error as CloudFrontError where error.kind == .noCredentials {
      throw MartletError(.remote, "\(error)", cause: error)
    } catch let error as CloudFrontError where error.kind == .accessDenied {
      throw MartletError(
        .distribution,
        "--cf-dist-id \(distribution): cannot be used at \(endpoint): \(error); add it to the policy: "
          + "`martlet iam-policy` prints what is needed", cause: error)
    } catch let error as CloudFrontError {
      throw MartletError(
        .distribution,
        "--cf-dist-id \(distribution): cannot be used at \(endpoint): \(error); see that AWS_ENDPOINT_URL_CLOUDFRONT "
          + "names the right place",
        cause: error)
    }
  }
}

extension CommittedChange {
  /// Whether it changed the folder and not the bucket.
  fileprivate var cameDown: Bool {
    switch self {
    case .downloaded, .deletedLocal, .metadataApplied, .directoryMade, .directoryRemoved: true
    case .uploaded, .adopted, .deletedRemote, .renamedRemote, .metadataUploaded, .markerPut, .markerDeleted: false
    }
  }
}
