import SyncModel

/// What a pass saw of one path.
struct Seen: Sendable {
  var path: RelativePath
  var base: BaseRecord?
  /// The store's before `base` was read.
  var baseRevision: Int64 = 0
  var local: LocalState?
  var localRevision: Int64 = 0
  var remote: RemoteState?
  var remoteRevision: Int64 = 0
  /// A directory whose first entry comes next in the local stream.
  var localHasEntries = false
  /// A local directory has this leaf's name.
  var localIsDirectory = false
}

/// Three ordered streams, merged. A leaf is held back until the stream has passed all that lies below its
/// name taken as a directory: `a` and `a/…` are not adjacent, `a.txt` lies between.
struct Merge {
  var local: LocalStream?
  var base: BaseStream
  var remote: RemoteStream?
  private var pending = PrefixStack<Seen>()
  /// Directories of the remote side and of the local one whose leaf's name is still pending.
  private var remoteBelow: Set<RelativePath> = []
  private var localDirectories: Set<RelativePath> = []
  private var isFinished = false

  init(local: LocalStream?, base: BaseStream, remote: RemoteStream?) {
    self.local = local
    self.base = base
    self.remote = remote
  }

  /// The paths that can be decided now, in order; nil at the end of all three streams.
  mutating func next() async throws -> [(Seen, Neighbours)]? {
    guard let seen = try await nextSeen() else {
      if isFinished { return nil }
      isFinished = true
      return pending.finish().map { ($0.value, neighbours($0.value)) }
    }
    var decided = pending.advance(to: seen.path).map { ($0.value, neighbours($0.value)) }
    if seen.path.isDirectory {
      if let state = seen.remote, state != .absent, pending.holds(seen.path.asLeaf) { remoteBelow.insert(seen.path) }
      decided.append((seen, neighbours(seen)))
    } else {
      pending.push(seen.path, seen)
    }
    return decided
  }

  private mutating func neighbours(_ seen: Seen) -> Neighbours {
    guard !seen.path.isDirectory else { return Neighbours(localHasEntries: seen.localHasEntries) }
    // Nearly every leaf: without a path for its name as a directory.
    if remoteBelow.isEmpty, localDirectories.isEmpty { return Neighbours() }
    let directory = seen.path.asDirectory
    return Neighbours(
      remoteHasDescendants: remoteBelow.remove(directory) != nil,
      localIsDirectory: localDirectories.remove(directory) != nil)
  }

  private mutating func nextSeen() async throws -> Seen? {
    // An asynchronous call for each path would take most of a merge's time.
    if local?.mustRead == true { try await local!.read() }
    if base.mustRead { try await base.read() }
    if remote?.mustRead == true { try await remote!.read() }
    let localHead = local?.head
    let baseHead = base.head
    let remoteHead = remote?.head()
    guard let path = least(least(localHead?.path, baseHead?.path), remoteHead?.path) else { return nil }
    var seen = Seen(path: path)
    if local != nil {
      if localHead?.path == path {
        let (entry, revision) = local!.take()
        seen.local = .present(entry.stamp)
        seen.localRevision = revision
        if path.isDirectory {
          if pending.holds(path.asLeaf) { localDirectories.insert(path) }
          if local!.mustRead { try await local!.read() }
          seen.localHasEntries = local!.head?.path.isBelow(path) ?? false
        }
      } else {
        let (state, revision) = local!.absence(of: path)
        seen.local = state
        seen.localRevision = revision
      }
    }
    if baseHead?.path == path { seen.base = base.take() }
    if case .absent(let mount)? = seen.local, let row = seen.base?.entry, !path.isDirectory, row.local.mount != mount {
      local!.noteOtherVolume()
    }
    seen.baseRevision = base.revision
    if remote != nil {
      seen.remoteRevision = remote!.revision
      if let remoteHead, remoteHead.path == path {
        seen.remote = remoteHead.state
        remote!.take()
      } else {
        seen.remote = .absent
      }
    }
    return seen
  }

  private func least(_ one: RelativePath?, _ other: RelativePath?) -> RelativePath? {
    guard let one, let other else { return one ?? other }
    return min(one, other)
  }
}
