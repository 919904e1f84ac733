package import SyncModel

/// What happened, for logs, progress and the status.
package enum SyncEvent: Sendable {
  case planned(RelativePath, Operation)
  case transferStarted(Transfer)
  /// Bytes moved since the last event of this transfer.
  case transferProgressed(Transfer.ID, bytes: Int64)
  case transferEnded(Transfer.ID, failure: String?)
  case committed(RelativePath, CommittedChange)
  case conflict(RelativePath, keptAs: RelativePath?)
  /// Left alone until the cause is gone; nil reason: it is.
  case reported(path: String, reason: String?)
  /// A step failed and is tried again.
  case retrying(RelativePath, reason: String)
  case deletionsHalted(reason: String)
  case deletionsResumed
  case passStarted(isFull: Bool)
  case passEnded(PassSummary)
  case passFailed(reason: String)
  case stopping
  /// The server refused a condition on the version that it names itself: what it can do must be found out anew.
  case capabilitiesDoubted
}

package enum CommittedChange: String, Hashable, Sendable {
  case uploaded, downloaded, adopted, deletedLocal, deletedRemote, renamedRemote
  case metadataUploaded, metadataApplied, directoryMade, directoryRemoved, markerPut, markerDeleted
}

package struct Transfer: Hashable, Sendable, Identifiable {
  package enum Direction: String, Hashable, Sendable { case upload, download }
  package struct ID: Hashable, Sendable {
    package var value: UInt64
    package init(_ value: UInt64) { self.value = value }
  }

  package var id: ID
  package var path: RelativePath
  package var direction: Direction
  /// Bytes.
  package var size: Int64
}

package struct PassSummary: Hashable, Sendable {
  package var isFull = true
  package var localEntries = 0
  package var remoteEntries = 0
  package var submitted = 0
  package var deletions = 0
  /// A file or link that is synced was seen there.
  package var hasLocalLeaf = false
  package var hasRemoteLeaf = false
  package init() {}
}

/// Takes events at once; never blocks.
package protocol SyncObserver: Sendable {
  func record(_ event: SyncEvent)
}
