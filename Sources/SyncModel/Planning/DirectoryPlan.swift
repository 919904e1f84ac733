/// The plan for a directory, of which only the existence is synced. See docs/planner.md.
struct DirectoryPlan {
  /// A row of sides that never agreed proves nothing.
  private let base: BaseEntry?
  private let row: BaseEntry?
  private let remote: RemoteState
  private let policy: Policy
  private let neighbours: Neighbours

  init(base: BaseEntry?, remote: RemoteState, policy: Policy, neighbours: Neighbours) {
    self.base = base?.isApart == true ? nil : base
    row = base
    self.remote = remote
    self.policy = policy
    self.neighbours = neighbours
  }

  func operation(local: LocalState) -> Operation? {
    switch local {
    case .unsupported: nil
    case .present(let stamp, _) where stamp.kind == .directory: present(stamp)
    // A leaf has its name, so the directory is gone.
    case .present(let stamp, _): absent(stamp.mount)
    case .absent(let mount): absent(mount)
    }
  }

  private func present(_ local: LocalStamp) -> Operation? {
    guard remote == .absent else { return both(local) }
    // Also while it holds entries: most of them go in the same flush, children first; what stays keeps it.
    let goes = base == nil ? policy.mirrors(.down) : policy.deletesLocal && !policy.mirrors(.up)
    if goes {
      // The folder at which a volume was mounted is not the one that both sides agreed about.
      return base.map { $0.local.mount == local.mount } ?? true ? .removeLocalDirectory(local) : nil
    }
    if base == nil, policy.leavesExisting {
      if row != nil { return nil }
      if policy.existing == .leftAlone(isMeeting: true) { return .leave(local) }
    }
    switch policy.directories {
    case .none: return nil
    case .empty: return neighbours.localHasEntries ? nil : .putMarker
    case .all: return .putMarker
    }
  }

  /// Both sides have it. A marker that was known and is gone is not put back: the directory may be about to go.
  private func both(_ local: LocalStamp) -> Operation? {
    let isUnmarked = base.map { $0.remote == nil && $0.local.mount == local.mount } ?? true
    if policy.directories == .all, policy.changesRemote, isUnmarked {
      return remote == .implied ? .putMarker : .adopt(local, remote)
    }
    return base == nil ? .adopt(local, remote) : nil
  }

  private func absent(_ mount: MountID) -> Operation? {
    switch remote {
    case .implied: nil
    case .absent: row?.local.mount == mount ? .forget : nil
    case .marker(let stamp), .object(let stamp, _): onlyMarker(stamp, mount)
    }
  }

  private func onlyMarker(_ marker: RemoteStamp, _ mount: MountID) -> Operation? {
    if policy.directories == .none { return nil }
    if let base, base.local.mount != mount { return nil }
    let goes = base == nil ? policy.mirrors(.up) : policy.deletesRemote && !policy.mirrors(.down)
    // A key with a trailing slash may hold bytes, which no local deletion speaks about (I1).
    return goes && marker.size == 0 ? .deleteMarker(marker) : .makeLocalDirectory
  }
}
