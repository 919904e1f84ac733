import NIOConcurrencyHelpers
package import SyncEngine
import SyncModel

/// Keeps what the status needs and hands events on, each report once.
package final class SyncMonitor: SyncObserver {
  private struct State {
    var transfers = TransferBoard()
    /// By the bytes of the name.
    var reports: [RelativePath: String] = [:]
    var lastActivity: Int64
  }

  /// Reports kept; more would only be counted.
  private static let reportLimit = 1000

  private let state: NIOLockedValueBox<State>
  private let next: any SyncObserver
  private let onFullPass: @Sendable () -> Void
  private let doubts: AsyncStream<Void>.Continuation
  /// One element, however often the server's capabilities were doubted meanwhile; for one reader.
  let doubtedCapabilities: AsyncStream<Void>
  private let uptime: @Sendable () -> Int64

  /// `onFullPass` is called at the end of every full pass.
  init(next: any SyncObserver, uptime: @escaping @Sendable () -> Int64, onFullPass: @escaping @Sendable () -> Void) {
    self.next = next
    self.uptime = uptime
    self.onFullPass = onFullPass
    (doubtedCapabilities, doubts) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    state = NIOLockedValueBox(State(lastActivity: uptime()))
  }

  package func record(_ event: EngineEvent) {
    let now = uptime()
    var event = event
    // Where a link stands now, whatever was wrong with the path before is over.
    if case .reported(let path, Configuration.Symlinks.leftOut) = event { event = .reported(path: path, reason: nil) }
    let isNews = state.withLockedValue { state in
      switch event {
      case .transferStarted, .transferProgressed, .transferEnded:
        state.transfers.record(event, now: now)
        state.lastActivity = now
      case .committed, .passEnded: state.lastActivity = now
      case .reported(let path, let reason): return Self.note(path, reason, in: &state.reports)
      default: break
      }
      return true
    }
    if case .passEnded(let summary) = event, summary.isFull { onFullPass() }
    if case .capabilitiesDoubted = event { doubts.yield() }
    if isNews { next.record(event) }
  }

  private static func note(_ name: String, _ reason: String?, in reports: inout [RelativePath: String]) -> Bool {
    let path = RelativePath(unchecked: name)
    if reports[path] == reason { return false }
    if reason == nil || reports[path] != nil || reports.count < reportLimit { reports[path] = reason }
    return true
  }

  var reports: [StatusReport.Problem] {
    state.withLockedValue { state in
      state.reports.map { StatusReport.Problem(path: $0.key.string, reason: $0.value) }
    }
  }

  /// The transfers and the time that they are to be seen at.
  var transfers: (board: TransferBoard, now: Int64) { (state.withLockedValue(\.transfers), uptime()) }

  var active: [TransferBoard.Row] { state.withLockedValue { $0.transfers.active } }

  /// Uptime nanoseconds of the last sign of life.
  var lastActivity: Int64 { state.withLockedValue(\.lastActivity) }
}
