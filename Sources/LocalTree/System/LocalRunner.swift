/// Where the work of `LocalTree` runs: threads in production, the seeded executor in simulation.
package protocol LocalRunner: Sendable {
  /// Runs blocking calls.
  func run<Value: Sendable>(_ body: @Sendable () throws -> Value) async throws -> Value

  func sleep(for duration: Duration) async throws

  /// Makes a pump and turns it whenever its queue has events or its deadline has come, until cancelled or until it
  /// fails.
  func pump(_ makePump: @escaping @Sendable () -> (any EventPump)?) async throws
}

/// Takes events from a queue of the kernel. Used by one thread.
package protocol EventPump {
  var queue: Int32 { get }
  /// When `turn` has something to do without an event; nanoseconds of uptime.
  var deadline: Int64 { get }
  func turn() throws
  func fail(_ error: any Error)
}
