internal import Logging
internal import NIOConcurrencyHelpers
internal import SyncEngine

package enum WatchPolicy: String, Hashable, Sendable, CaseIterable {
  /// inotify where changes announce themselves, and walks for the rest.
  case auto
  case inotify
  /// Only walks.
  case poll
}
final class Watcher: Sendable {
  init(observer: Observer, relay: HintRelay, policy: WatchPolicy, logger: Logger) {}
  var state: WatchState { .live }
  func run() async throws {}
}
