/// What an entry of the local tree is. Others (sockets, devices, pipes) are never synced.
package enum EntryKind: UInt8, Hashable, Sendable {
  case file = 1
  case symlink = 2
  case directory = 3
}

/// A mounted file system as Martlet knows it: by an id that it keeps on the mount, since
/// `st_dev` may change at a reboot.
package struct MountID: Hashable, Sendable {
  package var value: UInt64
  package init(_ value: UInt64) { self.value = value }
}

/// Identifies a version of a local entry.
package struct LocalStamp: Hashable, Sendable {
  package var kind: EntryKind
  package var mount: MountID
  package var inode: UInt64
  /// Bytes of a file, length of a link's target, 0 for directories.
  package var size: Int64
  package var modified: Timestamp
  /// `st_ctime`.
  package var changed: Timestamp
  /// Permission bits, `st_mode & 0o7777`.
  package var mode: UInt32
  /// Nil where owners are not kept.
  package var owner: Owner?

  package init(
    kind: EntryKind, mount: MountID, inode: UInt64, size: Int64, modified: Timestamp, changed: Timestamp, mode: UInt32,
    owner: Owner? = nil
  ) {
    self.kind = kind
    self.mount = mount
    self.inode = inode
    self.size = size
    self.modified = modified
    self.changed = changed
    self.mode = mode
    self.owner = owner
  }
}

extension LocalStamp {
  /// Same kind and length: the content may be the same, only reading it tells.
  package func mayHoldSameContent(as other: LocalStamp) -> Bool { kind == other.kind && size == other.size }

  /// Whether one of the two was taken while owners were not kept: theirs cannot be compared.
  package func lacksOwner(beside other: LocalStamp) -> Bool { (owner == nil) != (other.owner == nil) }

  /// Equal in everything that both tell.
  package func agrees(with other: LocalStamp) -> Bool {
    guard lacksOwner(beside: other) else { return self == other }
    var other = other
    other.owner = owner
    return self == other
  }

  /// The metadata that this entry would carry in the bucket.
  package var metadata: EntryMetadata { EntryMetadata(kind: kind, mode: mode, modified: modified, owner: owner) }

  /// The same after `base` was agreed about: an owner that could not be given to the entry stays the object's.
  package func metadata(since base: BaseEntry?) -> EntryMetadata {
    var metadata = metadata
    if let base, let owner, owner == base.local.owner, let carried = base.metadata.owner { metadata.owner = carried }
    return metadata
  }
}
