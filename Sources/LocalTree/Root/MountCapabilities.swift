internal import CLinux
internal import Glibc

/// What a mounted file system can do, tried out at its first use.
package struct MountCapabilities: Hashable, Sendable {
  /// `RENAME_EXCHANGE`; without it step 12 of the commit protocol replaces files.
  package var canExchange: Bool
  /// `RENAME_NOREPLACE`; without it names are taken by a hard link.
  package var canRenameWithoutReplacing: Bool
  package var canLease: Bool
  /// Every store shows in a stamp. Not on tmpfs (a store after a read fault changes none), nor on
  /// overlayfs (a writable mapping does not refuse the lease).
  package var hasTrustworthyStamps: Bool
  /// Names that differ only in case are one name.
  package var foldsCase: Bool
  /// Changes made on other machines raise events here.
  package var announcesChanges: Bool
  /// A name can be taken without replacing what may stand there, by `RENAME_NOREPLACE` or a hard link; without it
  /// nothing is put into the tree.
  package var canTakeNames: Bool

  package init(
    canExchange: Bool = true, canRenameWithoutReplacing: Bool = true, canLease: Bool = true,
    hasTrustworthyStamps: Bool = true, foldsCase: Bool = false, announcesChanges: Bool = true,
    canTakeNames: Bool = true
  ) {
    self.canExchange = canExchange
    self.canRenameWithoutReplacing = canRenameWithoutReplacing
    self.canLease = canLease
    self.hasTrustworthyStamps = hasTrustworthyStamps
    self.foldsCase = foldsCase
    self.announcesChanges = announcesChanges
    self.canTakeNames = canTakeNames
  }

  /// Only what both have.
  package func limited(to other: MountCapabilities) -> MountCapabilities {
    MountCapabilities(
      canExchange: canExchange && other.canExchange,
      canRenameWithoutReplacing: canRenameWithoutReplacing && other.canRenameWithoutReplacing,
      canLease: canLease && other.canLease,
      hasTrustworthyStamps: hasTrustworthyStamps && other.hasTrustworthyStamps,
      foldsCase: foldsCase || other.foldsCase, announcesChanges: announcesChanges && other.announcesChanges,
      canTakeNames: canTakeNames && other.canTakeNames)
  }
}

extension MountCapabilities {
  /// Numbers from statfs(2), linux/magic.h and the table of stat(1).
  private enum FileSystemType {
    static let tmpfs: Int64 = 0x0102_1994
    static let overlayfs: Int64 = 0x794c_7630
    static let remote: Set<Int64> = [
      // NFS; SMB in three versions; FUSE; 9P; Ceph; Lustre; AFS in two.
      0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x6573_5546, 0x0102_1997, 0x00c3_6400, 0x0bd0_0bd0, 0x5346_414f,
      0x6b41_4653,
      // Of clusters: GFS2, OCFS2, GPFS, BeeGFS, OrangeFS, PanFS, Coda.
      0x0116_1970, 0x7461_636f, 0x4750_4653, 0x1983_0326, 0x2003_0528, 0xaad7_aaea, 0x7375_7245,
      // Folders that a virtual machine shares with its host: VirtualBox, VMware, Parallels.
      0x786f_4256, 0xbacb_acbc, 0x7c7c_6673,
    ]
  }

  /// False where files change that no program on this machine writes.
  static func announcesChanges(fileSystemType type: Int64) -> Bool { !FileSystemType.remote.contains(type) }

  /// Tries each call on scratch files in `directory`.
  static func probe(in directory: Descriptor) throws -> MountCapabilities {
    let names = ["probe-a", "probe-b", "probe-c"].map { "\(Staging.prefix)\($0)" }
    let upperCased = names[0].uppercased()
    for name in names { try? directory.unlink(name) }
    defer { for name in names { try? directory.unlink(name) } }
    for name in names.prefix(2) { _ = try directory.open(name, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600) }

    let known = try ofMountThatIsOnlyRead(directory)
    let readable = try directory.open(names[0], O_RDONLY)
    let lease = Lease(on: readable, patience: 10_000)
    lease.release()
    let canExchange = directory.rename(names[0], to: names[1], in: directory, .exchange) == 0
    let canRenameWithoutReplacing =
      directory.rename(names[0], to: names[1], in: directory, .withoutReplacing) == -EEXIST
      && directory.rename(names[0], to: names[2], in: directory, .withoutReplacing) == 0
    return MountCapabilities(
      canExchange: canExchange,
      canRenameWithoutReplacing: canRenameWithoutReplacing,
      canLease: lease.state == .held,
      hasTrustworthyStamps: known.hasTrustworthyStamps,
      foldsCase: try directory.statusIfPresent(of: upperCased) != nil,
      announcesChanges: known.announcesChanges,
      canTakeNames: canRenameWithoutReplacing
        || directory.kernel.link(directory.raw, names[1], directory.raw, names[2]) == 0)
  }

  /// What the type of a file's file system tells; whether there are leases shows when one is taken.
  static func ofMountThatIsOnlyRead(_ file: Descriptor) throws -> MountCapabilities {
    var space = clinux_space()
    try check(file.kernel.space(file.raw, &space))
    let isLocal = announcesChanges(fileSystemType: space.type)
    return MountCapabilities(
      hasTrustworthyStamps: isLocal && space.type != FileSystemType.tmpfs && space.type != FileSystemType.overlayfs,
      announcesChanges: isLocal)
  }
}
