internal import CLinux
internal import Glibc
internal import Logging
internal import NIOConcurrencyHelpers
internal import SyncEngine

package enum WatchPolicy: String, Hashable, Sendable, CaseIterable {
  /// inotify, and walks for what does not announce itself.
  case auto
  /// inotify also on network file systems.
  case inotify
  /// Only walks.
  case poll
}

/// Why some folders are only found by a walk.
struct WatchLimitation: Hashable {
  var reason: String
  /// It lies in what the folder is, and is no failure.
  var isLasting = false
}

/// Runs the watch and knows whether every directory is watched.
final class Watcher: Sendable {
  private let observer: Observer
  private let relay: HintRelay
  private let policy: WatchPolicy
  private let runner: any LocalRunner
  private let logger: Logger
  private let current: NIOLockedValueBox<WatchState>

  init(observer: Observer, relay: HintRelay, policy: WatchPolicy, runner: any LocalRunner, logger: Logger) {
    self.observer = observer
    self.relay = relay
    self.policy = policy
    self.runner = runner
    self.logger = logger
    current = NIOLockedValueBox(
      .scanning(reason: policy == .poll ? "--watch is “poll”" : "the folders are not watched yet"))
  }

  var state: WatchState { current.withLockedValue { $0 } }

  /// Until cancelled.
  func run() async throws {
    guard policy != .poll else { return try await waitForCancellation() }
    while true {
      try await runner.pump { [self] in makeSession() }
      // It ends early only where there is no inotify at all.
      try await runner.sleep(for: Self.retryInterval)
    }
  }

  private static let retryInterval = Duration.seconds(5)

  private func makeSession() -> WatchSession? {
    do {
      let session = try WatchSession(observer: observer, relay: relay, trustsAllMounts: policy == .inotify) {
        [self] in set(limitation: $0)
      }
      session.start()
      return session
    } catch {
      set(limitation: WatchSession.broken(error))
      return nil
    }
  }

  private func set(limitation: WatchLimitation?) {
    let state: WatchState = limitation.map { .scanning(reason: $0.reason) } ?? .live
    let before = current.withLockedValue { current in
      defer { current = state }
      return current
    }
    guard before != state else { return }
    if let limitation {
      logger.warning("some folders are only found by scanning", metadata: ["reason": "\(limitation.reason)"])
    }
    relay.report(".", limitation.flatMap { $0.isLasting ? nil : $0.reason })
  }

  private func waitForCancellation() async throws {
    while true { try await runner.sleep(for: .seconds(3600)) }
  }
}
