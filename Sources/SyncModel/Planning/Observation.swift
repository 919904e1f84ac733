/// What a look at the local tree found for one path.
package enum LocalState: Hashable, Sendable {
  /// `ENOENT`, and the nearest existing ancestor lies on this mount.
  case absent(mount: MountID)
  /// The content is known only where it was read for this plan.
  case present(LocalStamp, content: Fingerprint? = nil)
  /// Something that is never synced stands there: a socket, a device, an unreadable entry.
  case unsupported
}

/// What a look at the bucket found for one path.
package enum RemoteState: Hashable, Sendable {
  case absent
  /// A leaf's object. The metadata is known only after a HEAD.
  case object(RemoteStamp, metadata: EntryMetadata? = nil)
  /// A directory's `key/` marker.
  case marker(RemoteStamp)
  /// A directory that exists because keys below it do.
  case implied
}

/// What the planner knows about other paths.
package struct Neighbours: Hashable, Sendable {
  /// Keys exist below this leaf's name taken as a directory.
  package var remoteHasDescendants: Bool
  /// The local tree has a directory of this leaf's name.
  package var localIsDirectory: Bool
  /// For a directory: it holds an entry that is synced.
  package var localHasEntries: Bool

  package init(remoteHasDescendants: Bool = false, localIsDirectory: Bool = false, localHasEntries: Bool = false) {
    self.remoteHasDescendants = remoteHasDescendants
    self.localIsDirectory = localIsDirectory
    self.localHasEntries = localHasEntries
  }
}
