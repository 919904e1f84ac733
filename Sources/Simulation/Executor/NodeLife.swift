/// One run of a node, from its start to its crash. After the crash nothing it still does has an effect.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class NodeLife: @unchecked Sendable {
  package let node: String
  package let executor: SimExecutor
  package private(set) var isAlive = true
  /// Is told of every port call before and after it; may crash the node there.
  var onCall: ((String, CrashPoint.Moment) -> Void)?
  private let weather: Weather
  private var generator: SeededGenerator

  package init(node: String, executor: SimExecutor, generator: SeededGenerator, weather: Weather? = nil) {
    self.weather = weather ?? Weather(executor: executor)
    self.node = node
    self.executor = executor
    self.generator = generator
  }

  package func crash() { isAlive = false }

  /// Throws where the node crashed: the dead see no results and cause no effects.
  package func check() throws { if !isAlive { throw CancellationError() } }

  /// One port call.
  func call<Result>(_ name: String, _ body: () async throws -> Result) async throws -> Result {
    try moment(name, .before)
    let result = try await body()
    await wakeUp()
    try moment(name, .after)
    return result
  }

  /// Nothing of a suspended machine goes on.
  private func wakeUp() async {
    while isAlive, let end = weather.end(of: .asleep, at: node) { await executor.pause(end - executor.now) }
  }

  private func moment(_ name: String, _ moment: CrashPoint.Moment) throws {
    try check()
    onCall?(name, moment)
    try check()
  }

  /// A place where everything else may run: mostly at once, sometimes after a while.
  package func step(longest: Int64 = 40_000_000) async throws {
    try check()
    switch generator.below(16) {
    case 0..<12: await Task.yield()
    case 12..<15: await executor.pause(Int64(generator.below(2_000_000)))
    default: await executor.pause(Int64(generator.below(Int(longest))))
    }
    await wakeUp()
    try check()
  }

  /// The same for the dead: a request that had left when its sender crashed may still arrive.
  package func travel(_ nanoseconds: Int64) async { await executor.pause(nanoseconds) }

  package func below(_ bound: Int) -> Int { generator.below(bound) }
  package func oneIn(_ odds: Int) -> Bool { generator.oneIn(odds) }
}
