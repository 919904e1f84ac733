package import SyncModel

/// What happened, for logs, progress and the status.
package enum EngineEvent: Sendable {
  case planned(RelativePath, Operation)
  case transferStarted(Transfer)
  /// Bytes moved since the last event of this transfer.
  case transferProgressed(Transfer.ID, bytes: Int64)
  case transferEnded(Transfer.ID, failure: String?)
  case committed(RelativePath, CommittedChange)
  case conflict(RelativePath, keptAs: RelativePath?)
  /// The object of the old name was copied to the new one; follows its `committed`.
  case renamed(from: RelativePath, to: RelativePath)
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
  /// What the planner made of a path: the cell of its table, and the next step.
  case considered(RelativePath, Situation, Operation?)
  case turned(RelativePath, Turn)
}

/// A turn that a path took and its plan does not tell, in words for a trace.
package enum Turn: String, Hashable, Sendable, CaseIterable {
  case writeHadLanded = "a write whose reply was lost had landed"
  case writeHadNotLanded = "a write whose reply was lost is not what stands there"
  case deletionHadLanded = "a deletion whose reply was lost had taken effect"
  case deletionWasOvertaken = "a deletion whose reply was lost was followed by another version"
  case writeCannotLandAnyMore = "a write whose reply was lost is too old to land"
  case installWasDone = "what a run put there before it ended has its row"
  case installWasNotDone = "what a run was about to put there is not what stands there"
  case uploadGoesOn = "an upload in parts goes on where it stopped"
  case uploadWaits = "an upload in parts waits to go on"
  case uploadUnwanted = "an upload in parts has no file any more"
  case uploadAbandoned = "an upload in parts can never be completed"
  case unrecordedUploadsSought = "uploads whose id was lost are sought"
  case hintedWhileRead = "a hint came while the file was read"
  case otherNameHinted = "another name of the file was written through"
  case renameWaits = "the old name may reappear"
  case renameGivenUp = "the rename is an upload and a deletion after all"
  case oldNameChanged = "somebody changed the old name of a renamed file"
  case conflictCopyExists = "an equal conflict copy is there already"
  case conflictNameTaken = "the name of the conflict copy is taken"
  case changedInConflict = "the file changed before its conflict copy was made"
  case keptBesideWriter = "the file is open for writing, the other version is stored beside it"
  case obstructed = "a file stands where a folder must be"
  case linkRefused = "the link is not synced"
  case modeKept = "the mode that only this side changed is kept"
  case yieldWaits = "a file and a folder claim the name"
  case yieldedSynced = "the file gives way to the folder; the bucket has its content"
  case yieldedUnsynced = "the file gives way to the folder and is kept as a conflict copy"
  case yieldNotNeeded = "the folder that claimed the name is gone"
  case emptiedFolderKept = "the folder that is emptied gets a marker"
  case markerWaits = "the folder may be filled again"
  case markerWasThere = "somebody else put the marker"
  case absenceDisproved = "the file is there after all"
  case absenceProvenInParts = "absences are proven folder by folder"
  case deletionIsMove = "a deletion is half of a move"
  case absenceUndecided = "an absence that an event told of has its time to reappear"
  case deletionIsOutdated = "a deletion was planned for an earlier version"
  case conditionFailed = "the version is not the one that was seen"
  case raceLost = "another write was under way"
  case changesTooOften = "planning never ends: the path changes too often"
  case backsOff = "the path failed and waits"
  case localChanged = "the file is not the version that was seen"
  case keptBeforeDeletion = "the object is kept in the trash before it is deleted"
  case leftApart = "both versions are left as they are"
  case leftAlone = "what is only here stays here until it changes"
  case localPersists = "what was written here is left alone for a while"
  case removalWasDone = "what a run was about to take away is gone"
  case conflictRemoteWins = "the remote version keeps the name"
  case conflictLocalWins = "the local version keeps the name"
  case conflictRemoteWinsToTrash = "the remote version keeps the name, the local one goes to the trash"
  case conflictLocalWinsToTrash = "the local version keeps the name, the remote one goes to the trash"
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
  func record(_ event: EngineEvent)
}

extension Engine {
  func turn(_ path: RelativePath, _ turn: Turn) { observer.record(.turned(path, turn)) }
}
