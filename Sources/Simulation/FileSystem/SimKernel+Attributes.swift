package import CLinux
internal import Glibc
internal import SyncModel

extension SimKernel {
  package func setMode(_ file: Int32, _ mode: UInt32) -> Int32 {
    guard enter() else { return Self.dead }
    guard let open = files[file], open.isReadable else { return -EBADF }
    disk.set(mode: mode, of: open.inode)
    if let dentry = open.dentry { disk.announce(dentry, IN_ATTRIB) }
    return 0
  }

  package func setOwner(_ file: Int32, _ owner: UInt32, _ group: UInt32) -> Int32 {
    guard enter() else { return Self.dead }
    guard let open = files[file], open.isReadable else { return -EBADF }
    return setOwner(of: open.inode, open.dentry, owner, group)
  }

  package func setOwner(ofLink name: String, in directory: Int32, _ owner: UInt32, _ group: UInt32) -> Int32 {
    guard enter() else { return Self.dead }
    guard let dentry = self.directory(directory)?.entries[name] else { return -ENOENT }
    return setOwner(of: dentry.inode, dentry, owner, group)
  }

  private func setOwner(of inode: Inode, _ dentry: Dentry?, _ user: UInt32, _ group: UInt32) -> Int32 {
    guard disk.traits.givesFilesAway else { return -EPERM }
    let before = disk.owner(of: inode)
    disk.set(
      owner: Owner(user: user == .max ? before.user : user, group: group == .max ? before.group : group), of: inode)
    if let dentry { disk.announce(dentry, IN_ATTRIB) }
    return 0
  }

  package func setModified(_ file: Int32, _ time: Int64) -> Int32 {
    guard enter() else { return Self.dead }
    guard let open = files[file], open.isReadable else { return -EBADF }
    return setModified(of: open.inode, open.dentry, time)
  }

  package func setModified(ofLink name: String, in directory: Int32, _ time: Int64) -> Int32 {
    guard enter() else { return Self.dead }
    guard let dentry = self.directory(directory)?.entries[name] else { return -ENOENT }
    return setModified(of: dentry.inode, dentry, time)
  }

  /// Only one of the two times is set: the kernel calls that a modification.
  private func setModified(of inode: Inode, _ dentry: Dentry?, _ time: Int64) -> Int32 {
    disk.set(modified: Timestamp(nanoseconds: time), of: inode)
    if let dentry { disk.announce(dentry, IN_MODIFY) }
    return 0
  }

  package func attributeNames(_ file: Int32, _ names: UnsafeMutablePointer<CChar>?, _ size: Int) -> Int {
    enter() ? 0 : Int(Self.dead)
  }

  package func attribute(_ file: Int32, _ name: String, _ value: UnsafeMutablePointer<CChar>?, _ size: Int) -> Int {
    enter() ? -Int(ENOTSUP) : Int(Self.dead)
  }

  package func setAttribute(_ file: Int32, _ name: String, _ value: [UInt8]) -> Int32 {
    enter() ? -ENOTSUP : Self.dead
  }

  package func space(_ file: Int32, _ space: inout clinux_space) -> Int32 {
    guard enter() else { return Self.dead }
    let (ext4, tmpfs): (Int64, Int64) = (0xef53, 0x0102_1994)
    space = clinux_space(
      type: disk.traits.isMemory ? tmpfs : ext4, identity: 0, total_bytes: 1 << 40, available_bytes: 1 << 39)
    return 0
  }
}
