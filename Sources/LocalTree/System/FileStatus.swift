internal import CLinux
internal import Glibc
internal import SyncModel

/// What `statx` says about an entry.
typealias FileStatus = clinux_status

extension FileStatus {
  var type: UInt32 { mode & UInt32(S_IFMT) }
  var permissions: UInt32 { mode & 0o7777 }

  /// Nil for what is never synced.
  var kind: EntryKind? {
    switch type {
    case UInt32(S_IFREG): .file
    case UInt32(S_IFLNK): .symlink
    case UInt32(S_IFDIR): .directory
    default: nil
    }
  }

  func isSameEntry(as other: FileStatus) -> Bool { inode == other.inode && mount == other.mount }

  func hasSameData(as other: FileStatus) -> Bool { size == other.size && modified == other.modified }

  func hasSameOwnership(as other: FileStatus) -> Bool { mode == other.mode && uid == other.uid && gid == other.gid }

  var owner: Owner { Owner(user: uid, group: gid) }

  /// Nil for what is never synced.
  func stamp(on mount: MountID, _ ownership: Ownership) -> LocalStamp? {
    guard let kind else { return nil }
    return LocalStamp(
      kind: kind, mount: mount, inode: inode, size: kind == .directory ? 0 : size,
      modified: Timestamp(nanoseconds: modified), changed: Timestamp(nanoseconds: changed), mode: permissions,
      owner: ownership.isKept ? owner : nil)
  }

  /// What stands where a file, link or directory is expected.
  var typeName: String {
    switch type {
    case UInt32(S_IFSOCK): "a socket"
    case UInt32(S_IFIFO): "a pipe"
    case UInt32(S_IFCHR): "a character device"
    case UInt32(S_IFBLK): "a block device"
    case UInt32(S_IFDIR): "a directory"
    case UInt32(S_IFLNK): "a symbolic link"
    default: "a file"
    }
  }
}
