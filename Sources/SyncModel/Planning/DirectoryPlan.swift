/// The plan for a directory, of which only the existence is synced. See docs/planner.md.
struct DirectoryPlan {
  let base: BaseEntry?
  let remote: RemoteState
  let policy: Policy
  let neighbours: Neighbours

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
    guard remote == .absent else { return base == nil ? .adopt(local, remote) : nil }
    // Also while it holds entries: most of them go in the same flush, children first; what stays keeps it.
    let goes = base == nil ? policy.mirrors(.down) : policy.deletesLocal && !policy.mirrors(.up)
    if goes {
      // The folder at which a volume was mounted is not the one that both sides agreed about.
      return base.map { $0.local.mount == local.mount } ?? true ? .removeLocalDirectory(local) : nil
    }
    return policy.directories == .empty && !neighbours.localHasEntries ? .putMarker : nil
  }

  private func absent(_ mount: MountID) -> Operation? {
    switch remote {
    case .implied: nil
    case .absent: base?.local.mount == mount ? .forget : nil
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
