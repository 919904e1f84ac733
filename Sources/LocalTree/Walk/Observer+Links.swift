internal import CLinux
internal import Glibc
internal import SyncEngine
internal import SyncModel

/// A directory that the tree shows, perhaps behind a link.
struct Place {
  let directory: Descriptor
  let status: FileStatus
  /// Of what stands in it.
  let mount: MountID
  let isBehindLink: Bool
}

enum Placement {
  case found(Place)
  case absent(mount: MountID)
  /// This ancestor, or the path itself, is no directory.
  case leaf(RelativePath)
  /// What is below is neither present nor proven absent.
  case refused(reason: String)
}

extension Observer {
  /// Nil where links are not followed.
  var follower: LinkFollower? {
    switch symlinks {
    case .preserve, .skip: nil
    case .follow: LinkFollower(root: root, leavesRoot: false)
    case .followAnywhere: LinkFollower(root: root, leavesRoot: true)
    }
  }

  /// Looks for a directory component by component, as a path with a followed link in it needs.
  func locate(_ path: RelativePath, _ follower: LinkFollower) throws -> Placement {
    var place: Place
    switch try placement(of: root.directory, at: .root, isBehindLink: false) {
    case .found(let found): place = found
    case let other: return other
    }
    for prefix in path.ancestors.reversed() + (path.isRoot ? [] : [path.asDirectory]) {
      guard let status = try place.directory.statusIfPresent(of: prefix.name) else {
        return .absent(mount: place.mount)
      }
      let directory: Descriptor
      var isBehindLink = place.isBehindLink
      switch status.kind {
      case .directory: directory = try place.directory.open(prefix.name, clinux_flag_path() | O_DIRECTORY)
      case .symlink:
        isBehindLink = true
        switch try follower.target(of: prefix) {
        case .directory(let target, _): directory = target
        case .file: return .leaf(prefix.asLeaf)
        case .refused(let reason): return .refused(reason: "“\(prefix.asLeaf)” \(reason)")
        }
      case .file, nil: return .leaf(prefix.asLeaf)
      }
      switch try placement(of: directory, at: prefix, isBehindLink: isBehindLink) {
      case .found(let found): place = found
      case let other: return other
      }
    }
    return .found(place)
  }

  /// Where a directory stands that was opened as `path`.
  func placement(of directory: Descriptor, at path: RelativePath, isBehindLink: Bool) throws -> Placement {
    let status = try directory.status()
    if isBehindLink {
      if status.isSameEntry(as: root.status) {
        return .refused(reason: "is the synced folder itself, met behind a symbolic link; it is not followed")
      }
      return .found(
        Place(
          directory: directory, status: status, mount: try mountBehindLink(directory, status), isBehindLink: true))
    }
    switch try mountEntry(of: directory, status, at: path) {
    case .usable(let mount):
      return .found(Place(directory: directory, status: status, mount: mount.id, isBehindLink: false))
    case .unusable(let reason): return .refused(reason: reason)
    }
  }

  /// A mount without a state folder of ours, since nothing is written there, goes by what the file system says of
  /// itself: where another one, or none, is mounted in its place, nothing below counts as deleted.
  private func mountBehindLink(_ directory: Descriptor, _ status: FileStatus) throws -> MountID {
    if case .usable(let mount)? = mounts.known(status.mount) { return mount.id }
    var space = clinux_space()
    try check(root.kernel.space(directory.raw, &space))
    return MountID(space.identity)
  }

  /// Looks at a path below a link.
  func observe(_ path: RelativePath, behindLinksIn parentPath: RelativePath, _ follower: LinkFollower) throws
    -> LocalObservation
  {
    switch try locate(parentPath, follower) {
    case .absent(let mount): return .absent(mount: mount)
    case .leaf(let leaf): return .below(leaf: leaf)
    case .refused(let reason): return .unsupported(reason: reason)
    case .found(let place):
      let status: FileStatus
      do {
        guard let found = try place.directory.statusIfPresent(of: path.name) else {
          // One that was removed while it was open has no names, whatever its successor has.
          return place.status.nlink == 0
            ? .unsupported(reason: "was moved while it was looked at") : .absent(mount: place.mount)
        }
        status = found
      } catch let error as SystemError where error.code == ENAMETOOLONG { return .absent(mount: place.mount) }
      switch status.kind {
      case .symlink: return try observe(linkAt: path, on: place.mount, follower)
      case .directory:
        let directory = try place.directory.open(path.name, clinux_flag_path() | O_DIRECTORY)
        return try observe(directory, at: path, isBehindLink: place.isBehindLink)
      case .file: return .present(status.stamp(on: place.mount, ownership)!)
      case nil:
        return .unsupported(
          reason: try problem(of: status, path.name, in: place.directory, at: path) ?? "cannot be synced")
      }
    }
  }

  /// A link's file belongs to the mount on which the link's name stands: that tells whether the name is gone.
  func observe(linkAt path: RelativePath, on mount: MountID, _ follower: LinkFollower) throws -> LocalObservation {
    switch try follower.target(of: path) {
    case .file(_, let status): .present(status.stamp(on: mount, ownership)!)
    case .directory(let directory, _): try observe(directory, at: path, isBehindLink: true)
    case .refused(let reason): .unsupported(reason: reason)
    }
  }

  private func observe(_ directory: Descriptor, at path: RelativePath, isBehindLink: Bool) throws -> LocalObservation {
    switch try placement(of: directory, at: path.asDirectory, isBehindLink: isBehindLink) {
    case .found(let place): .present(place.status.stamp(on: place.mount, ownership)!)
    case .refused(let reason): .unsupported(reason: reason)
    case .absent(let mount): .absent(mount: mount)
    case .leaf(let leaf): .below(leaf: leaf)
    }
  }

  /// Open for reading its names.
  func open(_ directory: RelativePath) throws -> Descriptor {
    do { return try root.open(directory, O_RDONLY) } catch let error as SystemError
      where [ENOTDIR, ELOOP].contains(error.code)
    {
      guard let follower, case .found(let place) = try locate(directory, follower) else { throw error }
      return try place.directory.open(".", O_RDONLY | O_DIRECTORY)
    }
  }

  /// The followed link that has this name, or behind which it lies: nothing is changed there.
  func followedLink(at path: RelativePath) throws -> RelativePath? {
    guard follower != nil, !path.isRoot else { return nil }
    let parent: Descriptor
    do { parent = try root.openParent(of: path) } catch let error as SystemError {
      switch error.code {
      case ENOENT: return nil
      case ENOTDIR, ELOOP:
        guard let leaf = root.leafAncestor(of: path) else { return nil }
        return try root.openParent(of: leaf).statusIfPresent(of: leaf.name)?.kind == .symlink ? leaf : nil
      default: throw error
      }
    }
    return try parent.statusIfPresent(of: path.name)?.kind == .symlink ? path.asLeaf : nil
  }
}
