internal import CLinux
internal import Glibc
internal import SyncEngine
internal import SyncModel

/// A file or link, open by its inode, so that the number cannot be reused while it is compared.
struct OpenLeaf {
  let path: RelativePath
  let parent: Descriptor
  let name: String
  /// Of the name; the root's for what lies behind a link.
  let mount: Mount
  /// As stamps name the mount of the name.
  let mountID: MountID
  /// Of the file system that holds the content.
  let capabilities: MountCapabilities
  /// Of a file, open for reading; of a link, a path descriptor.
  let descriptor: Descriptor
  let ownership: Ownership
  private(set) var status: FileStatus
  let kind: EntryKind

  enum Absence: Error {
    /// Nothing stands there.
    case absent
    /// A directory, or something that is never synced.
    case obstructed(by: RelativePath)
  }

  /// Throws `Absence` where no file or link stands at the path.
  /// - Parameter following: The file that a link leads to, to read it.
  init(_ path: RelativePath, in observer: Observer, following: LinkFollower? = nil) throws {
    guard let parentPath = path.parent, ReservedNames.match(in: path) == nil else {
      throw LocalFailure(.permission, "\(path): is Martlet's own, and never synced")
    }
    self.path = path
    ownership = observer.ownership
    name = path.name
    let behind: Place?
    (parent, behind) = try Self.openParent(of: path, parentPath, in: observer, following)
    if let behind {
      mount = try observer.mount(of: observer.root.directory, at: .root)
      mountID = behind.mount
    } else {
      mount = try observer.mount(of: parent, at: parentPath)
      mountID = mount.id
    }
    guard let found = try parent.statusIfPresent(of: name) else { throw Absence.absent }
    var isFollowed = behind != nil
    if found.kind == .symlink, let following {
      guard case .file(let target, _) = try following.target(of: path) else {
        throw Absence.obstructed(by: path.asLeaf)
      }
      isFollowed = true
      kind = .file
      descriptor = try target.readable()
    } else {
      guard let kind = found.kind, kind != .directory else { throw Absence.obstructed(by: path.asLeaf) }
      self.kind = kind
      do {
        // Not blocking: it may have become a pipe.
        descriptor = try parent.open(name, kind == .file ? O_RDONLY | O_NONBLOCK : clinux_flag_path())
      } catch let error as SystemError where [ENOENT, ELOOP, ENXIO].contains(error.code) { throw Absence.absent }
    }
    status = try descriptor.status()
    // Another entry has come in between: absent is what was looked at, and the caller looks again.
    guard status.kind == kind else { throw Absence.absent }
    if !isFollowed || status.mount == mount.kernelID {
      capabilities = mount.capabilities
    } else if case .usable(let other)? = observer.mounts.known(status.mount) {
      capabilities = other.capabilities
    } else {
      capabilities = try .ofMountThatIsOnlyRead(descriptor)
    }
  }

  /// With the place where the directory is found behind a link.
  private static func openParent(
    of path: RelativePath, _ parentPath: RelativePath, in observer: Observer, _ follower: LinkFollower?
  ) throws -> (Descriptor, Place?) {
    do { return (try observer.root.openParent(of: path), nil) } catch let error as SystemError {
      if error.code == ENOENT { throw Absence.absent }
      guard [ENOTDIR, ELOOP].contains(error.code) else { throw error }
      if let follower, case .found(let place) = try observer.locate(parentPath, follower) {
        return (place.directory, place)
      }
      throw observer.root.leafAncestor(of: path).map { Absence.obstructed(by: $0) } ?? Absence.absent
    }
  }

  var stamp: LocalStamp { status.stamp(on: mountID, ownership)! }

  /// As it is now.
  func currentStamp() throws -> LocalStamp { try descriptor.status().stamp(on: mountID, ownership)! }

  /// Takes the version that is there now for the one that was looked for.
  mutating func refresh() throws { status = try descriptor.status() }

  /// What is read may be sent, and its row says that both sides agree: a power failure that took the content back
  /// would look like an edit, and its upload replace what was sent. A file that rests costs nothing.
  func makeDurable() throws {
    guard kind == .file else { return }
    let result = descriptor.kernel.sync(descriptor.raw)
    // Not every file system can.
    if [-EIO, -ENOSPC, -EDQUOT].contains(result) { throw SystemError(-result) }
  }

  func content() throws -> Fingerprint {
    kind == .symlink ? Fingerprint(of: try descriptor.linkTarget()) : try descriptor.fingerprint()
  }

  /// A link cannot be written to, so none is needed.
  func takeLease(patience: UInt32 = 0) -> Lease {
    Lease(on: descriptor, patience: patience, isPossible: kind == .file && capabilities.canLease)
  }

  /// Whether the stamp, taken with this lease, may miss a later change.
  func isProvisional(_ lease: Lease.State) -> Bool {
    if kind == .symlink { return false }
    return lease != .held || !capabilities.hasTrustworthyStamps || descriptor.kernel.isWithinTick(status.modified)
  }
}
