internal import CLinux
internal import Glibc

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

}

extension BlockingPool: LocalRunner {
  package func run<Value: Sendable>(_ body: @Sendable () throws -> Value) async throws -> Value {
    try await withTaskExecutorPreference(self) { try body() }
  }

  package func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }

  package func pump(_ makePump: @escaping @Sendable () -> (any EventPump)?) async throws {
    let wake = Descriptor(owning: try check(clinux_event()), of: LinuxKernel.shared)
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        startThread("martlet-watch") {
          if let pump = makePump() { Self.pump(pump, until: wake) }
          continuation.resume()
        }
      }
    } onCancel: {
      _ = clinux_event_signal(wake.raw)
    }
  }

  private static func pump(_ pump: any EventPump, until wake: Descriptor) {
    while true {
      let deadline = pump.deadline
      let wait: Int64 = deadline == .max ? -1 : max(0, deadline - LinuxKernel.shared.uptime()) / 1_000_000 + 1
      var polled = [
        pollfd(fd: pump.queue, events: Int16(POLLIN), revents: 0),
        pollfd(fd: wake.raw, events: Int16(POLLIN), revents: 0),
      ]
      if poll(&polled, 2, Int32(clamping: wait)) < 0 && errno != EINTR { return pump.fail(SystemError(errno)) }
      if polled[1].revents != 0 { return }
      do { try pump.turn() } catch { return pump.fail(error) }
    }
  }
}

/// Jobs in order, and the threads that wait for one. A job wakes one thread: waking all, as NIO's
/// `ConditionLock` does, costs more than most jobs.
///
/// `@unchecked`: everything mutable is touched under the mutex only.
private final class JobQueue: @unchecked Sendable {
  typealias Job = (job: UnownedJob, executor: BlockingPool)

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let hasWork = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var jobs: [Job] = []
  private var head = 0
  private var idleThreads = 0
  private var isClosed = false

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(hasWork, nil)
  }

  deinit {
    pthread_cond_destroy(hasWork)
    pthread_mutex_destroy(mutex)
    hasWork.deallocate()
    mutex.deallocate()
  }

  func add(_ job: Job) {
    pthread_mutex_lock(mutex)
    jobs.append(job)
    let someoneWaits = idleThreads > 0
    pthread_mutex_unlock(mutex)
    if someoneWaits { pthread_cond_signal(hasWork) }
  }

  func close() {
    pthread_mutex_lock(mutex)
    isClosed = true
    pthread_mutex_unlock(mutex)
    pthread_cond_broadcast(hasWork)
  }

  func work() {
    while let next = take() { next.job.runSynchronously(on: next.executor.asUnownedTaskExecutor()) }
  }

  /// Waits for a job; nil when the queue is closed and empty.
  private func take() -> Job? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while head == jobs.count {
      if isClosed { return nil }
      idleThreads += 1
      pthread_cond_wait(hasWork, mutex)
      idleThreads -= 1
    }
    let job = jobs[head]
    head += 1
    if head == jobs.count {
      jobs.removeAll(keepingCapacity: jobs.count < 1024)
      head = 0
    }
    return job
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
