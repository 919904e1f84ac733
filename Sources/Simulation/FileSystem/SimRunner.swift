package import LocalTree
internal import SyncModel

/// Runs the local tree's calls where they are asked for, on the world's thread, and its waits on the virtual clock.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class SimRunner: LocalRunner, @unchecked Sendable {
  private let kernel: SimKernel
  private var life: NodeLife { kernel.life }

  package init(_ kernel: SimKernel) { self.kernel = kernel }

  package func run<Value: Sendable>(_ body: @Sendable () throws -> Value) async throws -> Value {
    try await life.step()
    let result = Result { try body() }
    try life.check()
    return try result.get()
  }

  package func sleep(for duration: Duration) async throws {
    let (seconds, attoseconds) = duration.components
    try await life.executor.sleep(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    try life.check()
  }

  package func pump(_ makePump: @escaping @Sendable () -> (any EventPump)?) async throws {
    try await life.step()
    guard let pump = makePump() else { return }
    let signal = Signal()
    kernel.eventQueue(pump.queue)?.onEvent = { signal.raise() }
    while !Task.isCancelled {
      do { try pump.turn() } catch { return pump.fail(error) }
      try await wait(signal, until: pump.deadline)
      // The thread is woken late at times; what comes meanwhile is read with the rest.
      await life.executor.pause(Int64(life.below(life.oneIn(20) ? 1_000_000_000 : 20_000_000)))
      try life.check()
    }
  }

  private func wait(_ signal: Signal, until deadline: Int64) async throws {
    let executor = life.executor
    if deadline != .max { executor.after(max(0, deadline - executor.now) + 1) { signal.raise() } }
    await withTaskCancellationHandler {
      await signal.wait()
    } onCancel: {
      signal.raise()
    }
  }

  /// `@unchecked Sendable`: used only on the world's thread.
  private final class Signal: @unchecked Sendable {
    private var isRaised = false
    private var waiter: UnsafeContinuation<Void, Never>?

    func raise() {
      isRaised = true
      waiter?.resume()
      waiter = nil
    }

    func wait() async {
      if !isRaised { await withUnsafeContinuation { waiter = $0 } }
      isRaised = false
    }
  }
}
