package import LocalTree
package import SyncEngine
package import SyncModel

/// The shipped local tree, and the ledger of what it did.
package struct JudgedLocalTree: LocalTreePort {
  let tree: LocalTree
  let kernel: SimKernel
  let life: NodeLife
  let ledger: any EffectLedger

  package init(tree: LocalTree, kernel: SimKernel, ledger: any EffectLedger) {
    self.tree = tree
    self.kernel = kernel
    life = kernel.life
    self.ledger = ledger
  }

  /// Counts why a call failed.
  private func counting<Value>(_ body: () async throws -> Value) async throws -> Value {
    do { return try await body() } catch let failure as LocalFailure {
      ledger.count("local \(failure.code)")
      throw failure
    }
  }

  package var watchState: WatchState { get async { await tree.watchState } }
  package func observe(_ path: RelativePath) async throws -> LocalObservation {
    try await counting { try await tree.observe(path) }
  }
  package func walk(_ directory: RelativePath) -> any LocalWalk { tree.walk(directory) }
  package func hasEntries(
    _ directory: RelativePath, where isIncluded: @Sendable (RelativePath) -> Bool
  ) async throws -> Bool { try await counting { try await tree.hasEntries(directory, where: isIncluded) } }
  package func read(
    _ path: RelativePath, expecting expected: LocalStamp, whileOpen open: OpenVersion
  ) async throws -> SmallContent {
    let content = try await counting { try await tree.read(path, expecting: expected, whileOpen: open) }
    if content.isOfOpenFile { ledger.count("local snapshot of an open file") }
    return content
  }
  package func fingerprint(
    _ path: RelativePath, expecting expected: LocalStamp, whileOpen open: OpenVersion
  ) async throws -> ContentCheck {
    try await counting { try await tree.fingerprint(path, expecting: expected, whileOpen: open) }
  }
  package func isOpenForWriting(_ path: RelativePath) async throws -> Bool {
    try await counting { try await tree.isOpenForWriting(path) }
  }
  package func openSnapshot(
    _ path: RelativePath, expecting expected: LocalStamp, whileOpen open: OpenVersion
  ) async throws -> any LocalSnapshot {
    let snapshot = try await counting { try await tree.openSnapshot(path, expecting: expected, whileOpen: open) }
    if snapshot.isOfOpenFile { ledger.count("local snapshot of an open file") }
    return snapshot
  }
  package func stage(for path: RelativePath, size: Int64) async throws -> any StagedFile {
    try await counting { try await tree.stage(for: path, size: size) }
  }
  package func sync(_ directories: Set<RelativePath>) async throws { try await tree.sync(directories) }
  package func run(_ sink: any HintSink) async throws { try await tree.run(sink) }
  package func checkRoot() async throws -> MountID { try await tree.checkRoot() }

  package func install(
    _ content: InstallContent, at path: RelativePath, metadata: EntryMetadata, fingerprint: Fingerprint,
    replacing expected: ExpectedLocal?
  ) async throws -> InstallOutcome {
    let displacements = Displacements()
    let outcome = try await counting {
      try await Displacements.$current.withValue(displacements) {
        try await tree.install(content, at: path, metadata: metadata, fingerprint: fingerprint, replacing: expected)
      }
    }
    switch outcome {
    case .installed:
      if case .symlink(let target) = content, LinkTarget.leadsOut(target, from: path) {
        ledger.violates("I6", "\(life.node) made \(path), a link that leads out of the root")
      }
      if let expected, let displaced = displacements.first { judge(displaced, expected, at: path, "replaced") }
      ledger.wrote("install \(path)", node: life.node)
    case .changed: ledger.count("local changed")
    case .busy: ledger.count("local busy")
    case .obstructed: ledger.count("local obstructed")
    }
    return outcome
  }

  package func remove(_ path: RelativePath, expecting expected: ExpectedLocal) async throws -> RemovalOutcome {
    let displacements = Displacements()
    let outcome = try await counting {
      try await Displacements.$current.withValue(displacements) { try await tree.remove(path, expecting: expected) }
    }
    switch outcome {
    case .removed:
      if let displaced = displacements.first {
        judge(displaced, expected, at: path, "removed")
        if isUnnoticedWrite(displaced, expected) {
          // Nothing told of it; found in the trash it comes back beside, which I1 judges at the end.
          ledger.count("local unnoticed write displaced")
        } else {
          ledger.removedLocally(path, content: displaced.content, node: life.node)
        }
      }
      ledger.wrote("remove \(path)", node: life.node)
    case .changed: ledger.count("local changed")
    case .busy: ledger.count("local busy")
    case .absent: break
    }
    return outcome
  }

  /// I2: what a call that went well took away is the version that it was told of, and nobody wrote to it then.
  private func judge(_ displaced: Displaced, _ expected: ExpectedLocal, at path: RelativePath, _ what: String) {
    let stamp = expected.stamp
    let size = Int64(displaced.content.count)
    func violate(_ why: String) { ledger.violates("I2", "\(life.node) \(what) \(path), \(why)") }
    if displaced.inode != stamp.inode || size != stamp.size || displaced.modified != stamp.modified {
      violate("which was not the version that it expected")
    } else if kernel.disk.traits.hasLeases {
      // Elsewhere nobody can tell who has a file open, and a write may put back size and time.
      if displaced.writers > 0, stamp.kind == .file { violate("which somebody had open for writing") }
      if let fingerprint = expected.fingerprint, SimContent.fingerprint(displaced.content) != fingerprint {
        violate("whose content had changed")
      }
    }
  }

  /// Without leases a write in the last moment that puts back size and time shows in the content only.
  private func isUnnoticedWrite(_ displaced: Displaced, _ expected: ExpectedLocal) -> Bool {
    guard !kernel.disk.traits.hasLeases, let fingerprint = expected.fingerprint else { return false }
    return displaced.inode == expected.stamp.inode && displaced.modified == expected.stamp.modified
      && SimContent.fingerprint(displaced.content) != fingerprint
  }

  package func copyAside(
    _ path: RelativePath, expecting expected: ExpectedLocal, to copy: RelativePath
  ) async throws -> CopyOutcome {
    let outcome = try await counting { try await tree.copyAside(path, expecting: expected, to: copy) }
    if case .copied = outcome { ledger.wrote("copyaside \(path) to \(copy)", node: life.node) }
    return outcome
  }

  package func keepInTrash(_ content: InstallContent, of path: RelativePath, fingerprint: Fingerprint) async throws {
    try await counting { try await tree.keepInTrash(content, of: path, fingerprint: fingerprint) }
    ledger.count("local kept a remote version in the trash")
  }

  package func makeDirectory(_ path: RelativePath, metadata: EntryMetadata?) async throws -> LocalStamp {
    let before = kernel.directoriesMade
    let stamp = try await counting { try await tree.makeDirectory(path, metadata: metadata) }
    if kernel.directoriesMade != before { ledger.wrote("mkdir \(path)", node: life.node) }
    return stamp
  }

  package func removeDirectory(_ path: RelativePath) async throws -> DirectoryRemovalOutcome {
    let outcome = try await counting { try await tree.removeDirectory(path) }
    if outcome == .removed { ledger.wrote("rmdir \(path)", node: life.node) }
    return outcome
  }

  package func applyMetadata(
    _ metadata: EntryMetadata, to path: RelativePath, expecting expected: LocalStamp
  ) async throws -> MetadataOutcome {
    let outcome = try await counting { try await tree.applyMetadata(metadata, to: path, expecting: expected) }
    if case .applied = outcome { ledger.wrote("metadata of \(path)", node: life.node) }
    return outcome
  }
}
