internal import CLinux
internal import Glibc
internal import NIOConcurrencyHelpers

/// Runs blocking calls on threads of its own, so that they never occupy the cooperative pool.
///
/// The threads end when the pool is released and its jobs are done.
package final class BlockingPool: TaskExecutor {
  private let queue = JobQueue()

  package init(threads: Int = 16) {
    for number in 0..<threads { startThread("martlet-io-\(number)") { [queue] in queue.work() } }
  }

  deinit { queue.close() }

  package func enqueue(_ job: consuming ExecutorJob) {
    queue.add((UnownedJob(job), self))
  }

  /// Runs `body` on a thread of the pool.
  package func run<Value: Sendable>(_ body: @Sendable () throws -> Value) async throws -> Value {
    try await withTaskExecutorPreference(self) { try body() }
  }
}

/// `ConditionLock` guards the jobs; a value of 1 says that there is something to do.
private final class JobQueue: Sendable {
  typealias Job = (job: UnownedJob, executor: BlockingPool)
  private struct State: Sendable {
    var jobs: [Job] = []
    var head = 0
    var isClosed = false
  }
  private let hasWork = ConditionLock(value: 0)
  private let state = NIOLockedValueBox(State())

  func add(_ job: Job) {
    hasWork.lock()
    state.withLockedValue { $0.jobs.append(job) }
    hasWork.unlock(withValue: 1)
  }

  func close() {
    hasWork.lock()
    state.withLockedValue { $0.isClosed = true }
    hasWork.unlock(withValue: 1)
  }

  func work() {
    while true {
      hasWork.lock(whenValue: 1)
      let (next, isMore, isClosed) = state.withLockedValue { state -> (Job?, Bool, Bool) in
        guard state.head < state.jobs.count else { return (nil, state.isClosed, state.isClosed) }
        let job = state.jobs[state.head]
        state.head += 1
        if state.head == state.jobs.count {
          state.jobs.removeAll(keepingCapacity: state.jobs.count < 1024)
          state.head = 0
        }
        return (job, state.head < state.jobs.count || state.isClosed, state.isClosed)
      }
      hasWork.unlock(withValue: isMore ? 1 : 0)
      guard let next else {
        if isClosed { return }
        continue
      }
      next.job.runSynchronously(on: next.executor.asUnownedTaskExecutor())
    }
  }
}

/// Starts a detached thread; it ends when `body` returns.
func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) {
  final class Box: Sendable {
    let name: String
    let body: @Sendable () -> Void
    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
  var thread = pthread_t()
  let box = Unmanaged.passRetained(Box(name, body))
  let result = pthread_create(
    &thread, nil,
    { argument in
      let box = Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue()
      _ = clinux_name_thread(box.name)
      box.body()
      return nil
    }, box.toOpaque())
  precondition(result == 0, "the system refuses a thread: \(String(cString: strerror(result)))")
  pthread_detach(thread)
}
