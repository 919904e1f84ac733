import SyncEngine
import SyncModel

/// What tells a node of changes in the bucket, as an event queue or a journal does: its messages come late, twice, in
/// any order or never, and wait while the node is away.
///
/// `@unchecked Sendable`: used only on the world's thread.
final class SimFeed: @unchecked Sendable {
  /// One message in so many is lost, comes twice, comes minutes late; 0: none.
  struct Traits: Equatable {
    var lost = 0
    var doubled = 0
    var belated = 0
    /// What is lost leaves a gap that is noticed, as in a journal.
    var noticesGaps = false
  }

  private static let second: Int64 = 1_000_000_000

  private let node: String
  private let traits: Traits
  private let executor: SimExecutor
  private let weather: Weather
  private let oracle: Oracle
  private var generator: SeededGenerator
  /// Nil: nobody takes what comes.
  private weak var engine: Engine?
  private var waiting: [RelativePath] = []
  /// As the engine was told last.
  private var isLive = false

  init(
    node: String, traits: Traits, executor: SimExecutor, weather: Weather, oracle: Oracle, generator: SeededGenerator
  ) {
    self.node = node
    self.traits = traits
    self.executor = executor
    self.weather = weather
    self.oracle = oracle
    self.generator = generator
  }

  /// Something was stored at this key or deleted there.
  func changed(_ key: String) {
    guard case .success(let path) = KeyMapping(prefix: "").path(ofKey: key) else { return }
    if weather.has(.feedSilent, at: node) || generator.oneIn(traits.lost) {
      oracle.count("feed lost")
      if traits.noticesGaps { later(Int64(generator.below(Int(10 * Self.second)))) { $0.noticesGap() } }
      return
    }
    send(path)
    guard generator.oneIn(traits.doubled) else { return }
    oracle.count("feed doubled")
    send(path)
  }

  private func send(_ path: RelativePath) {
    var delay = generator.below(Int(generator.oneIn(8) ? 10 * Self.second : Self.second))
    if generator.oneIn(traits.belated) {
      oracle.count("feed belated")
      delay *= 30
    }
    later(Int64(delay)) { $0.arrived(path) }
  }

  private func arrived(_ path: RelativePath) {
    waiting.append(path)
    deliver()
  }

  /// All that came by now, in one batch.
  private func deliver() {
    guard isLive, !waiting.isEmpty, let engine else { return }
    if let end = weather.end(of: .asleep, at: node) {
      later(end - executor.now) { $0.deliver() }
      return
    }
    // With its last object a folder goes that nothing else names.
    let paths = waiting.flatMap { [$0] + $0.ancestors }
    waiting = []
    oracle.count("feed told")
    oracle.note("\(node) hears of \(paths.map(\.string).joined(separator: " "))")
    _ = SimTask(on: executor) { await engine.hint(remote: paths) }
  }

  private func noticesGap() {
    guard isLive, let engine, !weather.has(.asleep, at: node) else { return }
    oracle.count("feed gap")
    oracle.note("\(node) misses something")
    _ = SimTask(on: executor) { await engine.lookAtBucket() }
  }

  /// A run begins: after a while its canary has come.
  func begins(_ engine: Engine) {
    self.engine = engine
    isLive = false
    watch(engine, in: Int64(generator.below(Int(5 * Self.second))))
  }

  func ends() { engine = nil }

  private func watch(_ engine: Engine, in delay: Int64) {
    later(delay) { [weak engine] feed in if let engine { feed.watch(engine) } }
  }

  /// Nothing that is still to come keeps a world that is over.
  private func later(_ delay: Int64, _ body: @escaping (SimFeed) -> Void) {
    executor.after(delay) { [weak self] in if let self { body(self) } }
  }

  /// Notices now and then whether anything comes, and tells.
  private func watch(_ engine: Engine) {
    guard engine === self.engine else { return }
    let isSilent = weather.has(.feedSilent, at: node)
    if isLive == isSilent {
      isLive = !isSilent
      oracle.count(isLive ? "feed live" : "feed silent")
      oracle.note("\(node)'s feed is \(isLive ? "live" : "silent")")
      _ = SimTask(on: executor) { [isLive] in await engine.feedChanged(isLive: isLive) }
      deliver()
    }
    watch(engine, in: Int64(1 + generator.below(20)) * Self.second)
  }
}
