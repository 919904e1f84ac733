import NIOConcurrencyHelpers
import NIOCore

/// Lets one task at a time wait until a time, or until it rings.
///
/// By a timer of an event loop: a task that sleeps beside one that waits takes several threads each time.
final class Alarm: Sendable {
  private struct State {
    /// It rang while nobody waited.
    var isRung = false
    var sleeper: CheckedContinuation<Void, Never>?
    /// Of waits, so that a timer of an earlier one ends none.
    var number = 0
  }

  private let state = NIOLockedValueBox(State())
  private let loop: any EventLoop

  init(on loop: any EventLoop) { self.loop = loop }

  func ring() {
    let sleeper = state.withLockedValue { state in
      defer { state.sleeper = nil }
      state.isRung = state.sleeper == nil
      return state.sleeper
    }
    sleeper?.resume()
  }

  /// Also returns when the task is cancelled.
  /// - Parameter time: nanoseconds from now.
  func wait(_ time: Int64) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let number = state.withLockedValue { state -> Int? in
          if state.isRung || Task.isCancelled {
            state.isRung = false
            return nil
          }
          state.sleeper = continuation
          state.number += 1
          return state.number
        }
        guard let number else { return continuation.resume() }
        loop.scheduleTask(in: .nanoseconds(time)) { self.end(number) }
      }
    } onCancel: {
      ring()
    }
  }

  private func end(_ number: Int) {
    let sleeper = state.withLockedValue { state -> CheckedContinuation<Void, Never>? in
      guard state.number == number else { return nil }
      defer { state.sleeper = nil }
      return state.sleeper
    }
    sleeper?.resume()
  }
}
