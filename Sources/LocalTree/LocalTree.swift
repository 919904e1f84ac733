internal import CLinux
internal import Glibc
package import Logging
internal import NIOConcurrencyHelpers
package import SyncEngine
package import SyncModel

/// The root as the engine's local port: confined, and changed only by the verified commits of
/// docs/architecture.md.
package final class LocalTree: LocalTreePort {
  package struct Options: Sendable {
    /// Named in conflict copies.
    package var node: String
    /// Of the key prefix, bytes; conflict copies must fit into a key.
    package var prefixLength: Int
    package var symlinks: SymlinkPolicy
    package var watch: WatchPolicy
    /// User and group are a part of what is synced.
    package var preservesOwner = false
    /// False for a run that only looks.
    package var expiresTrash = true
    /// Entries in a batch of a walk at most.
    package var walkBatch = 500
    /// For ages and names in the trash.
    package var wallTime: @Sendable () -> Timestamp

    package init(
      node: String, prefixLength: Int = 0, symlinks: SymlinkPolicy = .preserve, watch: WatchPolicy = .auto,
      wallTime: @escaping @Sendable () -> Timestamp = { Timestamp(nanoseconds: LinuxKernel.shared.now()) }
    ) {
      self.node = node
      self.prefixLength = prefixLength
      self.symlinks = symlinks
      self.watch = watch
      self.wallTime = wallTime
    }
  }

  let layout: RootLayout
  let runner: any LocalRunner
  let options: Options
  let observer: Observer
  let reader: StableReader
  let committer: Committer
  let displaced: DisplacedWatch
  let retention: Retention
  let relay = HintRelay()
  let watcher: Watcher

  /// Finishes or takes up what an earlier run left behind: unfinished replacements become conflict copies or
  /// trash, by checksum.
  /// - Parameter hook: Told of each step of a commit.
  package init(
    _ layout: RootLayout, options: Options, pool runner: any LocalRunner, logger: Logger, hook: CommitHook? = nil
  ) throws {
    self.layout = layout
    self.runner = runner
    self.options = options
    observer = Observer(
      root: layout.root, mounts: layout.mounts, symlinks: options.symlinks,
      ownership: Ownership(isKept: options.preservesOwner, logger: logger))
    reader = StableReader(observer: observer, runner: runner)
    let keeper = ConflictKeeper(
      observer: observer, relay: relay, node: options.node, prefixLength: options.prefixLength, logger: logger)
    displaced = DisplacedWatch(keeper: keeper)
    retention = Retention(keeper: keeper, displaced: displaced)
    committer = Committer(
      root: layout.root, observer: observer, displaced: displaced, wallTime: options.wallTime, hook: hook)
    watcher = Watcher(
      observer: observer, relay: relay, policy: options.watch, runner: runner, logger: logger)
    // A run that only looks at the root first may be over before it meets them, and before it would look again.
    for path in layout.mountsWithState() { _ = try? observer.observe(path) }
    for mount in layout.mounts.all { try displaced.takeUp(on: mount) }
    displaced.poll()
    // A run with --once is over before it would keep house.
    if options.expiresTrash { for mount in layout.mounts.all { keepInBounds(mount) } }
  }

  private func keepInBounds(_ mount: Mount) {
    do { try retention.enforce(on: mount, now: options.wallTime()) } catch {
      relay.report("\(ReservedNames.state)", "the trash cannot be kept in bounds (\(error))")
    }
  }

  /// Runs blocking work on the pool and names the path in what fails.
  func perform<Value: Sendable>(_ path: RelativePath, _ body: @Sendable () throws -> Value) async throws -> Value {
    try await runner.run { try reportingFailures(at: path.description, body) }
  }
}

// MARK: looking

extension LocalTree {
  package func observe(_ path: RelativePath) async throws -> LocalObservation {
    try await perform(path) { try observer.observe(path) }
  }

  package func walk(_ directory: RelativePath) -> any LocalWalk {
    TreeWalk(directory, observer: observer, runner: runner, batchSize: options.walkBatch)
  }

  package func hasEntries(
    _ directory: RelativePath, where isIncluded: @Sendable (RelativePath) -> Bool
  ) async throws -> Bool {
    try await perform(directory) {
      var found = false
      try observer.open(directory).forEachName { bytes, type in
        guard let name = String(validating: bytes, as: UTF8.self),
          [DT_REG, DT_LNK, DT_DIR, DT_UNKNOWN].contains(Int(type))
        else { return true }
        let path = directory.appending(name, isDirectory: Int(type) == DT_DIR)
        found = ReservedNames.match(in: path) == nil && isIncluded(path)
        return !found
      }
      return found
    }
  }

  package func read(
    _ path: RelativePath, expecting expected: LocalStamp, whileOpen open: OpenVersion
  ) async throws -> SmallContent {
    try await perform(path) { try reader.read(path, expecting: expected, whileOpen: open) }
  }

  package func fingerprint(
    _ path: RelativePath, expecting expected: LocalStamp, whileOpen open: OpenVersion
  ) async throws -> ContentCheck {
    try await perform(path) { try reader.fingerprint(path, expecting: expected, whileOpen: open) }
  }

  package func openSnapshot(
    _ path: RelativePath, expecting expected: LocalStamp, whileOpen open: OpenVersion
  ) async throws -> any LocalSnapshot {
    try await perform(path) { try reader.openSnapshot(path, expecting: expected, whileOpen: open) }
  }

