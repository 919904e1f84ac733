/// Who wins when both sides changed and differ.
package enum ConflictPolicy: String, Hashable, Sendable, CaseIterable {
  case newest, local, remote
  case keepBoth = "keep-both"
}

/// Who wins when both sides have a path that was never in sync, and differ.
package enum FirstSyncPolicy: String, Hashable, Sendable, CaseIterable {
  case remote, local
  case keepBoth = "keep-both"
}

package enum DirectoryPolicy: String, Hashable, Sendable, CaseIterable {
  /// Empty directories travel as `key/` markers.
  case empty
  /// Every directory has a `key/` marker.
  case all
  /// Directories exist only for their files.
  case none
}

/// What becomes of what the root alone has when the two sides meet for the first time.
package enum ExistingPolicy: Hashable, Sendable {
  case uploaded
  /// It stays here alone until it changes, by a row that says so; such rows are made only while they meet.
  case leftAlone(isMeeting: Bool)
}

/// The decisions of the user that planning depends on.
package struct Policy: Hashable, Sendable {
  package var conflict: ConflictPolicy = .newest
  /// Nil: the remote keeps the name and the local file becomes a conflict copy.
  package var firstSync: FirstSyncPolicy?
  /// What counts as equal at first contact, beside equal contents.
  package var comparison: FirstContactComparison = .contents
  /// Local deletions are carried to the bucket; otherwise the file is copied back.
  package var deletesRemote = true
  /// Remote deletions are carried to the root; otherwise the object is put back.
  package var deletesLocal = true
  package var directories: DirectoryPolicy = .empty
  /// Whether the root may be changed, by what the bucket has.
  package var changesLocal = true
  /// Whether what the bucket has may be made here, or take the place of what is here; where not, what it deletes may
  /// still be deleted.
  package var installs = true
  /// Whether the bucket may be changed, by what the root has.
  package var changesRemote = true
  package var existing: ExistingPolicy = .uploaded

  /// At a start: the side that this direction leads to becomes what the other one is. What it alone has and was never
  /// in sync is taken away, kept in the local trash; what it alone lacks comes back.
  package var mirror: SyncDirection?

  package init() {}
}

extension Policy {
  var leavesExisting: Bool { existing != .uploaded }

  /// Whether the side that `direction` leads to is a mirror, and may be changed.
  func mirrors(_ direction: SyncDirection) -> Bool {
    mirror == direction && (direction == .up ? changesRemote : changesLocal)
  }
}
