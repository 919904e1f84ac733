import SyncEngine
import SyncModel

/// Something that happened while a folder and a prefix were kept the same; see ``Syncer/events``.
///
/// Paths are those below the root, with `/` between names and at the end of a folder's. Later versions may tell of
/// more: give a `switch` a `default`.
public enum SyncEvent: Hashable, Sendable {
  /// The file's content is in the bucket.
  case uploaded(path: String)
  /// The object's content is in the folder.
  case downloaded(path: String)
  /// Only mode or modification time changed here, and the object has them now.
  case metadataUploaded(path: String)
  /// Only mode or modification time of the object changed, and the file has them now.
  case metadataDownloaded(path: String)
  /// The object was gone, and now the file is: until its retention ends it is in the trash.
  case deletedLocally(path: String)
  /// The file was gone, and now the object is.
  case deletedRemotely(path: String)
  /// The file was renamed here, and its object was copied within the bucket.
  case renamed(from: String, to: String)
  /// A folder was made here.
  case folderMade(path: String)
  /// An empty folder was removed here.
  case folderRemoved(path: String)
  /// Both sides changed, and differ. The version that lost has the name `keptAs` on both sides; nil: it is in the
  /// trash, as `--first-sync` and repositories of Git have it.
  case conflict(path: String, keptAs: String?)
  /// A step failed and is tried again, with growing pauses, for ever.
  case failed(path: String, problem: String)
  /// Left alone until the cause is gone: it keeps failing, or cannot be synced.
  case leftAlone(path: String, problem: String)
  /// What was ``leftAlone(path:problem:)`` no longer is.
  case recovered(path: String)
  /// Deletions do not cross for now: somebody has to look. All else goes on.
  case deletionsHalted(problem: String)
  /// Deletions cross again.
  case deletionsResumed
  /// Everything on both sides was looked at, and what differed was dealt with or reported.
  case fullPassCompleted
  /// The folder or the bucket could not be read to the end; it is tried again.
  case passFailed(problem: String)
  /// See ``Syncer/pause()``.
  case paused
  /// See ``Syncer/resume()``.
  case resumed
  /// The run was asked to end: what is left to be sent is.
  case stopping
  /// So many earlier events were dropped, since this consumer did not keep up.
  case dropped(count: Int)
}

extension SyncEvent {
  /// Nil for what concerns nobody outside.
  init?(_ event: EngineEvent) {
    switch event {
    case .committed(let path, let change):
      guard let event = Self(change, path.string) else { return nil }
      self = event
    case .renamed(let from, let to): self = .renamed(from: from.string, to: to.string)
    case .conflict(let path, let copy): self = .conflict(path: path.string, keptAs: copy?.string)
    case .retrying(let path, let reason): self = .failed(path: path.string, problem: reason)
    case .reported(let path, let reason?): self = .leftAlone(path: path, problem: reason)
    case .reported(let path, nil): self = .recovered(path: path)
    case .deletionsHalted(let reason): self = .deletionsHalted(problem: reason)
    case .deletionsResumed: self = .deletionsResumed
    case .passEnded(let summary) where summary.isFull: self = .fullPassCompleted
    case .passFailed(let reason): self = .passFailed(problem: reason)
    case .stopping: self = .stopping
    case .passEnded, .passStarted, .planned, .transferStarted, .transferProgressed, .transferEnded,
      .capabilitiesDoubted, .considered, .turned:
      return nil
    }
  }

  private init?(_ change: CommittedChange, _ path: String) {
    switch change {
    case .uploaded: self = .uploaded(path: path)
    case .downloaded: self = .downloaded(path: path)
    case .metadataUploaded: self = .metadataUploaded(path: path)
    case .metadataApplied: self = .metadataDownloaded(path: path)
    case .deletedLocal: self = .deletedLocally(path: path)
    case .deletedRemote: self = .deletedRemotely(path: path)
    case .directoryMade: self = .folderMade(path: path)
    case .directoryRemoved: self = .folderRemoved(path: path)
    // Nothing changed, another event tells of it, or it is what only we see.
    case .adopted, .renamedRemote, .markerPut, .markerDeleted: return nil
    }
  }
}
