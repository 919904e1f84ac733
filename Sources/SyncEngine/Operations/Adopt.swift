import SyncModel

extension Engine {
  /// Writes the row that the two sides prove.
  func adopt(_ path: RelativePath, _ stamp: LocalStamp, _ state: RemoteState, _ sight: Sight) async throws {
    if path.isDirectory {
      try await record(directory: path, stamp, remote: state.stamp)
      return
    }
    guard var entry = sight.base else { return }
    entry.local = stamp
    entry.isProvisional = sight.check?.isProvisional ?? entry.isProvisional
    entry.isLocalChanged = false
    if case .object(let version, let metadata) = state {
      let wasUndated = entry.remote.map { !$0.isDated } ?? false
      entry.remote = wasUndated ? untilDistinct(version) : version
      if let metadata { entry.metadata = metadata }
    }
    // Where stamps never prove anything (tmpfs) the row stays provisional, and is not written for that.
    guard entry != sight.base else { return }
    try await store.apply([.record(entry)])
  }

  func record(directory path: RelativePath, _ stamp: LocalStamp, remote: RemoteStamp?) async throws {
    let entry = BaseEntry(
      path: path, local: stamp, remote: remote, fingerprint: nil, metadata: EntryMetadata(kind: .directory))
    let parents = path.ancestors.filter { !recordedDirectories.contains($0) }
    try await store.apply([.record(entry)] + parents.map { implied($0, mount: stamp.mount) })
    remember(directories: parents + [path])
  }

  /// The row of a directory that both sides have because of what lies in it.
  private func implied(_ directory: RelativePath, mount: MountID) -> BaseChange {
    let stamp = LocalStamp(
      kind: .directory, mount: mount, inode: 0, size: 0, modified: Timestamp(nanoseconds: 0),
      changed: Timestamp(nanoseconds: 0), mode: 0o755)
    return .recordIfAbsent(
      BaseEntry(
        path: directory, local: stamp, remote: nil, fingerprint: nil, metadata: EntryMetadata(kind: .directory)))
  }

  func forget(_ path: RelativePath) async throws {
    try await store.apply([.forget(path)])
    recordedDirectories.remove(path)
    // Without a row no pass looks here again: what an unfinished upload or an uncertain write left is seen to now.
    if !intents.all(for: path).allSatisfy(\.isUnnamed) { mark(path, .retry, after: .seconds(1)) }
  }

  /// Before anything is sent for it, or its row says that both sides have it: a name that a power failure took back
  /// would look like a deletion.
  ///
  /// Throws `changed` where another file has the name by now, or none: its folder may have been moved away before it
  /// could be synced, and another one stand in its place.
  func makeNameDurable(_ path: RelativePath, of stamp: LocalStamp? = nil) async throws {
    if let parent = path.parent { try await directorySync.sync(parent) }
    guard let stamp, !path.isDirectory else { return }
    guard case .present(let found) = try await local.observe(path), found.inode == stamp.inode,
      found.mount == stamp.mount
    else { throw LocalFailure(.changed, "“\(path)” was moved") }
  }

  /// The rows of a commit: the entry, its parents (both sides have them now), the intent's end.
  func commit(_ entry: BaseEntry, closing intent: Intent? = nil, as change: CommittedChange) async throws {
    if change == .adopted { try await makeNameDurable(entry.path, of: entry.local) }
    var entry = entry
    if change == .metadataUploaded || change == .metadataApplied { entry.remote = entry.remote.map(untilDistinct) }
    var changes: [BaseChange] = [.record(entry)]
    let parents = entry.path.ancestors.filter { !recordedDirectories.contains($0) }
    changes += parents.map { implied($0, mount: entry.local.mount) }
    let closed = takeIntents(for: entry.path, endedBy: intent)
    changes += closed.map { .closeIntent($0.id) }
    try await store.apply(changes)
    remember(directories: parents)
    switch change {
    case .uploaded, .downloaded, .adopted, .renamedRemote:
      // What was said about an earlier version is over.
      report(entry.path.string, nil)
      if let content = entry.fingerprint { arrivals.add(content, at: entry.path, now: environment.uptime()) }
    default: break
    }
    committed(entry.path, change, bytes: entry.local.size)
  }

  func committed(_ path: RelativePath, _ change: CommittedChange, bytes: Int64 = 0) {
    failedConditions[path] = nil
    status.committed[change, default: 0] += 1
    limit.succeeded(bytes: bytes, inFlight: running.count, now: environment.uptime())
    observer.record(.committed(path, change))
  }

  private func remember(directories: [RelativePath]) {
    if recordedDirectories.count > 10_000 { recordedDirectories = [] }
    recordedDirectories.formUnion(directories)
  }
}
