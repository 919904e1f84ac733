/// Runs the programs of one machine's users: in between everything else, and also while an engine is in the middle of
/// a system call's body.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class SimLane: TaskExecutor, @unchecked Sendable {
  private unowned let executor: SimExecutor

  package init(of executor: SimExecutor) { self.executor = executor }

  package func enqueue(_ job: consuming ExecutorJob) { executor.enqueueGuest(UnownedJob(job), on: self) }
}
