import SyncEngine
import SyncModel

@testable import Simulation

/// A bucket and nodes for one directed history: the test says what happens when.
final class Stage {
  let executor = SimExecutor(seed: 1)
  let server: SimS3
  let oracle: Oracle
  let weather: Weather
  private var generator = SeededGenerator(seed: 7)
  private var nodes: [SimNode] = []
  /// How engines are ended that are none of a node's own runs.
  var crashes: [() -> Void] = []

  init() {
    server = SimS3(executor: executor, etagIgnoresMetadata: true)
    oracle = Oracle(executor: executor, isTracing: true)
    weather = Weather(executor: executor)
  }

  /// Brings what was started to its end: a task that waits for ever is never freed.
  deinit {
    for node in nodes { node.crash(oracle) }
    for crash in crashes { crash() }
    advance(.seconds(10))
  }

  /// Polls and full passes are as rare as they are in production unless `configure` says otherwise.
  func node(
    traits: LocalTraits = LocalTraits(), _ configure: (inout EngineOptions) -> Void = { _ in }
  ) -> SimNode {
    let number = nodes.count + 1
    var options = EngineOptions(nodeID: "N\(number)")
    options.largeSize = 40
    configure(&options)
    let node = SimNode(
      name: options.nodeID, number: UInt64(number), executor: executor, skew: 0, traits: traits, ledger: oracle,
      options: options, generator: generator.fork(), weather: weather)
    nodes.append(node)
    return node
  }

  func start(_ node: SimNode, pageSize: Int = 1000) {
    node.start(server: server, faults: .none, pageSize: pageSize, oracle: oracle)
  }

  func advance(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    executor.run(until: executor.now + seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }

  func put(_ key: String, _ text: String) {
    _ = try? server.put(key, Array(text.utf8), metadata: EntryMetadata(kind: .file), ifMatch: nil, isConditional: false)
  }

  /// Whether the trace has such a line.
  func saw(_ words: String) -> Bool { oracle.trace!.contains { $0.contains(words) } }

  func text(_ key: String) -> String? { server.objects[key].map { String(decoding: $0.content, as: UTF8.self) } }

  func status(of node: SimNode) -> EngineStatus? {
    final class Box: @unchecked Sendable { var status: EngineStatus? }
    let box = Box()
    guard let engine = node.engine else { return nil }
    let task = SimTask(on: executor) { box.status = await engine.currentStatus() }
    while !task.isDone { advance(.milliseconds(1)) }
    return box.status
  }
}

extension SimNode {
  func write(_ path: RelativePath, _ text: String) {
    disk.create(path, .file, Array(text.utf8))
  }

  func text(_ path: RelativePath) -> String? {
    disk.lookup(path).map { String(decoding: $0.content, as: UTF8.self) }
  }

  var names: [String] { disk.leaves().map(\.path.string) }
}

extension RelativePath: ExpressibleByStringLiteral {
  public init(stringLiteral text: String) { self.init(unchecked: text) }
}
