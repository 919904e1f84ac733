import SyncEngine
import SyncModel

/// The local port with a look at every call: crash points, counters of outcomes, a root that vanishes.
///
/// `@unchecked Sendable`: used only on the world's thread.
final class WatchedLocal: LocalTreePort, @unchecked Sendable {
  private let tree: any LocalTreePort
  private let life: NodeLife
  private let oracle: Oracle
  private let weather: Weather

  init(_ tree: any LocalTreePort, life: NodeLife, oracle: Oracle, weather: Weather) {
    self.tree = tree
    self.life = life
    self.oracle = oracle
    self.weather = weather
  }

  /// - Parameter word: what came of the call, for the counters.
  private func call<Result>(
    _ name: String, _ word: (Result) -> String? = { _ in nil }, _ body: () async throws -> Result
  ) async throws -> Result {
    do {
      try life.check()
      if weather.has(.rootLost, at: life.node) {
        oracle.count("fault root lost")
        throw LocalFailure(.rootLost, "simulated: another volume stands in the root's place")
      }
      let result = try await life.call("local " + name, body)
      if let outcome = word(result) { oracle.count("local \(name): \(outcome)") }
      return result
    } catch let failure as LocalFailure {
      oracle.count("local \(name) fails: \(failure.code)")
      throw failure
    }
  }

  func observe(_ path: RelativePath) async throws -> LocalObservation {
    try await call("observe", Self.word) { try await tree.observe(path) }
  }

  func walk(_ directory: RelativePath) -> any LocalWalk {
    WatchedWalk(walk: tree.walk(directory)) { [self] body in try await call("walk", { _ in nil }, body) }
  }

  func hasEntries(_ directory: RelativePath, where isIncluded: @Sendable (RelativePath) -> Bool) async throws -> Bool {
    try await call("hasEntries") { try await tree.hasEntries(directory, where: isIncluded) }
  }

  func read(
    _ path: RelativePath, expecting expected: LocalStamp, whileOpen open: OpenVersion
  ) async throws -> SmallContent {
    try await call("read", Self.word) { try await tree.read(path, expecting: expected, whileOpen: open) }
  }

  func fingerprint(
    _ path: RelativePath, expecting expected: LocalStamp, whileOpen open: OpenVersion
  ) async throws -> ContentCheck {
    try await call("fingerprint") { try await tree.fingerprint(path, expecting: expected, whileOpen: open) }
  }

  func isOpenForWriting(_ path: RelativePath) async throws -> Bool {
    try await call("isOpenForWriting") { try await tree.isOpenForWriting(path) }
  }

  func openSnapshot(
    _ path: RelativePath, expecting expected: LocalStamp, whileOpen open: OpenVersion
  ) async throws -> any LocalSnapshot {
    let snapshot = try await call("snapshot") {
      try await tree.openSnapshot(path, expecting: expected, whileOpen: open)
    }
    return WatchedSnapshot(snapshot: snapshot) { [self] body in
      try await call("verify", { $0 == .changed ? "changed" : "stable" }, body)
    }
  }

  func stage(for path: RelativePath, size: Int64) async throws -> any StagedFile {
    try await call("stage") { try await tree.stage(for: path, size: size) }
  }

  func install(
    _ content: InstallContent, at path: RelativePath, metadata: EntryMetadata, fingerprint: Fingerprint,
    replacing expected: ExpectedLocal?
  ) async throws -> InstallOutcome {
    try await call("install", Self.word) {
      try await tree.install(content, at: path, metadata: metadata, fingerprint: fingerprint, replacing: expected)
    }
  }

  func remove(_ path: RelativePath, expecting expected: ExpectedLocal) async throws -> RemovalOutcome {
    try await call("remove", Self.word) { try await tree.remove(path, expecting: expected) }
  }

  func copyAside(
    _ path: RelativePath, expecting expected: ExpectedLocal, to copy: RelativePath
  ) async throws -> CopyOutcome {
    try await call("copyAside", Self.word) {
      try await tree.copyAside(path, expecting: expected, to: copy)
    }
  }

  func keepInTrash(_ content: InstallContent, of path: RelativePath, fingerprint: Fingerprint) async throws {
    try await call("keepInTrash") {
      try await tree.keepInTrash(content, of: path, fingerprint: fingerprint)
    }
  }

