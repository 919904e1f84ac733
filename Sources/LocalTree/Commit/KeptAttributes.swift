internal import CLinux
internal import Glibc
internal import SyncModel

/// What a new content keeps of the file that it replaces, or takes over from its directory.
enum KeptAttributes {
  /// Owner, group, ACL and extended attributes of the replaced file; of a new one what a file created there
  /// would have. Then the mode: of the object, else of the old file, else by umask.
  static func give(to file: Descriptor, at place: Incoming.Place, mode: UInt32?, umask: UInt32) throws {
    var fallback = 0o666 & ~umask
    switch place {
    case .replacing(let old):
      try giveOwner(old.status.uid, old.status.gid, to: file)
      if old.kind == .file {
        try ExtendedAttributes.copy(from: old.descriptor, to: file)
        fallback = old.status.permissions
      }
    case .new(let directory):
      let parent = try directory.status()
      if parent.mode & UInt32(S_ISGID) != 0 { try giveOwner(UInt32.max, parent.gid, to: file) }
      // A path descriptor has no attributes to read.
      let readable = try? directory.open(".", O_RDONLY | O_DIRECTORY)
      if let readable, let acl = try ExtendedAttributes.value(of: ExtendedAttributes.defaultACL, from: readable),
        !acl.isEmpty
      {
        try ExtendedAttributes.set(ExtendedAttributes.accessACL, acl, on: file)
        fallback = try file.status().permissions & 0o666
      }
    }
    try file.setMode(mode ?? fallback)
  }

  /// What our rights do not allow stays ours. `UInt32.max` leaves as is.
  static func giveOwner(_ owner: UInt32, _ group: UInt32, to file: Descriptor) throws {
    let now = try file.status()
    if now.uid == owner || owner == .max, now.gid == group { return }
    let result = file.kernel.setOwner(file.raw, owner, group)
    if result == 0 { return }
    guard result == -EPERM || result == -EINVAL else { throw SystemError(-result) }
    _ = file.kernel.setOwner(file.raw, .max, group)
  }
}
