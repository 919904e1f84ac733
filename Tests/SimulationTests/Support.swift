import LocalTree
import Logging
import Simulation
import SyncEngine
import SyncModel

/// Runs `body` to its end under a seeded executor.
func simulated(
  seed: UInt64 = 1, _ body: @escaping @Sendable (SimExecutor) async throws -> Void
) throws -> SimExecutor {
  let executor = SimExecutor(seed: seed)
  let task = SimTask(on: executor) { try await body(executor) }
  executor.run(until: 3_600_000_000_000, isDone: { task.isDone })
  if let failure = task.failure { throw failure }
  guard task.isDone else { throw NeverEnded() }
  return executor
}

/// `@unchecked Sendable`: used only on the thread of its simulated world.
final class Recorder: @unchecked Sendable {
  var values: [Int] = []
}

struct NeverEnded: Error {}

/// Counts what the ports report.
///
/// `@unchecked Sendable`: used only on the thread of its simulated world.
final class TestLedger: EffectLedger, @unchecked Sendable {
  private(set) var counters: [String: Int] = [:]
  private(set) var writes: [String] = []

  func count(_ what: String) { counters[what, default: 0] += 1 }
  func note(_ line: @autoclosure () -> String) {}
  func removedLocally(_ path: RelativePath, content: [UInt8], node: String) {}
  func removedRemotely(_ path: RelativePath, content: [UInt8], node: String) {}
  func wrote(_ description: @autoclosure () -> String, node: String) { writes.append(description()) }
}

/// A disk with its adapter, or a bucket with a way to it.
struct Bench: Sendable {
  let executor: SimExecutor
  let life: NodeLife
  let disk: SimFileSystem
  let kernel: SimKernel
  let tree: JudgedLocalTree
  let server: SimS3
  let remote: SimRemoteTree
  let ledger = TestLedger()
  /// How a test acts between two system calls.
  let interference: Interference

  init(
    _ executor: SimExecutor, faults: FaultPlan = .none, pageSize: Int = 1000, traits: LocalTraits = LocalTraits(),
    isInterfered: Bool = false, hook: (@Sendable (SimFileSystem, CommitStep) -> Void)? = nil
  ) throws {
    self.executor = executor
    let environment = SimEnvironment(executor: executor, skew: 0, generator: SeededGenerator(seed: 2))
    life = NodeLife(node: "A", executor: executor, generator: SeededGenerator(seed: 3))
    let disk = SimFileSystem(mount: MountID(1), environment: environment, traits: traits)
    self.disk = disk
    interference = Interference(executor: executor, ledger: ledger, generator: SeededGenerator(seed: 4))
    kernel = SimKernel(disk: disk, life: life, interference: isInterfered ? interference : nil)
    tree = JudgedLocalTree(
      tree: try LocalTree(
        RootLayout(SimKernel.rootPath, remoteID: "remote", kernel: kernel), options: .init(node: "A"),
        pool: SimRunner(kernel), logger: Logger(label: "A", factory: { _ in SwiftLogNoOpLogHandler() }),
        hook: { step in hook?(disk, step) }),
      kernel: kernel, ledger: ledger)
    server = SimS3(executor: executor, etagIgnoresMetadata: false)
    remote = SimRemoteTree(server: server, life: life, faults: faults, ledger: ledger, pageSize: pageSize)
  }
}

func path(_ text: String) -> RelativePath { RelativePath(unchecked: text) }

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

func small(_ text: String, at stamp: LocalStamp = LocalStamp.any) -> SmallContent {
  SmallContent(
    bytes: bytes(text), fingerprint: SimContent.fingerprint(bytes(text)), stamp: stamp, isProvisional: false)
}

extension LocalStamp {
  static let any = LocalStamp(
    kind: .file, mount: MountID(1), inode: 1, size: 0, modified: Timestamp(seconds: 1), changed: Timestamp(seconds: 1),
    mode: 0o644)
}

extension EntryMetadata {
  static let file = EntryMetadata(kind: .file, mode: 0o644, modified: Timestamp(seconds: 1_700_000_000))
}

extension LocalTreePort {
  func openSnapshot(_ path: RelativePath, expecting stamp: LocalStamp) async throws -> any LocalSnapshot {
    try await openSnapshot(path, expecting: stamp, whileOpen: .rested(1_000_000_000))
  }

  func read(_ path: RelativePath, expecting stamp: LocalStamp) async throws -> SmallContent {
    try await read(path, expecting: stamp, whileOpen: .rested(1_000_000_000))
  }

  func stamp(of name: String) async throws -> LocalStamp? {
    if case .present(let stamp) = try await observe(path(name)) { stamp } else { nil }
  }

  func install(_ text: String, at name: String, replacing expected: LocalStamp?) async throws -> InstallOutcome {
    try await install(
      .bytes(bytes(text)), at: path(name), metadata: .file, fingerprint: SimContent.fingerprint(bytes(text)),
      replacing: expected.map { ExpectedLocal(stamp: $0, fingerprint: nil, isInBucket: true) })
  }
}

extension InstallOutcome {
  var isInstalled: Bool { if case .installed = self { true } else { false } }
}
