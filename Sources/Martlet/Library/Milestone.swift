import NIOConcurrencyHelpers

/// Something that happens once and that many may wait for.
final class Milestone<Value: Sendable>: Sendable {
  private struct State {
    var result: Result<Value, any Error>?
    var waiters: [UInt64: CheckedContinuation<Value, any Error>] = [:]
    var last: UInt64 = 0
  }

  private let state = NIOLockedValueBox(State())

  /// Only the first result counts.
  func reach(_ result: Result<Value, any Error>) {
    let waiters = state.withLockedValue { state in
      defer { state.waiters = [:] }
      if state.result == nil { state.result = result }
      return state.waiters.values
    }
    for waiter in waiters { waiter.resume(with: result) }
  }

  /// Throws `CancellationError` where the waiting task is cancelled.
  func value() async throws -> Value {
    let id = state.withLockedValue { state in
      state.last += 1
      return state.last
    }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let known: Result<Value, any Error>? = state.withLockedValue { state in
          if let result = state.result { return result }
          // Behind the lock: a cancellation that comes now finds the waiter.
          if Task.isCancelled { return .failure(CancellationError()) }
          state.waiters[id] = continuation
          return nil
        }
        if let known { continuation.resume(with: known) }
      }
    } onCancel: {
      state.withLockedValue { $0.waiters.removeValue(forKey: id) }?.resume(throwing: CancellationError())
    }
  }
}
