import Foundation

/// The thread that starts the programs. The kernel's parent-death signal comes when the *thread* that started a
/// program ends, and those that tests run on come and go.
final class SpawningThread: @unchecked Sendable {
  // Unchecked: `work` is only touched under `condition`.
  static let shared = SpawningThread()
  private let condition = NSCondition()
  private var work: [(body: () -> Void, done: DispatchSemaphore)] = []

  private init() {
    Thread.detachNewThread { [self] in
      while true {
        condition.lock()
        while work.isEmpty { condition.wait() }
        var next = Optional(work.removeFirst())
        let done = next?.done
        condition.unlock()
        next?.body()
        // Let go of the closure before its owner goes on: it must not outlive the call.
        next = nil
        done?.signal()
      }
    }
  }

  /// Waits for the result.
  func perform(_ body: @escaping () -> Int32) -> Int32 {
    let done = DispatchSemaphore(value: 0)
    var result: Int32 = 0
    condition.lock()
    work.append(({ result = body() }, done))
    condition.signal()
    condition.unlock()
    done.wait()
    return result
  }
}
