/// Runs every job of a simulated world on the calling thread, the next one picked at random by seed,
/// and moves the virtual clock on when nothing is ready.
///
/// `@unchecked Sendable`: a world lives on one thread. Everything in it, the ports included, runs inside
/// `run(until:)`; jobs that escaped to another executor would break the replay and are a bug of the engine.
package final class SimExecutor: TaskExecutor, @unchecked Sendable {
  /// Without references: the heap moves them about often.
  private struct Timer {
    var at: Int64
    var id: Int
    var slot: Int
  }

  private enum Alarm {
    case call(() -> Void)
    case resume(UnsafeContinuation<Void, Never>)
  }

  /// Nanoseconds of virtual time since the world began.
  package private(set) var now: Int64 = 0
  package private(set) var steps = 0
  /// Folds in every choice and every time: equal hashes mean equal runs.
  package private(set) var traceHash: UInt64 = 0xCBF2_9CE4_8422_2325

  private var ready: [UnownedJob] = []
  /// Jobs that may also run while another one is in the middle of its work.
  private var guests: [(job: UnownedJob, lane: SimLane)] = []
  /// A binary heap by time, then by id.
  private var timers: [Timer] = []
  /// What happens when a timer is due, by its slot.
  private var alarms: [Alarm?] = []
  private var freeSlots: [Int] = []
  private var cancelled: Set<Int> = []
  private var nextTimer = 0
  private var random: SeededGenerator

  package init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  package func enqueue(_ job: consuming ExecutorJob) { ready.append(UnownedJob(job)) }

  /// Runs until no job is ready and no timer is due before `deadline`, or `isDone` after a step.
  ///
  /// - Parameter deadline: nanoseconds of virtual time; the clock stands there afterwards unless done before.
  /// - Returns: false where `maximumSteps` were not enough: something spins.
  @discardableResult
  package func run(until deadline: Int64, maximumSteps: Int = .max, isDone: () -> Bool = { false }) -> Bool {
    // Not on itself as a serial executor: then each asynchronous call in code without an actor would be a step of its
    // own, three in four of all, at which nothing can happen that could not before or after it.
    let this = asUnownedTaskExecutor()
    var budget = maximumSteps
    while budget > 0 {
      if isDone() { return true }
      if ready.isEmpty && guests.isEmpty {
        guard let first = timers.first, first.at <= deadline else {
          now = max(now, deadline)
          return true
        }
        fireNext()
        continue
      }
      budget -= 1
      steps += 1
      let count = ready.count + guests.count
      let index = random.below(count)
      fold(UInt64(index) &+ UInt64(count) << 20)
      if index >= ready.count {
        runGuest(index - ready.count)
        continue
      }
      ready.swapAt(index, ready.count - 1)
      ready.removeLast().runSynchronously(on: this)
    }
    return false
  }

  func enqueueGuest(_ job: UnownedJob, on lane: SimLane) { guests.append((job, lane)) }

  private func runGuest(_ index: Int) {
    guests.swapAt(index, guests.count - 1)
    let guest = guests.removeLast()
    guest.job.runSynchronously(on: guest.lane.asUnownedTaskExecutor())
  }

  /// Runs what is ready on lanes, nested in the job that is running: the runtime keeps a stack of running tasks.
  package func runGuests() {
    while !guests.isEmpty {
      steps += 1
      let index = random.below(guests.count)
      fold(UInt64(index) &+ UInt64(guests.count) << 20)
      runGuest(index)
    }
  }

  /// Time that the running job takes.
  package func spend(_ nanoseconds: Int64) { now += nanoseconds }

  /// Makes an observable choice of the world part of the trace.
  package func fold(_ value: UInt64) {
    traceHash = (traceHash ^ value ^ UInt64(bitPattern: now)) &* 0x0000_0100_0000_01B3
  }

  /// Runs `action` when the virtual clock stands `delay` nanoseconds from now.
  @discardableResult
  package func after(_ delay: Int64, _ action: @escaping () -> Void) -> Int { after(delay, .call(action)) }

  @discardableResult
  private func after(_ delay: Int64, _ alarm: Alarm) -> Int {
    nextTimer += 1
    let slot = freeSlots.popLast() ?? alarms.count
    if slot == alarms.count { alarms.append(alarm) } else { alarms[slot] = alarm }
    timers.append(Timer(at: now + max(0, delay), id: nextTimer, slot: slot))
    siftUp(timers.count - 1)
    return nextTimer
  }

  package func cancelTimer(_ id: Int) { cancelled.insert(id) }

  /// Sleeps on the virtual clock; throws `CancellationError` as soon as the task is cancelled.
  package func sleep(_ nanoseconds: Int64) async throws {
    try Task.checkCancellation()
    let sleeper = Sleeper()
    try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Void, any Error>) in
        if Task.isCancelled { return continuation.resume(throwing: CancellationError()) }
        sleeper.continuation = continuation
        sleeper.timer = after(nanoseconds) { sleeper.end(with: .success(())) }
      }
    } onCancel: {
      if let timer = sleeper.timer { cancelTimer(timer) }
      sleeper.end(with: .failure(CancellationError()))
    }
  }

  /// Waits on the virtual clock whether or not the task is cancelled: a system call, a request under way.
  package func pause(_ nanoseconds: Int64) async {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      after(nanoseconds, .resume(continuation))
    }
  }

  private func fireNext() {
    let timer = popTimer()
    let alarm = alarms[timer.slot]
    alarms[timer.slot] = nil
    freeSlots.append(timer.slot)
    if !cancelled.isEmpty, cancelled.remove(timer.id) != nil { return }
    now = max(now, timer.at)
    switch alarm! {
    case .call(let action): action()
    case .resume(let continuation): continuation.resume()
    }
  }

  private func precedes(_ left: Timer, _ right: Timer) -> Bool {
    left.at != right.at ? left.at < right.at : left.id < right.id
  }

  private func siftUp(_ start: Int) {
    var index = start
    while index > 0, precedes(timers[index], timers[(index - 1) / 2]) {
      timers.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  private func popTimer() -> Timer {
    timers.swapAt(0, timers.count - 1)
    let first = timers.removeLast()
    var index = 0
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2] where child < timers.count && precedes(timers[child], timers[least]) {
        least = child
      }
      if least == index { return first }
      timers.swapAt(index, least)
      index = least
    }
  }
}

/// The state of one sleep. `@unchecked Sendable`: touched only on the world's thread.
private final class Sleeper: @unchecked Sendable {
  var continuation: UnsafeContinuation<Void, any Error>?
  var timer: Int?

  func end(with result: Result<Void, any Error>) {
    guard let continuation else { return }
    self.continuation = nil
    continuation.resume(with: result)
  }
}