  func makeDirectory(_ path: RelativePath, metadata: EntryMetadata?) async throws -> LocalStamp {
    try await call("makeDirectory") {
      try await tree.makeDirectory(path, metadata: metadata)
    }
  }

  func removeDirectory(_ path: RelativePath) async throws -> DirectoryRemovalOutcome {
    try await call("removeDirectory", Self.word) { try await tree.removeDirectory(path) }
  }

  func applyMetadata(_ metadata: EntryMetadata, to path: RelativePath, expecting expected: LocalStamp) async throws
    -> MetadataOutcome
  {
    try await call("applyMetadata", Self.word) {
      try await tree.applyMetadata(metadata, to: path, expecting: expected)
    }
  }

  func sync(_ directories: Set<RelativePath>) async throws {
    try await call("sync") { try await tree.sync(directories) }
  }

  func run(_ sink: any HintSink) async throws { try await tree.run(sink) }

  var watchState: WatchState { get async { await tree.watchState } }

  func checkRoot() async throws -> MountID { try await call("checkRoot") { try await tree.checkRoot() } }

  private static func word(_ content: SmallContent) -> String {
    content.isOfOpenFile ? "of an open file" : content.isProvisional ? "provisional" : "stable"
  }

  private static func word(_ observation: LocalObservation) -> String {
    switch observation {
    case .absent: "absent"
    case .present(let stamp):
      switch stamp.kind {
      case .file: "file"
      case .symlink: "symlink"
      case .directory: "directory"
      }
    case .unsupported: "unsupported"
    case .below: "below a leaf"
    }
  }

  private static func word(_ outcome: InstallOutcome) -> String {
    switch outcome {
    case .installed(_, let isProvisional): isProvisional ? "installed provisionally" : "installed"
    case .changed: "changed"
    case .busy: "busy"
    case .obstructed: "obstructed"
    }
  }

  private static func word(_ outcome: RemovalOutcome) -> String {
    switch outcome {
    case .removed: "removed"
    case .absent: "absent"
    case .changed: "changed"
    case .busy: "busy"
    }
  }

  private static func word(_ outcome: DirectoryRemovalOutcome) -> String {
    switch outcome {
    case .removed: "removed"
    case .absent: "absent"
    case .notEmpty: "notEmpty"
    }
  }

  private static func word(_ outcome: MetadataOutcome) -> String { outcome == .changed ? "changed" : "applied" }

  private static func word(_ outcome: CopyOutcome) -> String {
    switch outcome {
    case .copied: "copied"
    case .existed: "existed"
    case .taken: "taken"
    case .changed: "changed"
    case .busy: "busy"
    }
  }
}

/// `@unchecked Sendable`: used only on the world's thread.
private final class WatchedWalk: LocalWalk, @unchecked Sendable {
  private let walk: any LocalWalk
  private let call: (() async throws -> LocalBatch) async throws -> LocalBatch

  init(walk: any LocalWalk, call: @escaping (() async throws -> LocalBatch) async throws -> LocalBatch) {
    self.walk = walk
    self.call = call
  }

  func next() async throws -> LocalBatch { try await call { try await walk.next() } }
}

/// `@unchecked Sendable`: used only on the world's thread.
private final class WatchedSnapshot: LocalSnapshot, @unchecked Sendable {
  private let snapshot: any LocalSnapshot
  private let call: (() async throws -> SnapshotVerdict) async throws -> SnapshotVerdict

  init(
    snapshot: any LocalSnapshot, call: @escaping (() async throws -> SnapshotVerdict) async throws -> SnapshotVerdict
  ) {
    self.snapshot = snapshot
    self.call = call
  }

  var size: Int64 { snapshot.size }
  var stamp: LocalStamp { snapshot.stamp }
  var isOfOpenFile: Bool { snapshot.isOfOpenFile }
  func read(at offset: Int64, count: Int) async throws -> [UInt8] { try await snapshot.read(at: offset, count: count) }
  func verify() async throws -> SnapshotVerdict { try await call { try await snapshot.verify() } }
  func close() async { await snapshot.close() }
}