  package func isOpenForWriting(_ path: RelativePath) async throws -> Bool {
    try await perform(path) { try reader.isOpenForWriting(path) }
  }

  /// Whether the root was lost and is back, but as another folder than the one that is open.
  package func rootIsBack() async -> Bool { (try? await perform(.root) { layout.isBack() }) ?? false }

  package func checkRoot() async throws -> MountID {
    try await perform(.root) { try layout.check() }
  }
}

// MARK: changing

extension LocalTree {
  package func refusal(toChange path: RelativePath) async throws -> String? {
    guard observer.follower != nil else { return nil }
    return try await perform(path) {
      try observer.followedLink(at: path).map {
        "is left as it is here: “\($0)” is a symbolic link that is followed, and nothing is changed behind it; change "
          + "what it leads to, or put a file or folder in its place"
      }
    }
  }

  package func stage(for path: RelativePath, size: Int64) async throws -> any StagedFile {
    try await perform(path) {
      var directory: RelativePath = path.parent ?? .root
      while true {
        do {
          let mount = try observer.mount(of: layout.root.open(directory), at: directory)
          return try StagedContent(on: mount, for: path.string, size: size)
        } catch let error as SystemError where [ENOENT, ENOTDIR, ELOOP].contains(error.code) {
          guard let next = directory.parent else { throw error }
          directory = next
        }
      }
    }
  }

  package func install(
    _ content: InstallContent, at path: RelativePath, metadata: EntryMetadata, fingerprint: Fingerprint,
    replacing expected: ExpectedLocal?
  ) async throws -> InstallOutcome {
    try await perform(path) {
      try committer.install(content, at: path, metadata: metadata, fingerprint: fingerprint, replacing: expected)
    }
  }

  package func remove(_ path: RelativePath, expecting expected: ExpectedLocal) async throws -> RemovalOutcome {
    try await perform(path) { try committer.remove(path, expecting: expected) }
  }

  package func copyAside(
    _ path: RelativePath, expecting expected: ExpectedLocal, to copy: RelativePath
  ) async throws -> CopyOutcome {
    try await perform(path) { try committer.copyAside(path, expecting: expected, to: copy, reader: reader) }
  }

  package func keepInTrash(_ content: InstallContent, of path: RelativePath, fingerprint: Fingerprint) async throws {
    try await perform(path) { try committer.keepInTrash(content, of: path, fingerprint: fingerprint) }
  }

  package func makeDirectory(_ path: RelativePath, metadata: EntryMetadata?) async throws -> LocalStamp {
    try await perform(path) { try committer.makeDirectory(path, metadata: metadata) }
  }

  package func removeDirectory(_ path: RelativePath) async throws -> DirectoryRemovalOutcome {
    try await perform(path) { try committer.removeDirectory(path) }
  }

  package func applyMetadata(
    _ metadata: EntryMetadata, to path: RelativePath, expecting expected: LocalStamp
  ) async throws -> MetadataOutcome {
    try await perform(path) {
      // As where a file system refuses modes and times: the two sides differ in them, and stay so.
      if try observer.followedLink(at: path) != nil { return .applied(expected) }
      return try committer.applyMetadata(metadata, to: path, expecting: expected)
    }
  }

  package func sync(_ directories: Set<RelativePath>) async throws {
    // Parents too: they may have been made for these.
    let all = directories.reduce(into: directories.union([.root])) { $0.formUnion($1.ancestors) }
    try await perform(.root) {
      for directory in all.sorted() {
        // One that is gone has no names to keep.
        do { try layout.root.open(directory, O_RDONLY).sync() } catch let error as SystemError
          where [ENOENT, ENOTDIR, ELOOP].contains(error.code)
        {}
      }
    }
  }
}

// MARK: running

extension LocalTree {
  package var watchState: WatchState { get async { watcher.state } }

  package func run(_ sink: any HintSink) async throws {
    relay.connect(sink)
    defer { relay.connect(nil) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.watcher.run() }
      group.addTask { try await self.followDisplaced() }
      group.addTask { try await self.keepTrash() }
      try await group.waitForAll()
    }
  }

  /// Looks after displaced files every second, while there are any.
  private func followDisplaced() async throws {
    while true {
      await displaced.isNeeded.wait()
      try await runner.sleep(for: .seconds(1))
      try await runner.run { displaced.poll() }
    }
  }

  /// Looks after the trash's bounds, and after what an earlier run left on mounts that were met since, every minute;
  /// not at once, since it is from the server that a clock that is wrong at the start is known to be so.
  private func keepTrash() async throws {
    try await runner.sleep(for: .seconds(10))
    var isReported = false
    while true {
      let failures = try await runner.run {
        layout.mounts.all.compactMap { mount -> String? in
          do {
            try displaced.takeUp(on: mount)
            try retention.enforce(on: mount, now: options.wallTime())
            return nil
          } catch { return (error as? SystemError)?.text ?? "\(error)" }
        }
      }
      if let failure = failures.first {
        relay.report(ReservedNames.state, "the trash cannot be kept in bounds (\(failure))")
      } else if isReported {
        relay.report(ReservedNames.state, nil)
      }
      isReported = !failures.isEmpty
      try await runner.sleep(for: .seconds(isReported ? 1 : 60))
    }
  }
}
