import SyncModel

extension Engine {
  func deleteLocal(_ path: RelativePath, _ stamp: LocalStamp, _ sight: inout Sight) async throws -> Outcome? {
    let intent = newIntent(.remove, path, nil)
    try await note(intent)
    let expected = expectation(stamp, sight)
    switch try await changingFolder(intent, { try await local.remove(path, expecting: expected) }) {
    case .removed:
      if let parent = path.parent { try await directorySync.sync(parent) }
      intents.remove(intent)
      try await store.apply([.forget(path), .closeIntent(intent.id)])
      if !intents.all(for: path).allSatisfy(\.isUnnamed) { mark(path, .retry, after: .seconds(1)) }
      committed(path, .deletedLocal)
      return .settled
    case .absent, .changed:
      try await close(intent)
      sight.local = try await observeLocal(path, &sight)
      return nil
    case .busy:
      try await close(intent)
      return try waitForWriter(
        of: path, sight, LocalFailure(.busy, "“\(path)” is open for writing; it is deleted when it is closed"))
    }
  }

  func deleteRemote(_ path: RelativePath, _ version: RemoteStamp, _ sight: inout Sight) async throws -> Outcome? {
    // Were the reply lost, what is found then would always look newer.
    if !version.isDated, sight.remoteIsAssumed {
      try await observeRemote(path, &sight)
      return nil
    }
    if sight.base?.isAgreed != true { try await keepUnknown(path, version) }
    try await keepEmptied(above: path)
    try await sendDelete(path, version)
    committed(path, .deletedRemote)
    return .settled
  }

  /// A folder that this deletion empties goes on existing here: its marker comes first, or other nodes
  /// would take the folder for deleted. Where the folders next to the path are gone too it is the first above them.
  func keepEmptied(above path: RelativePath) async throws {
    guard options.policy.directories != .none else { return }
    for directory in path.ancestors {
      if case .present(let stamp) = try await local.observe(directory) {
        if stamp.kind == .directory { try await keepEmptied(directory, stamp) }
        return
      }
    }
  }

  private func keepEmptied(_ directory: RelativePath, _ stamp: LocalStamp) async throws {
    guard try await store.row(directory)?.entry?.remote == nil else { return }
    let filters = options.filters
    guard try await !local.hasEntries(directory, where: { filters.includes($0) }) else { return }
    turn(directory, .emptiedFolderKept)
    do {
      try await sendMarker(directory, stamp)
    } catch let failure as RemoteFailure
      where failure.code == .conditionFailed || failure.code == .raced || failure.code == .notPossible
    {
      // Somebody else's marker keeps the folder as well; and a server without markers must not keep the file.
    }
  }

  /// Conditional delete, and its proof where the reply is lost.
  func sendDelete(_ path: RelativePath, _ version: RemoteStamp) async throws {
    let intent = newIntent(.delete, path, version)
    try await open(intent)
    do {
      try await remote.delete(path, expecting: version)
    } catch let failure as RemoteFailure where failure.code == .notFound {
      // Gone already: what was to be.
    } catch let failure as RemoteFailure where failure.code == .outcomeUnknown || failure.code == .server {
      try await keepUncertain(intent)
      throw failure
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      try await close(intent)
      throw error
    }
    let closed = takeIntents(for: path, endedBy: intent)
    try await store.apply([.forget(path)] + closed.map { .closeIntent($0.id) })
    recordedDirectories.remove(path)
  }

  func deleteMarker(_ path: RelativePath, _ version: RemoteStamp) async throws -> Outcome? {
    try await keepEmptied(above: path)
    try await sendDelete(path, version)
    committed(path, .markerDeleted)
    return .settled
  }
}
