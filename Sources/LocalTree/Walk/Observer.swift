internal import CLinux
internal import Glibc
internal import SyncEngine
internal import SyncModel

package enum SymlinkPolicy: String, Hashable, Sendable, CaseIterable {
  /// As objects that carry the target.
  case preserve
  /// Left alone on both sides.
  case skip
  /// As what they lead to, where that lies in the root.
  case follow
  /// As what they lead to, wherever it is.
  case followAnywhere
}

/// Says what an entry is to the engine.
struct Observer: Sendable {
  let root: Root
  let mounts: MountTable
  let symlinks: SymlinkPolicy
  let ownership: Ownership

  /// What `mounts` knows about the mount on which `path`, a directory, lies.
  func mountEntry(of directory: Descriptor, _ status: FileStatus, at path: RelativePath) throws -> MountTable.Entry {
    if let known = mounts.known(status.mount) { return known }
    for ancestor in path.ancestors.reversed() {
      let top = try root.open(ancestor)
      let topStatus = try top.status()
      if topStatus.mount == status.mount { return mounts.entry(at: top, status: topStatus) }
    }
    return mounts.entry(at: directory, status: status)
  }

  /// The mount of a directory, or a failure that says why nothing can be changed there.
  func mount(of directory: Descriptor, at path: RelativePath) throws -> Mount {
    switch try mountEntry(of: directory, directory.status(), at: path) {
    case .usable(let mount): return mount
    case .unusable(let reason):
      throw LocalFailure(.notReplaceable, "\(root.name(of: path)): \(reason)")
    }
  }

  func observe(_ path: RelativePath) throws -> LocalObservation {
    if let reserved = ReservedNames.match(in: path) {
      return .unsupported(reason: PathProblem.reserved(reserved).explanation)
    }
    guard let parentPath = path.parent else { return try observeRoot() }
    let parent: Descriptor
    do { parent = try root.openParent(of: path) } catch let error as SystemError {
      switch error.code {
      case ENOENT: return try .absent(mount: nearestMount(above: parentPath))
      case ENOTDIR, ELOOP:
        if let follower { return try observe(path, behindLinksIn: parentPath, follower) }
        if let leaf = root.leafAncestor(of: path) { return .below(leaf: leaf) }
        return try .absent(mount: nearestMount(above: parentPath))
      case ENAMETOOLONG: return try .absent(mount: nearestMount(above: .root))
      default: throw error
      }
    }
    return try observe(path, in: parent, parentPath)
  }

  private func observe(_ path: RelativePath, in parent: Descriptor, _ parentPath: RelativePath) throws
    -> LocalObservation
  {
    let parentStatus = try parent.status()
    let mount: Mount
    switch try mountEntry(of: parent, parentStatus, at: parentPath) {
    case .usable(let usable): mount = usable
    case .unusable(let reason): return .unsupported(reason: reason)
    }
    let name = path.name
    let status: FileStatus
    do {
      guard let found = try parent.statusIfPresent(of: name) else {
        return parentStatus.nlink == 0 ? try .absent(mount: nearestMount(above: parentPath)) : .absent(mount: mount.id)
      }
      status = found
    } catch let error as SystemError where error.code == ENAMETOOLONG { return .absent(mount: mount.id) }
    if mount.capabilities.foldsCase,
      try !root.open(parentPath, O_RDONLY).names().contains(where: { $0.utf8.elementsEqual(name.utf8) })
    {
      return .absent(mount: mount.id)
    }
    if status.kind == .symlink, let follower { return try observe(linkAt: path, on: mount.id, follower) }
    if let problem = try problem(of: status, name, in: parent, at: path) { return .unsupported(reason: problem) }
    if status.kind == .directory, status.mount != parentStatus.mount {
      switch mounts.entry(at: try parent.open(name, O_RDONLY | O_DIRECTORY), status: status) {
      case .usable(let nested): return .present(status.stamp(on: nested.id, ownership)!)
      case .unusable(let reason): return .unsupported(reason: reason)
      }
    }
    return .present(status.stamp(on: mount.id, ownership)!)
  }

  private func observeRoot() throws -> LocalObservation {
    let status = try root.directory.status()
    switch try mountEntry(of: root.directory, status, at: .root) {
    case .usable(let mount): return .present(status.stamp(on: mount.id, ownership)!)
    case .unusable(let reason): return .unsupported(reason: reason)
    }
  }

  /// Why an entry is never synced; nil where it is.
  func problem(of status: FileStatus, _ name: String, in parent: Descriptor, at path: RelativePath) throws -> String? {
    switch status.kind {
    case nil: return "is \(status.typeName), only files, folders and symbolic links are synced"
    case .symlink:
      if symlinks == .skip { return "is a symbolic link, and --symlinks is “skip”" }
      let target = try parent.linkTarget(name)
      return LinkTarget.leadsOut(target, from: path)
        ? "is a symbolic link that leads out of the folder to “\(String(decoding: target, as: UTF8.self))”" : nil
    default: return nil
    }
  }

  private func nearestMount(above path: RelativePath) throws -> MountID {
    for ancestor in [path] + path.ancestors {
      guard let directory = try? root.open(ancestor), let status = try? directory.status() else { continue }
      if case .usable(let mount) = try mountEntry(of: directory, status, at: ancestor) { return mount.id }
    }
    return try mount(of: root.directory, at: .root).id
  }
}
