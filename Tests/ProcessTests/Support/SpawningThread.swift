import Foundation

/// The thread that starts the programs. The kernel's parent-death signal comes when the *thread* that started a
/// program ends, and those that tests run on come and go.
final class SpawningThread: @unchecked Sendable {
  // Unchecked: `work` is only touched under `condition`.
  static let shared = SpawningThread()
  private let condition = NSCondition()
  private var work: [() -> Void] = []

  private init() {
    Thread.detachNewThread { [self] in
      while true {
        condition.lock()
        while work.isEmpty { condition.wait() }
        let next = work.removeFirst()
        condition.unlock()
        next()
      }
    }
  }

  /// Waits for the result.
  func perform(_ body: () -> Int32) -> Int32 {
    withoutActuallyEscaping(body) { body in run(body) }
  }

  private func run(_ body: @escaping () -> Int32) -> Int32 {
    let done = DispatchSemaphore(value: 0)
    var result: Int32 = 0
    condition.lock()
    work.append {
      result = body()
      done.signal()
    }
    condition.signal()
    condition.unlock()
    done.wait()
    return result
  }
}
