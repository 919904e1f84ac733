import SyncModel

/// What is known about a path while it is being settled.
struct Sight: Sendable {
  var base: BaseEntry?
  var local: LocalState
  var remote: RemoteState
  /// The remote state is what the base says: good enough for conditional writes, which fail if it is not so.
  var remoteIsAssumed: Bool
  var head: RemoteHead?
  /// The local content, where it is small and was read.
  var content: SmallContent?
  var check: ContentCheck?
  var neighbours: Neighbours
  /// Of the dirty table when the local side was observed: a later hint voids what was read since.
  var generation: UInt64
}

extension Engine {
  /// Takes what the pass saw where no row was written since; observes the rest.
  func look(_ work: Work) async throws -> Sight {
    let path = work.path
    let generation = dirty.generation(of: path)
    let record =
      if let view = work.view, view.baseRevision == store.revision { view.base } else { try await store.row(path) }
    let revision = record?.revision ?? 0
    var sight = Sight(
      base: record?.entry, local: .unsupported, remote: .absent, remoteIsAssumed: false, neighbours: Neighbours(),
      generation: generation)
    if let view = work.view {
      sight.neighbours = view.neighbours
    } else if clashes[path] != nil {
      let below = try await remote.list(path.asDirectory, after: nil, continuation: nil, limit: 1)
      sight.neighbours.remoteHasDescendants = !below.entries.isEmpty
    }
    if let seen = work.view?.local, let view = work.view, revision <= view.localRevision {
      sight.local = seen
    } else {
      sight.local = try await observeLocal(path, &sight)
    }
    if try await resolveIntents(path, &sight) {
      sight.base = try await store.row(path)?.entry
      return sight
    }
    if let seen = work.view?.remote, let view = work.view, revision <= view.remoteRevision {
      sight.remote = seen
    } else if work.view?.remote != nil {
      try await observeRemote(path, &sight)
    } else if remoteNews.remove(path) != nil || mirror.takesObject(path) {
      try await observeRemote(path, &sight)
    } else {
      assumeRemote(path, &sight)
    }
    return sight
  }

  private func assumeRemote(_ path: RelativePath, _ sight: inout Sight) {
    sight.remoteIsAssumed = true
    guard let base = sight.base else {
      sight.remote = .absent
      return
    }
    if path.isDirectory {
      sight.remote = base.assumedDirectory
    } else {
      sight.remote = base.remote.map { .object($0) } ?? .absent
    }
  }

  func observeLocal(_ path: RelativePath, _ sight: inout Sight) async throws -> LocalState {
    sight.generation = dirty.generation(of: path)
    sight.content = nil
    sight.check = nil
    sight.neighbours.localIsDirectory = false
    switch try await local.observe(path) {
    case .absent(let mount): return .absent(mount: mount)
    case .unsupported(let reason):
      report(path.string, reason)
      return .unsupported
    case .below(let leaf):
      if case .present(let stamp) = try await local.observe(leaf) { return .absent(mount: stamp.mount) }
      return .unsupported
    case .present(let stamp):
      let isDirectory = stamp.kind == .directory
      if isDirectory == path.isDirectory {
        if isDirectory { try await observeEntries(path, &sight) }
        return .present(stamp)
      }
      sight.neighbours.localIsDirectory = isDirectory
      if isDirectory {
        mark(path.asDirectory, .localEvent)
        // What a new folder holds was never hinted by its own name.
        hintSink.hint(.subtree(path.asDirectory))
      }
      return .absent(mount: stamp.mount)
    }
  }

  private func observeEntries(_ path: RelativePath, _ sight: inout Sight) async throws {
    let filters = options.filters
    do {
      sight.neighbours.localHasEntries = try await local.hasEntries(path) { filters.includes($0) }
    } catch let failure as LocalFailure where failure.code == .vanished {
      sight.neighbours.localHasEntries = false
    }
  }

  /// Asks the server.
  func observeRemote(_ path: RelativePath, _ sight: inout Sight) async throws {
    sight.remoteIsAssumed = false
    sight.head = nil
    if path.isDirectory {
      let page = try await remote.list(path, after: nil, continuation: nil, limit: 2)
      if let first = page.entries.first {
        sight.remote = first.path == path ? .marker(first.stamp) : .implied
      } else {
        sight.remote = page.continuation == nil ? .absent : .implied
      }
    } else if let head = try await remote.head(path) {
      sight.head = head
      sight.remote = .object(head.object.stamp, metadata: head.object.metadata)
    } else {
      sight.remote = .absent
    }
  }
}
