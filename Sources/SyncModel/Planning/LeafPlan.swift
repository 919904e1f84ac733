/// The plan for a file or symbolic link. See docs/planner.md, which has this code as a table.
struct LeafPlan {
  struct Object {
    var stamp: RemoteStamp
    var metadata: EntryMetadata?
    var state: RemoteState { .object(stamp, metadata: metadata) }
  }

  /// A row without a remote version proves nothing about a leaf, nor does one of sides that never agreed.
  private let base: BaseEntry?
  /// Without a remote version: the root alone had it when the sides met.
  private let apart: BaseEntry?
  private let hasRow: Bool
  private let object: Object?
  private let policy: Policy
  private var neighbours: Neighbours

  init(base: BaseEntry?, object: Object?, policy: Policy, neighbours: Neighbours) {
    let isApart = base?.isApart ?? false
    self.base = isApart || base?.remote == nil ? nil : base
    apart = isApart ? base : nil
    hasRow = base != nil
    self.object = object
    self.policy = policy
    self.neighbours = neighbours
  }

  func operation(local: LocalState) -> Operation? {
    switch local {
    case .unsupported:
      return nil
    case .present(let stamp, _) where stamp.kind == .directory:
      // The leaf is gone: a directory has its name.
      var plan = self
      plan.neighbours.localIsDirectory = true
      return plan.operation(local: .absent(mount: stamp.mount))
    case .present(let stamp, _):
      return neighbours.remoteHasDescendants ? yielding(stamp, local) : settled(local)
    case .absent:
      return unlessBlocked(settled(local))
    }
  }

  /// The leaf's name is a directory in the bucket, which wins on every node. Only a deletion comes first.
  private func yielding(_ stamp: LocalStamp, _ local: LocalState) -> Operation {
    if base == nil, object == nil, policy.mirrors(.down) { return .deleteLocal(stamp) }
    if let base, object == nil, policy.deletesLocal, !policy.mirrors(.up) {
      switch LocalDelta(of: local, since: base) {
      case .unchanged, .refreshed, .metadata: return .deleteLocal(stamp)
      case .suspect: return .inspectLocal(stamp)
      case .changed, .deleted, .discarded, .unknown: break
      }
    }
    return .yieldToDirectory(stamp)
  }

  /// An object cannot become a file here where its name is a directory on either side.
  private func unlessBlocked(_ operation: Operation?) -> Operation? {
    guard case .download = operation, neighbours.localIsDirectory || neighbours.remoteHasDescendants else {
      return operation
    }
    return .blocked
  }

  /// The plan as if no other path existed.
  private func settled(_ local: LocalState) -> Operation? {
    guard let base else { return apart.map { leftApart(local, since: $0) } ?? firstContact(local) }
    let delta = LocalDelta(of: local, since: base)
    guard let object else { return remoteAbsent(delta) }
    switch RemoteDelta(of: object.stamp, metadata: object.metadata, since: base) {
    case .unchanged(let remote): return remoteUnchanged(delta, remote)
    case .refreshed(let remote): return remoteRefreshed(delta, remote, object.state)
    case .touched(let remote): return remoteTouched(delta, remote)
    case .metadata(let remote, let metadata): return remoteMetadata(delta, remote, metadata, base)
    case .changed(let remote): return remoteChanged(delta, remote)
    case .absent: return remoteAbsent(delta)
    }
  }

  /// Both sides stay as they are while neither changes; else nothing was ever agreed.
  private func leftApart(_ local: LocalState, since row: BaseEntry) -> Operation? {
    switch local {
    case .absent(let mount) where mount != row.local.mount: nil
    case .present(let stamp, _) where stays(stamp, as: row): nil
    default: firstContact(local)
    }
  }

  private func stays(_ local: LocalStamp, as row: BaseEntry) -> Bool {
    if policy.leavesExisting, row.remote == nil || !policy.installs {
      // What is not fetched does not matter before the local side changes.
      return local == row.local && !row.isProvisional && (object == nil) == (row.remote == nil)
    }
    guard let object else { return false }
    return row.isUnchanged(local, object.stamp) && !row.isProvisional
      && policy.comparison.countsAsEqual(local, object.stamp)
  }

