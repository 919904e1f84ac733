/// A piece of a world that runs on its own: an engine, a user.
///
/// `@unchecked Sendable`: touched only on the world's thread.
package final class SimTask: @unchecked Sendable {
  package private(set) var isDone = false
  package private(set) var failure: (any Error)?
  private var task: Task<Void, Never>?

  package init(on executor: any TaskExecutor, _ body: @escaping @Sendable () async throws -> Void) {
    task = Task(executorPreference: executor) {
      do { try await body() } catch { self.failure = error }
      self.isDone = true
    }
  }

  package func cancel() { task?.cancel() }
}
