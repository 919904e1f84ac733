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
    var lastFailure: String?
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
    keys = KeyMapping(prefix: location.prefix)
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
    var failures = 0
    while !Task.isCancelled {
      do {
        let source = try await source()
        let (queue, route) = try await source.connect()
        state.withLockedValue { state in
          state.report.route = route
          state.report.state = .listening
          state.route = route
          state.own.forget()
          state.canary = nil
        }
        logger.info("listening to the events of the bucket through the queue \(report.queue)")
        try await listen(source, queue: queue, sink) { failures = 0 }
      } catch {
        if error is CancellationError || Task.isCancelled { break }
        failures += 1
        await lost(error, sink)
        let bound = Self.backoff.bound(afterFailures: failures)
        let pause = bound / 2 + Int64(environment.random() % UInt64(bound / 2 + 1))
        try? await environment.sleep(for: .nanoseconds(pause))
      }
    }
    await sink.feedChanged(isLive: false)
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

  private func listen(
    _ source: any EventSource, queue: String, _ sink: any RemoteHintSink, onLive: () -> Void
  ) async throws {
    while true {
      try await prove(source)
      let messages = try await source.receive(from: queue, wait: options.wait)
      if messages.isEmpty { continue }
      let (paths, isProof) = read(messages)
      // From here on the engine has them: a process that is killed looks at everything when it starts again.
      if !paths.isEmpty { await sink.hint(remote: paths) }
      if isProof {
        onLive()
        let isNews = state.withLockedValue { state in
          defer { (state.report.state, state.report.problem) = (.live, nil) }
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
    }
  }

  /// Throws where events should have come and did not; sends a canary where there is reason to ask.
  private func prove(_ source: any EventSource) async throws {
    guard options.canWrite else { return }
    let now = environment.uptime()
    let (canary, silence, lastEvent, isLive) = state.withLockedValue {
      ($0.canary, $0.own.silence(now: now), $0.lastEvent, $0.report.state == .live)
    }
    if silence > Self.patience {
      throw EventFeedError(.silent, "no event came of what was written 2 minutes ago")
    }
    if let canary {
      guard now - canary.sent > Self.patience else { return }
      throw EventFeedError(.silent, "no event came of the object that was written 2 minutes ago to see whether they do")
    }
    // Not all nodes at once: the canary of one is news to all.
    let interval = options.proofInterval / .nanoseconds(1) * (0.9 + 0.2 * Double(environment.random() % 1000) / 1000)
    guard !isLive || Double(now - lastEvent) > interval else { return }
    let (key, etag) = try await source.sendCanary()
    state.withLockedValue { $0.canary = Canary(key: key, etag: etag, sent: now) }
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
    do {
      let left = try await source().disconnect(state.withLockedValue(\.route))
      if left.isEmpty { return nil }
      return "not everything that carries events could be taken away: \(left.joined(separator: "; "))"
    } catch {
      return "what carries events could not be taken away: \(error)"
    }
  }
}
