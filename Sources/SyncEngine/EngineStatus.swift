package import SyncModel

/// What is in sync, what is not, and why (I12).
package struct EngineStatus: Sendable {
  package enum State: String, Sendable { case starting, syncing, idle, paused, stopping, stopped }

  package var state: State = .starting
  package var firstPassCompleted = false
  /// Uptime nanoseconds of the last pass that read both sides to the end.
  package var lastPassEnded: Int64?
  package var committed: [CommittedChange: Int] = [:]
  package var conflicts = 0
  package var active: [Transfer] = []
  /// Paths known to differ that wait or are under way.
  package var pending = 0
  /// How long the oldest of them has waited.
  package var oldestUnsynced: Duration?
  /// Files that wait because somebody has them open for writing, and for how long already.
  package var busy: [BusyFile] = []
  /// Paths that are left alone, and why.
  package var quarantined: [PathReport] = []
  package var deletionsHalted: String?
  package var watch: WatchState = .live
  package var lastError: String?

  package init() {}
}

/// A file that waits because somebody has it open for writing.
package struct BusyFile: Hashable, Sendable {
  package var path: RelativePath
  /// So far.
  package var wait: Duration

  package init(path: RelativePath, wait: Duration) {
    self.path = path
    self.wait = wait
  }
}

/// How a run ended.
package struct RunSummary: Sendable {
  /// Paths not in sync at the end, and why.
  package var unsynced: [PathReport] = []
  package var deletionsHalted: String?
  package var committed: [CommittedChange: Int] = [:]
  package var conflicts = 0
  package init() {}
}

/// Why a run ended before its first pass, or could not go on.
package struct EngineFailure: Error, Sendable, CustomStringConvertible {
  package enum Code: Hashable, Sendable {
    /// First contact found more conflicts than may be decided without `--first-sync`.
    case firstSyncUndecided
    case rootLost
    case remote
    /// What was asked for will not come: the run is over.
    case ended
    /// The path is none that goes to the bucket.
    case notSynced
    /// The path should be in the bucket and is not.
    case notSent
  }

  package var code: Code
  package var message: String
  package var description: String { message }

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }
}
