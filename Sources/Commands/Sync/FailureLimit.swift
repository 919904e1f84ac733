import NIOConcurrencyHelpers
import ServiceLifecycle
import SyncEngine

/// Ends a run after so many synchronisations in a row that failed as a whole.
final class FailureLimit: SyncObserver, Service {
  private let limit: Int
  private let next: any SyncObserver
  private let count = NIOLockedValueBox(0)
  private let reached: AsyncStream<Void>
  private let reach: AsyncStream<Void>.Continuation

  /// 0: any number may fail.
  init(_ limit: Int, next: any SyncObserver) {
    self.limit = limit
    self.next = next
    (reached, reach) = AsyncStream.makeStream()
  }

  var isReached: Bool { limit > 0 && count.withLockedValue { $0 >= limit } }

  func record(_ event: EngineEvent) {
    next.record(event)
    switch event {
    case .passFailed: count.withLockedValue { $0 += 1 }
    // What was reached stays: the run is about to end.
    case .passEnded where !isReached: count.withLockedValue { $0 = 0 }
    default: return
    }
    if isReached { reach.yield() }
  }

  /// Returns when the limit is reached, or with the graceful shutdown.
  func run() async {
    for await _ in reached.cancelOnGracefulShutdown() { return }
  }
}
