import NIOConcurrencyHelpers

@testable import AWSKit

/// Time that stands still until it is moved from alarm to alarm.
final class ManualTime: Sendable {
  private struct State {
    var now: Duration = .zero
    var alarms: [(time: Duration, action: @Sendable () -> Void)] = []
  }

  private let state = NIOLockedValueBox(State())

  var now: Duration { state.withLockedValue(\.now) }

  var timing: BandwidthLimiter.Timing {
    BandwidthLimiter.Timing(
      now: { self.now },
      schedule: { delay, action in self.state.withLockedValue { $0.alarms.append(($0.now + delay, action)) } })
  }

  /// Waits for an alarm to be set.
  func alarmSet() async {
    while state.withLockedValue(\.alarms.isEmpty) { await Task.yield() }
  }

  /// Moves on to the next alarm, if there is one.
  func jump() {
    let action = state.withLockedValue { state -> (@Sendable () -> Void)? in
      guard let next = state.alarms.indices.min(by: { state.alarms[$0].time < state.alarms[$1].time }) else {
        return nil
      }
      let alarm = state.alarms.remove(at: next)
      state.now = max(state.now, alarm.time)
      return alarm.action
    }
    action?()
  }

  /// Moves from alarm to alarm until the body is done.
  func run<Result: Sendable>(_ body: @escaping @Sendable () async throws -> Result) async throws -> Result {
    let isDone = NIOLockedValueBox(false)
    async let result = {
      defer { isDone.withLockedValue { $0 = true } }
      return try await body()
    }()
    while !isDone.withLockedValue({ $0 }) {
      jump()
      await Task.yield()
    }
    return try await result
  }
}
