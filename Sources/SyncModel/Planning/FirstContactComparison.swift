/// What both sides hold is compared by where they were never in sync: by contents, or by a rule of `aws s3 sync`.
package enum FirstContactComparison: String, Hashable, Sendable, CaseIterable {
  case contents
  case sizeOnly = "size-only"
  case exactTimestamps = "exact-timestamps"
  case noOverwrite = "no-overwrite"

  /// Whether `aws s3 sync` would replace the destination's version in one direction, with this option; its own
  /// rule, without any, under `contents`.
  ///
  /// Times are the file's mtime and the object's last-modified, as there: the mtime in the object's metadata is
  /// nothing that the AWS CLI writes or reads.
  package func copies(_ direction: SyncDirection, local: LocalStamp, remote: RemoteStamp) -> Bool {
    if self == .noOverwrite { return false }
    if local.size != remote.size { return true }
    switch (self, direction) {
    case (.sizeOnly, _): return false
    case (.exactTimestamps, .down): return local.modified != remote.lastModified
    // Downwards as well: it takes an older file for one that the object was uploaded from.
    default: return local.modified > remote.lastModified
    }
  }

  /// The option says that there is nothing to do: `aws s3 sync` would leave both versions, whatever they hold.
  package func countsAsEqual(_ local: LocalStamp, _ remote: RemoteStamp) -> Bool {
    self != .contents && !SyncDirection.allCases.contains { copies($0, local: local, remote: remote) }
  }
}

package enum SyncDirection: String, Hashable, Sendable, CaseIterable {
  /// From the root to the bucket.
  case up
  case down
}
