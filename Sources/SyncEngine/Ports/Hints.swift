package import SyncModel

/// A message that something may have changed. It never carries truth.
package enum LocalHint: Hashable, Sendable {
  /// The entry of this name; without a trailing slash also where it turns out to be a directory.
  case path(RelativePath)
  /// An absence was seen there, perhaps half of a rename.
  case vanished(RelativePath)
  /// Anything below this directory.
  case subtree(RelativePath)
  /// Both halves of a rename of a leaf or a directory.
  case renamed(from: RelativePath, to: RelativePath)
}

/// Takes hints; never blocks and never fails.
package protocol HintSink: Sendable {
  func hint(_ hint: LocalHint)
  /// A path that is left alone, and why; nil: it no longer is.
  func report(_ path: String, _ reason: String?)
}

/// Takes what a remote feed tells.
package protocol RemoteHintSink: Sendable {
  /// These may have changed in the bucket. Returns when they are taken: from then on they are looked at, whatever
  /// becomes of the feed.
  func hint(remote paths: [RelativePath]) async

  /// Whether changes in the bucket announce themselves: a live feed makes listings rare. Each change of it is followed
  /// by a look at the bucket, since nobody heard of what happened before.
  func feedChanged(isLive: Bool) async

  /// Anything may have changed in the bucket: it is looked at soon.
  func lookAtBucket() async
}
