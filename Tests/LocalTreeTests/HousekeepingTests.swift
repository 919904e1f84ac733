import Glibc
import NIOConcurrencyHelpers
import Testing

@testable import LocalTree

/// What `run` does beside watching.
@Suite(.timeLimit(.minutes(1))) struct HousekeepingTests {
  private let ground = Playground()

  /// A pool on which every pause of a second is over at once, from a time on, and any other never.
  private final class HurriedRunner: LocalRunner {
    private let pauses = NIOLockedValueBox(0)
    private let isReleased = NIOLockedValueBox(false)
    /// Of a second, that have ended.
    var count: Int { pauses.withLockedValue { $0 } }

    func release() { isReleased.withLockedValue { $0 = true } }

    func run<Value: Sendable>(_ body: @Sendable () throws -> Value) async throws -> Value {
      try await sharedPool.run(body)
    }

    func sleep(for duration: Duration) async throws {
      guard duration == .seconds(1) else { return try await Task.sleep(for: .seconds(3600)) }
      while !isReleased.withLockedValue({ $0 }) {
        try Task.checkCancellation()
        await Task.yield()
      }
      try Task.checkCancellation()
      pauses.withLockedValue { $0 += 1 }
    }

    func pump(_ makePump: @escaping @Sendable () -> (any EventPump)?) async throws {
      try await sharedPool.pump(makePump)
    }
  }

  @Test func `A displaced file is followed until its writer is done, and then nothing is asked any more`() async throws
  {
    ground.write("f", "old")
    let outside = Playground()
    link(ground.full("f"), outside.full("h"))
    let runner = HurriedRunner()
    let tree = try ground.tree(watch: .poll, runner: runner)
    let running = Task { try await tree.run(RecordingSink()) }
    defer { running.cancel() }
    #expect(try await tree.replace("f", with: "new").isInstalled)
    let file = open(outside.full("h"), O_WRONLY | O_CLOEXEC)
    runner.release()
    while runner.count < 3 { await Task.yield() }
    #expect(tree.displaced.count == 1)
    #expect(write(file, "mine", 4) == 4)
    close(file)
    while ground.entries.count < 2 || tree.displaced.count > 0 { await Task.yield() }
    #expect(ground.entries.compactMap { ground.read($0) }.sorted() == ["mine", "new"])
    // One wish may still be under way.
    let after = runner.count
    for _ in 0..<1000 { await Task.yield() }
    #expect(runner.count <= after + 1)
  }
}
