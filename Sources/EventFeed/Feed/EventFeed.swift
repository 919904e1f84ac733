internal import AWSKit
package import Logging
internal import NIOConcurrencyHelpers
package import SyncEngine
package import SyncModel

/// Hears of changes in the bucket through a queue of this node, and tells the engine where to look.
///
/// It proves that events come by an object of its own, the canary, before listings become rare; where they do not
/// come, or the queue fails, polling goes on by itself.
package final class EventFeed: Sendable {
  package struct Options: Sendable {
    /// Without it nothing proves that events come, so listings stay as frequent as they are.
    package var canWrite = true
    /// Of an idle feed: how long it may be silent before it is proven again.
    package var proofInterval: Duration = .seconds(600)
    /// Seconds that a request waits for messages.
    package var wait = SQSClient.longestWait
    package init() {}
  }

  private struct Canary: Sendable {
    var key: String
    var etag: String?
    /// Uptime nanoseconds.
    var sent: Int64
  }

  private struct State {
    var report: FeedReport
    var own = OwnWrites()
    /// Found by the last connection.
    var route: EventRoute?
    var lastEvent: Int64 = 0
    var canary: Canary?
    /// Until then the former reader of the queue may take events away.
    var proofNotBefore: Int64 = 0
    var readerSeen: Int64 = 0
    /// When the queue was last found to hold no more than was received.
    var drained: Int64 = 0
    /// Another node took the queue over.
    var isDisplaced = false
    var lastFailure: String?
    /// Attempts in a row after which no event came.
    var failures = 0
    /// Since when no request for messages was answered.
    var unansweredSince: Int64?
  }

  private let source: @Sendable () async throws -> any EventSource
  private let keys: KeyMapping
  private let bucket: String
  private let options: Options
  private let environment: any EngineEnvironment
  private let logger: Logger
  private let state: NIOLockedValueBox<State>

  /// How long an event may take before nothing more is expected; "typically seconds but can sometimes take a minute or
  /// longer" (S3 user guide, "Amazon S3 Event Notifications").
  static let patience: Int64 = 120_000_000_000
  /// For so long messages stay where they are, and a queue that does not answer is asked again; nanoseconds.
  private static let grace: Int64 = 30_000_000_000
  /// How often it is asked whether another node has begun to read the same queue.
  static let readerInterval: Int64 = 300_000_000_000
  /// That take side by side what has piled up.
  private static let readers = 8
  private static let backoff = Backoff(base: 5_000_000_000, cap: 300_000_000_000)

  /// - Parameter source: asked for at each attempt, since the bucket's region has to be found out first.
  package init(
    location: S3Location, names: FeedNames, route: EventRoute, options: Options, environment: any EngineEnvironment,
    logger: Logger, source: @escaping @Sendable () async throws -> any EventSource
  ) {
    self.source = source
    self.options = options
    self.environment = environment
    self.logger = logger
    keys = KeyMapping(location)
    bucket = location.bucket
    state = NIOLockedValueBox(State(report: FeedReport(queue: names.queue, route: route)))
  }

  package var report: FeedReport { state.withLockedValue(\.report) }

  /// To be told of every content that this node has put there.
  package func wrote(_ path: RelativePath, _ stamp: RemoteStamp) {
    let now = environment.uptime()
    state.withLockedValue { $0.own.wrote(path, etag: stamp.etag, versionID: stamp.versionID, now: now) }
  }

  /// Runs until cancelled.
  package func run(_ sink: any RemoteHintSink) async {
    while !Task.isCancelled {
      do {
        let source = try await source()
        let connection = try await source.connect(displacing: !state.withLockedValue(\.isDisplaced))
        connected(connection)
        try await listen(source, queue: connection.queue, sink)
      } catch {
        if error is CancellationError || Task.isCancelled { break }
        let failures = state.withLockedValue { state in
          state.failures += 1
          return state.failures
        }
        await lost(error, sink)
        let bound = Self.backoff.bound(afterFailures: failures)
        let pause = bound / 2 + Int64(environment.random() % UInt64(bound / 2 + 1))
        try? await environment.sleep(for: .nanoseconds(pause))
      }
    }
    await sink.feedChanged(isLive: false)
  }

  private func connected(_ connection: EventConnection) {
    let now = environment.uptime()
    state.withLockedValue { state in
      state.report.route = connection.route
      state.report.state = .listening
      state.route = connection.route
      state.own.forget()
      state.canary = nil
      state.isDisplaced = false
      (state.readerSeen, state.drained, state.unansweredSince) = (now, now, nil)
      // It looks every interval, and what it has asked for last comes within the wait.
      let wait = connection.formerReader == nil ? 0 : Self.readerInterval + Int64(options.wait) * 1_000_000_000
      state.proofNotBefore = now + wait
    }
    logger.info("listening to the events of the bucket through the queue \(report.queue)")
    guard let former = connection.formerReader else { return }
    logger.warning(
      """
      the queue \(report.queue) was read by the node \(former), from which it is taken over: if that one still runs, \
      give each node a queue of its own, with [uid] in --event-queue
      """)
  }

  private func lost(_ error: any Error, _ sink: any RemoteHintSink) async {
    let gist = Self.gist(error)
    let problem = "\(error)\(Self.hint(error))"
    let isNews = state.withLockedValue { state in
      defer {
        state.report.state = .failing
        state.report.problem = problem
        state.lastFailure = gist
      }
      return state.lastFailure != gist || state.report.state == .live
    }
    let isMissing = (error as? AWSServiceError)?.isMissingQueue ?? false
    logger.log(
      level: isNews ? .warning : .debug,
      "\(isMissing ? "the queue is gone and is made again" : "no events come"), the bucket is polled: \(problem)")
    await sink.feedChanged(isLive: false)
  }

  /// What to do about it; empty where nothing is known.
  private static func hint(_ error: any Error) -> String {
    let missing = (error as? AWSServiceError)?.permissions ?? (error as? S3Error)?.permissions ?? []
    return missing.isEmpty ? "" : "; add it to the policy: `martlet iam-policy` prints what is needed"
  }

  /// Without what differs with each request.
  private static func gist(_ error: any Error) -> String {
    switch error {
    case let error as AWSServiceError: "\(error.operation) \(error.kind) \(error.code)"
    case let error as S3Error: "\(error.operation) \(error.kind) \(error.code)"
    default: "\(error)"
    }
  }

  // MARK: Listening

  private func listen(_ source: any EventSource, queue: String, _ sink: any RemoteHintSink) async throws {
    while true {
      try await prove(source, queue: queue)
      let count = try await receive(source, queue: queue, wait: options.wait, sink)
      if count == SQSClient.batchLimit { try await drain(source, queue: queue, sink) }
    }
  }

  /// Takes what has piled up, faster than one request after the other can: what is heard late may be undone by then.
  private func drain(_ source: any EventSource, queue: String, _ sink: any RemoteHintSink) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<Self.readers {
        group.addTask {
          while try await self.receive(source, queue: queue, wait: 0, sink) == SQSClient.batchLimit {}
        }
      }
      try await group.waitForAll()
    }
  }

  /// - Returns: how many messages there were.
  private func receive(
    _ source: any EventSource, queue: String, wait: Int, _ sink: any RemoteHintSink
  ) async throws -> Int {
    let messages: [SQSClient.Message]
    do {
      messages = try await source.receive(from: queue, wait: wait)
    } catch let error as AWSServiceError where error.mayPass && isWithinGrace() {
      logger.debug("the queue is asked again: \(error)")
      try await environment.sleep(for: .seconds(1))
      return 0
    }
    let now = environment.uptime()
    state.withLockedValue { state in
      state.unansweredSince = nil
      // Only a request that waits asks all servers that a queue is spread over.
      if wait > 0, messages.count < SQSClient.batchLimit { state.drained = now }
    }
    if messages.isEmpty { return 0 }
    let (paths, isProof) = read(messages)
    // From here on the engine has them: a process that is killed looks at everything when it starts again.
    if !paths.isEmpty { await sink.hint(remote: paths) }
    if isProof {
      let isNews = state.withLockedValue { state in
        defer { (state.report.state, state.report.problem, state.failures) = (.live, nil, 0) }
        return state.report.state != .live
      }
      if isNews {
        logger.notice("events of the bucket arrive; it is listed rarely")
        await sink.feedChanged(isLive: true)
      }
    }
    // What is not deleted comes again, and is looked at again.
    do { try await source.delete(messages, from: queue) } catch let error as AWSServiceError
      where error.mayPass
    {
      logger.debug("messages were not deleted and come again: \(error)")
    }
    return messages.count
  }

  private func isWithinGrace() -> Bool {
    let now = environment.uptime()
    return state.withLockedValue { state in
      let since = state.unansweredSince ?? now
      state.unansweredSince = since
      return now - since < Self.grace
    }
  }

  /// Throws where events should have come and did not; sends a canary where there is reason to ask.
  private func prove(_ source: any EventSource, queue: String) async throws {
    let now = environment.uptime()
    let (state, isReaderDue) = state.withLockedValue { state in
      let isDue = now - state.readerSeen > Self.readerInterval
      if isDue { state.readerSeen = now }
      return (state, isDue)
    }
    if isReaderDue { try await lookForOtherReader(source, queue: queue) }
    guard options.canWrite else { return }
    // What has piled up may hold the event that is missed.
    if state.own.silence(now: state.drained) > Self.patience {
      throw EventFeedError(.silent, "no event came of what was written 2 minutes ago")
    }
    if let canary = state.canary {
      guard state.drained - canary.sent > Self.patience else { return }
      throw EventFeedError(.silent, "no event came of the object that was written 2 minutes ago to see whether they do")
    }
    guard now >= state.proofNotBefore else { return }
    // Not all nodes at once: the canary of one is news to all.
    let interval = options.proofInterval / .nanoseconds(1) * (0.9 + 0.2 * Double(environment.random() % 1000) / 1000)
    guard state.report.state != .live || Double(now - state.lastEvent) > interval else { return }
    let (key, etag) = try await source.sendCanary()
    self.state.withLockedValue { $0.canary = Canary(key: key, etag: etag, sent: now) }
  }

  private func lookForOtherReader(_ source: any EventSource, queue: String) async throws {
    do {
      guard let other = try await source.otherReader(of: queue) else { return }
      state.withLockedValue { $0.isDisplaced = true }
      throw EventFeedError.shared(report.queue, with: other)
    } catch let error as AWSServiceError where error.mayPass {
      logger.debug("who reads the queue is asked later: \(error)")
    }
  }

  /// Where to look, and whether the messages prove that events come.
  private func read(_ messages: [SQSClient.Message]) -> (paths: [RelativePath], isProof: Bool) {
    let now = environment.uptime()
    return state.withLockedValue { state in
      var paths: Set<RelativePath> = []
      var isProof = state.report.state == .live
      for message in messages {
        let decoded = EventDecoder.decode(message.body)
        state.report.ignored += decoded.ignored
        state.report.unknown += decoded.unknown
        for event in decoded.events where event.bucket == bucket {
          state.lastEvent = now
          if isCanary(event, state.canary) {
            isProof = true
            state.canary = nil
          }
          let found = self.paths(of: event, &state.own)
          if found.isEmpty { state.report.ignored += 1 } else { state.report.taken += 1 }
          paths.formUnion(found)
        }
      }
      // A live feed is proven by any event.
      if isProof { state.canary = nil }
      return (paths.sorted(), isProof)
    }
  }

  private func isCanary(_ event: ObjectEvent, _ canary: Canary?) -> Bool {
    guard let canary, event.kind == .written, event.key.utf8.elementsEqual(canary.key.utf8) else { return false }
    return canary.etag == nil || event.etag == nil || event.etag == canary.etag
  }

  private func paths(of event: ObjectEvent, _ own: inout OwnWrites) -> [RelativePath] {
    guard case .success(let path) = keys.path(ofKey: event.key), !own.isEcho(event, of: path) else { return [] }
    // With its last object a folder goes that nothing else names.
    return event.kind == .removed ? [path] + path.ancestors : [path]
  }

  // MARK: End

  /// Takes away what this node made; to be called once, after `run`.
  /// - Returns: what is left, as a sentence.
  package func cleanUp() async -> String? {
    let (isDisplaced, queue) = state.withLockedValue { ($0.isDisplaced, $0.report.queue) }
    if isDisplaced { return "the queue \(queue) is left to the other node that reads it" }
    do {
      let left = try await source().disconnect(state.withLockedValue(\.route))
      if left.isEmpty { return nil }
      return "not everything that carries events could be taken away: \(left.joined(separator: "; "))"
    } catch {
      return "what carries events could not be taken away: \(error)"
    }
  }
}
