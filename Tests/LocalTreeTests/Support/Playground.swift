import Checksums
import Glibc
import Logging
import NIOConcurrencyHelpers
import SyncEngine
import SyncModel

@testable import LocalTree

/// A root in a folder of its own, removed when released.
final class Playground: Sendable {
  let path: String

  init(in parent: String = "/tmp") {
    path = "\(parent)/martlet-local-\(String(UInt64.random(in: .min ... .max), radix: 36))"
    precondition(mkdir(path, 0o755) == 0, "cannot make \(path)")
  }

  deinit { Self.removeTree(path) }

  static func removeTree(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      unlink(path)
      return
    }
    chmod(path, 0o700)
    for name in names(path) { removeTree("\(path)/\(name)") }
    removeUndecodable(in: path)
    rmdir(path)
  }

  /// Files whose names are not UTF-8.
  private static func removeUndecodable(in path: String) {
    guard let directory = opendir(path) else { return }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      withUnsafePointer(to: &entry.pointee.d_name) {
        _ = $0.withMemoryRebound(to: CChar.self, capacity: 256) { unlinkat(dirfd(directory), $0, 0) }
      }
    }
  }

  static func names(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  func full(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ name: String, _ text: String, mode: mode_t = 0o644) { Self.write(full(name), text, mode: mode) }

  static func write(_ path: String, _ text: String, mode: mode_t = 0o644) {
    let file = open(path, O_WRONLY | O_CLOEXEC | O_CREAT | O_TRUNC, mode)
    precondition(file >= 0, "cannot write \(path): \(String(cString: strerror(errno)))")
    precondition(Glibc.write(file, text, text.utf8.count) == text.utf8.count)
    close(file)
  }

  func makeFolder(_ name: String) { precondition(mkdir(full(name), 0o755) == 0) }

  func read(_ name: String) -> String? { Self.read(full(name)) }

  static func read(_ path: String) -> String? {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while case let count = Glibc.read(file, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Names in the root, Martlet's own left out.
  var entries: [String] { Self.names(path).filter { $0 != ".martlet" } }

  /// Contents of the trash's slots.
  var trashed: [String] {
    let folder = full(".martlet/test/trash")
    return Self.names(folder).filter { Slot(name: $0) != nil }.compactMap { Self.read("\(folder)/\($0)") }.sorted()
  }

  var records: [String] { Self.names(full(".martlet/test/trash")).filter { Slot.parse(record: $0) != nil } }
  var staged: [String] { Self.names(full(".martlet/test/tmp")) }

  func tree(
    limits: MountCapabilities? = nil, quota: TrashQuota = TrashQuota(), usesOpenat2: Bool = true,
    isDurable: Bool = true,
    watch: WatchPolicy = .auto, symlinks: SymlinkPolicy = .preserve, preservesOwner: Bool = false,
    now: Timestamp? = nil, runner: any LocalRunner = sharedPool, hook: CommitHook? = nil
  ) throws -> LocalTree {
    let layout = try RootLayout(
      path, remoteID: "test", quota: quota, limits: limits, usesOpenat2: usesOpenat2, isDurable: isDurable)
    var options = LocalTree.Options(
      node: "n1", symlinks: symlinks, watch: watch,
      wallTime: { now ?? Timestamp(nanoseconds: LinuxKernel.shared.now()) })
    options.preservesOwner = preservesOwner
    return try LocalTree(
      layout, options: options, pool: runner,
      logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), hook: hook)
  }
}

let sharedPool = BlockingPool(threads: 8)

extension String {
  var path: RelativePath { RelativePath(unchecked: self) }
}

extension LocalTree {
  func read(_ path: RelativePath, expecting stamp: LocalStamp) async throws -> SmallContent {
    try await read(path, expecting: stamp, whileOpen: .rested(1_000_000_000))
  }

  func fingerprint(_ path: RelativePath, expecting stamp: LocalStamp) async throws -> ContentCheck {
    try await fingerprint(path, expecting: stamp, whileOpen: .rested(1_000_000_000))
  }

  func openSnapshot(_ path: RelativePath, expecting stamp: LocalStamp) async throws -> any LocalSnapshot {
    try await openSnapshot(path, expecting: stamp, whileOpen: .rested(1_000_000_000))
  }

  func stamp(_ path: String) async throws -> LocalStamp {
    guard case .present(let stamp) = try await observe(path.path) else { throw LocalFailure(.vanished, path) }
    return stamp
  }

  /// What a plan made now expects.
  func expected(_ path: String, isInBucket: Bool = true) async throws -> ExpectedLocal {
    let stamp = try await stamp(path)
    let check = try await fingerprint(path.path, expecting: stamp)
    return ExpectedLocal(
      stamp: stamp, fingerprint: check.fingerprint, isProvisional: check.isProvisional, isInBucket: isInBucket)
  }

  func install(
    _ text: String, at path: String, replacing expected: ExpectedLocal?, mode: UInt32? = nil, modified: Timestamp? = nil
  ) async throws -> InstallOutcome {
    try await install(
      .bytes(Array(text.utf8)), at: path.path,
      metadata: EntryMetadata(kind: .file, mode: mode, modified: modified),
      fingerprint: Fingerprint(of: Array(text.utf8)), replacing: expected)
  }

  /// Installs over what stands there now.
  func replace(_ path: String, with text: String, isInBucket: Bool = true, mode: UInt32? = nil) async throws
    -> InstallOutcome
  {
    try await install(text, at: path, replacing: try await expected(path, isInBucket: isInBucket), mode: mode)
  }

  /// Removes what stands there now.
  func remove(_ path: String, isInBucket: Bool = true) async throws -> RemovalOutcome {
    try await remove(path.path, expecting: try await expected(path, isInBucket: isInBucket))
  }

  func walkAll(_ start: RelativePath = .root) async throws -> LocalBatch {
    var all = LocalBatch()
    let walk = walk(start)
    while true {
      let batch = try await walk.next()
      all.entries += batch.entries
      all.problems += batch.problems
      all.unreadable += batch.unreadable
      if batch.isLast { return all }
    }
  }
}

/// Collects what the tree says.
final class RecordingSink: HintSink {
  private let state = NIOLockedValueBox<(hints: [LocalHint], reports: [String])>(([], []))
  var hints: [LocalHint] { state.withLockedValue { $0.hints } }
  var reports: [String] { state.withLockedValue { $0.reports } }
  func hint(_ hint: LocalHint) { state.withLockedValue { $0.hints.append(hint) } }
  func report(_ path: String, _ reason: String?) {
    state.withLockedValue { $0.reports.append("\(path): \(reason ?? "well again")") }
  }
  func clear() { state.withLockedValue { $0 = ([], []) } }
}

/// How much slower than usual everything is: under a sanitizer.
let testPatience = getenv("MARTLET_TEST_PATIENCE").flatMap { Int(String(cString: $0)) } ?? 1

/// Waits for an event of another thread or the kernel.
func eventually(within limit: Duration = .seconds(10), _ condition: @Sendable () -> Bool) async -> Bool {
  let end = ContinuousClock.now + limit * testPatience
  while ContinuousClock.now < end {
    if condition() { return true }
    try? await Task.sleep(for: .milliseconds(5))
  }
  return condition()
}

extension InstallOutcome {
  var isInstalled: Bool { if case .installed = self { true } else { false } }
  var stamp: LocalStamp? { if case .installed(let stamp, _) = self { stamp } else { nil } }
}

final class Counter: Sendable {
  private let box = NIOLockedValueBox(0)
  var value: Int { box.withLockedValue { $0 } }
  func next() -> Int {
    box.withLockedValue {
      $0 += 1
      return $0
    }
  }
}
