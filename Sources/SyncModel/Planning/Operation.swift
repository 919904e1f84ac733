/// One planned step for a path. Every change carries the stamp that the plan saw; the commit is
/// conditional on it (I2).
package enum Operation: Hashable, Sendable {
  /// Read the local content: stamps alone cannot tell whether it changed. Then plan again.
  case inspectLocal(LocalStamp)
  /// HEAD the object: its metadata decides. Then plan again.
  case inspectRemote(RemoteStamp)
  /// Both sides are present without proof that they agree: compare contents; equal is adopted, else
  /// `Planner.resolve` decides.
  case compare(LocalStamp, RemoteStamp)
  /// Nothing to transfer: write the base row that the two sides prove.
  case adopt(LocalStamp, RemoteState)
  /// Both sides are gone: drop the base row.
  case forget
  /// Only the local side has it, and it stays so until it changes: write a row that proves nothing.
  case leave(LocalStamp)

  case upload(LocalStamp, replacing: RemoteStamp?)
  /// Copy the object onto itself with the local metadata.
  case uploadMetadata(LocalStamp, replacing: RemoteStamp)
  case download(RemoteStamp, replacing: LocalStamp?)
  /// Give the local entry the object's metadata.
  case applyMetadata(RemoteStamp, EntryMetadata, to: LocalStamp)
  case deleteLocal(LocalStamp)
  case deleteRemote(RemoteStamp)

  case makeLocalDirectory
  case removeLocalDirectory(LocalStamp)
  case putMarker
  case deleteMarker(RemoteStamp)

  /// The directory of this leaf's name wins: the leaf leaves the local tree, to the trash where the
  /// bucket has its content, else as a conflict copy; its base row goes with it.
  case yieldToDirectory(LocalStamp)
  /// The object's name is a directory on this side: it cannot be a file here. Reported, not touched.
  case blocked
}

/// How a conflict ends. The loser is kept before it is overwritten.
package enum Resolution: Hashable, Sendable {
  /// Keep the remote version under a conflict name, then upload over it.
  case localWins
  /// Keep the local version under a conflict name, then download over it.
  case remoteWins
  /// As `localWins`/`remoteWins`, but the loser goes to the local trash, as `--first-sync` asks.
  case localWinsLoserToTrash
  case remoteWinsLoserToTrash
}