  private func firstContact(_ local: LocalState) -> Operation? {
    switch (local, object) {
    case (.absent, nil): hasRow ? .forget : nil
    case (.absent, let object?):
      policy.mirrors(.up) ? .deleteRemote(object.stamp) : .download(object.stamp, replacing: nil)
    case (.present(let local, _), nil) where policy.existing == .leftAlone(isMeeting: true) && !hasRow: .leave(local)
    case (.present(let local, _), nil):
      policy.mirrors(.down) ? .deleteLocal(local) : .upload(local, replacing: nil)
    case (.present(let local, _), let object?): .compare(local, object.stamp)
    case (.unsupported, _): nil
    }
  }
}

// The columns of the table, one per remote delta.
extension LeafPlan {
  private func remoteUnchanged(_ local: LocalDelta, _ remote: RemoteStamp) -> Operation? {
    switch local {
    case .unchanged: nil
    case .refreshed(let local): .adopt(local, object?.state ?? .object(remote))
    case .metadata(let local): .uploadMetadata(local, replacing: remote)
    default: localDecides(local, remote)
    }
  }

  private func remoteRefreshed(_ local: LocalDelta, _ remote: RemoteStamp, _ state: RemoteState) -> Operation? {
    switch local {
    case .unchanged(let local), .refreshed(let local): .adopt(local, state)
    case .metadata(let local): .uploadMetadata(local, replacing: remote)
    default: localDecides(local, remote)
    }
  }

  private func remoteTouched(_ local: LocalDelta, _ remote: RemoteStamp) -> Operation? {
    switch local {
    case .unchanged, .refreshed, .metadata: .inspectRemote(remote)
    default: localDecides(local, remote)
    }
  }

  private func remoteMetadata(
    _ local: LocalDelta, _ remote: RemoteStamp, _ metadata: EntryMetadata, _ base: BaseEntry
  ) -> Operation? {
    switch local {
    case .unchanged(let stamp), .refreshed(let stamp), .metadata(let stamp):
      let merge = MetadataMerge(base: base, local: stamp, remote: metadata)
      if merge.result != stamp.metadata { return .applyMetadata(remote, merge.result, to: stamp) }
      if merge.hasLocalChanges { return .uploadMetadata(stamp, replacing: remote) }
      return .adopt(stamp, .object(remote, metadata: metadata))
    default:
      return localDecides(local, remote)
    }
  }

  private func remoteChanged(_ local: LocalDelta, _ remote: RemoteStamp) -> Operation? {
    switch local {
    case .unchanged(let local), .refreshed(let local), .metadata(let local): .download(remote, replacing: local)
    case .suspect(let local): .inspectLocal(local)
    case .changed(let local): .compare(local, remote)
    case .deleted, .discarded: .download(remote, replacing: nil)
    case .unknown: nil
    }
  }

  private func remoteAbsent(_ local: LocalDelta) -> Operation? {
    switch local {
    case .unchanged(let local), .refreshed(let local), .metadata(let local):
      policy.deletesLocal && !policy.mirrors(.up) ? .deleteLocal(local) : .upload(local, replacing: nil)
    case .suspect(let local): .inspectLocal(local)
    case .changed(let local): .upload(local, replacing: nil)
    case .deleted, .discarded: .forget
    case .unknown: nil
    }
  }

  /// The object's content is the base's: what the local side did goes up.
  private func localDecides(_ local: LocalDelta, _ remote: RemoteStamp) -> Operation? {
    switch local {
    case .unchanged, .refreshed, .metadata, .unknown: nil
    case .suspect(let local): .inspectLocal(local)
    case .changed(let local): .upload(local, replacing: remote)
    case .deleted:
      policy.deletesRemote && !policy.mirrors(.down) ? .deleteRemote(remote) : .download(remote, replacing: nil)
    case .discarded: .download(remote, replacing: nil)
    }
  }
}
