internal import CLinux
internal import Glibc
internal import Logging
internal import SyncEngine
package import SyncModel

/// The root with Martlet's state folder in it, opened and locked for one prefix.
///
/// `ROOT/.martlet/` holds `id` and, for each remote, a folder with `tmp/`, `trash/` and `lock`; the database and
/// the control socket stand there too unless `--state-dir` moves them.
package final class RootLayout: Sendable {
  let root: Root
  let mount: Mount
  let mounts: MountTable
  private let identity: MountIdentity
  private let remoteID: String

  /// Where database and control socket stand by default.
  package let stateFolder: String
  /// Of the root's mount; ties the database to the root.
  package var rootID: MountID { mount.id }
  /// The state was copied from another root: take a new node id, then call `adopt`.
  package let isCopied: Bool
  package var capabilities: MountCapabilities { mount.capabilities }

  /// - Parameters:
  ///   - remoteID: Names the remote (endpoint, bucket and prefix) as one path component.
  ///   - limits: Capabilities to do without though the mount has them.
  package convenience init(
    _ path: String, remoteID: String, quota: TrashQuota = TrashQuota(), limits: MountCapabilities? = nil,
    kernel: any Kernel = LinuxKernel.shared
  ) throws {
    try self.init(
      path, remoteID: remoteID, quota: quota, limits: limits, usesOpenat2: true, isDurable: true, kernel: kernel)
  }

  init(
    _ path: String, remoteID: String, quota: TrashQuota, limits: MountCapabilities?, usesOpenat2: Bool, isDurable: Bool,
    kernel: any Kernel = LinuxKernel.shared
  ) throws {
    root = try Root(path, usesOpenat2: usesOpenat2, kernel: kernel)
    self.remoteID = remoteID
    stateFolder = root.name(of: RelativePath(unchecked: "\(ReservedNames.state)/\(remoteID)"))
    do {
      let state = try Self.openState(in: root.directory)
      identity = try MountIdentity.load(from: state, inode: root.status.inode)
      let own = try Mount.makeDirectory(remoteID, in: state)
      mount = try Mount(
        id: identity.id, kernelID: root.status.mount, state: own, lock: InstanceLock(in: own, root: path),
        limits: limits, quota: quota, isDurable: isDurable)
    } catch let error as SystemError {
      throw RootError(
        code: .notUsable,
        message: "cannot keep Martlet's state in “\(root.name(of: RelativePath(unchecked: ReservedNames.state)))”: "
          + "\(error.text); make the folder writable for this user and see that its disk has space")
    }
    isCopied = identity.inode != root.status.inode
    mounts = MountTable(root: mount, path: path) { top, status, taken in
      let state = try Self.openState(in: top)
      // First: the state of a folder that is seen at two places belongs to the place that has the lock.
      let own = try Mount.makeDirectory(remoteID, in: state)
      let lock = try InstanceLock(in: own, root: path)
      var identity = try MountIdentity.load(from: state, inode: status.inode)
      if identity.inode != status.inode || taken.contains(identity.id) {
        // A copy of another mount: its entries are others, so it is another mount.
        identity = MountIdentity(freshFor: status.inode, state.kernel)
        try identity.write(to: state, replacing: true)
      }
      return try Mount(
        id: identity.id, kernelID: status.mount, state: own, lock: lock, limits: limits, quota: quota,
        isDurable: isDurable)
    }
  }

  /// The mounts inside the root, as they are known, on which an earlier run kept state: it may have displaced files there.
  func mountsWithState() -> [RelativePath] {
    let paths = root.kernel.mounts(below: root.path)?.values.filter { !$0.isEmpty } ?? []
    return paths.sorted().map { RelativePath(unchecked: $0 + "/") }.filter { path in
      let own = RelativePath(unchecked: "\(path)\(ReservedNames.state)/\(remoteID)/")
      return (try? root.open(own)) != nil
    }
  }

  /// This copy is a root of its own now.
  package func adopt() throws {
    let state = try Self.openState(in: root.directory)
    try MountIdentity(id: identity.id, inode: root.status.inode).write(to: state, replacing: true)
  }

  private static func openState(in directory: Descriptor) throws -> Descriptor {
    try Mount.makeDirectory(ReservedNames.state, in: directory)
  }

  /// True where the root's path leads to the root again, though not to the folder as it was opened: its volume was
  /// mounted anew. A copy has another inode, another volume another identity; neither counts.
  package func isBack() -> Bool {
    guard let now = try? Root(root.path, kernel: root.kernel), !now.status.isSameEntry(as: root.status),
      let state = try? now.directory.open(ReservedNames.state, O_RDONLY | O_DIRECTORY),
      let found = try? MountIdentity.read(from: state)
    else { return false }
    return found.id == mount.id && found.inode == now.status.inode
  }

  /// Whether the root is still what it was (I8).
  func check() throws -> MountID {
    let raw = root.kernel.open(AT_FDCWD, root.path, clinux_flag_path() | O_DIRECTORY, 0)
    if raw < 0 {
      throw LocalFailure(
        .rootLost, "the folder “\(root.path)” is gone (\(SystemError(-raw).text)); put it back or mount its volume")
    }
    let now = try Descriptor(owning: raw, of: root.kernel).status()
    guard now.isSameEntry(as: root.status) else {
      throw LocalFailure(
        .rootLost,
        "“\(root.path)” is not the folder that was synced, another folder or volume stands in its place; put it back, "
          + "or restart to sync what is there now")
    }
    return mount.id
  }
}
