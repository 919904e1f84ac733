internal import CLinux
internal import Glibc
internal import SyncModel

/// Finds what stands behind symbolic links. It is only ever read: nothing is changed behind a link, see docs/safety.md.
struct LinkFollower: Sendable {
  let root: Root
  /// Otherwise the kernel sees to it that no link leads out of the root, whoever changes it meanwhile.
  let leavesRoot: Bool

  enum Target {
    /// The descriptors are path descriptors.
    case file(Descriptor, FileStatus)
    case directory(Descriptor, FileStatus)
    /// What the bucket has of it is left alone.
    case refused(reason: String)
  }

  /// What the link at `path` leads to.
  func target(of path: RelativePath) throws -> Target {
    let target: Descriptor
    do { target = try open(path) } catch let error as SystemError { return .refused(reason: reason(error, path)) }
    do {
      if let reserved = try reservedName(of: target) {
        return .refused(reason: "is a symbolic link into “\(reserved)”, which is never synced")
      }
    } catch let error as SystemError {
      return .refused(reason: "is a symbolic link that cannot be followed without /proc (\(error.text))")
    }
    let status = try target.status()
    switch status.kind {
    case .file: return .file(target, status)
    case .directory:
      guard let folder = try folder(above: path, thatIs: status) else { return .directory(target, status) }
      return .refused(reason: "is a symbolic link that leads back to “\(folder)”, in which it lies; it is not followed")
    case .symlink, nil:
      return .refused(reason: "is a symbolic link to \(status.typeName), only files and folders are synced")
    }
  }

  /// A path descriptor, all links on the way followed.
  private func open(_ path: RelativePath) throws -> Descriptor {
    let kernel = root.kernel
    let flags = clinux_flag_path()
    let raw = kernel.openFollowing(root.directory.raw, path.asLeaf.string, flags, beneath: !leavesRoot)
    return Descriptor(owning: try check(raw), of: kernel)
  }

  /// Links that lead round would be followed for ever.
  private func folder(above path: RelativePath, thatIs status: FileStatus) throws -> RelativePath? {
    for ancestor in path.ancestors where try open(ancestor).status().isSameEntry(as: status) { return ancestor }
    return status.isSameEntry(as: root.status) ? .root : nil
  }

  /// The names on the way say nothing about where a link leads; the kernel does.
  private func reservedName(of target: Descriptor) throws -> String? {
    let folder = try place(of: root.directory)
    var place = try place(of: target)
    if place.utf8.starts(with: (folder + "/").utf8) {
      place = String(Substring(place.utf8.dropFirst(folder.utf8.count)))
    }
    return ReservedNames.match(in: RelativePath(unchecked: place))
  }

  private func place(of file: Descriptor) throws -> String {
    try withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX) + 1, alignment: 1) { buffer in
      let count = try check(root.kernel.linkTarget(AT_FDCWD, "/proc/self/fd/\(file.raw)", into: buffer))
      return String(decoding: buffer[..<count], as: UTF8.self)
    }
  }

  private func reason(_ error: SystemError, _ path: RelativePath) -> String {
    let target = (try? root.directory.linkTarget(path.asLeaf.string)).map { String(decoding: $0, as: UTF8.self) } ?? "?"
    return switch error.code {
    case ENOENT, ENOTDIR:
      "is a symbolic link to “\(target)”, which is not there; what the bucket has of it is left alone"
    case EXDEV: "is a symbolic link that leads out of the folder to “\(target)”; --unsafe-links follows it"
    case ELOOP: "is a symbolic link that leads in a circle (“\(target)”)"
    case ENOSYS: "is a symbolic link that cannot be followed: the kernel lacks openat2, which keeps it in the folder"
    default: "is a symbolic link to “\(target)”, which cannot be opened (\(error.text))"
    }
  }
}

extension Descriptor {
  /// The file of this path descriptor, open for reading.
  func readable() throws -> Descriptor {
    // Not blocking: it may have become a pipe since it was looked at.
    Descriptor(
      owning: try check(kernel.open(AT_FDCWD, "/proc/self/fd/\(raw)", O_RDONLY | O_NONBLOCK, 0)), of: kernel)
  }
}
