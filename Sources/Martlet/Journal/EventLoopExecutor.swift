import NIOCore

/// Runs a task on the thread of an event loop: what it sends, receives and waits for there wakes no other thread.
///
/// Only for tasks that come back to waiting soon, since all connections of the loop wait meanwhile.
final class EventLoopExecutor: TaskExecutor {
  private let loop: any EventLoop

  init(_ loop: any EventLoop) { self.loop = loop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
