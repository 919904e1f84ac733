internal import NIOConcurrencyHelpers
internal import SyncEngine
internal import SyncModel

/// Hands hints and reports to the engine; what comes before `run` has a sink waits for it.
final class HintRelay: Sendable {
  private struct State: Sendable {
    var sink: (any HintSink)?
    var hints: [LocalHint] = []
    var reports: [(path: String, reason: String?)] = []
  }
  private let state = NIOLockedValueBox(State())

  /// More than this says no more than that everything may have changed.
  private static let limit = 1_000

  func connect(_ sink: (any HintSink)?) {
    let waiting = state.withLockedValue { state in
      defer { if sink != nil { state = State() } }
      state.sink = sink
      return state
    }
    guard let sink else { return }
    state.withLockedValue { $0.sink = sink }
    for hint in waiting.hints { sink.hint(hint) }
    for report in waiting.reports { sink.report(report.path, report.reason) }
  }

  func hint(_ hint: LocalHint) {
    let sink = state.withLockedValue { state in
      if state.sink == nil {
        if state.hints.count < Self.limit { state.hints.append(hint) } else { state.hints = [.subtree(.root)] }
      }
      return state.sink
    }
    sink?.hint(hint)
  }

  func report(_ path: String, _ reason: String?) {
    let sink = state.withLockedValue { state in
      if state.sink == nil && state.reports.count < Self.limit { state.reports.append((path, reason)) }
      return state.sink
    }
    sink?.report(path, reason)
  }
}
