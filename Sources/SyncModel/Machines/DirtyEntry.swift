/// Why a path may have changed.
package struct HintReasons: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The watcher saw something.
  package static let localEvent = HintReasons(rawValue: 1)
  /// A remote feed told of it.
  package static let remoteEvent = HintReasons(rawValue: 2)
  /// A listing differs from the base.
  package static let listing = HintReasons(rawValue: 4)
  /// An operation failed and is due again.
  package static let retry = HintReasons(rawValue: 8)
  /// The path was absent at the last look, which must be confirmed.
  package static let absenceSeen = HintReasons(rawValue: 16)
  /// A full pass wants it looked at.
  package static let fullPass = HintReasons(rawValue: 32)
}

/// A remote state as a listing gave it.
package struct SeenRemote: Hashable, Sendable {
  package var state: RemoteState
  /// The base's revision when the listing was *sent*; rows written later are newer than this state.
  package var revision: Int64

  package init(state: RemoteState, revision: Int64) {
    self.state = state
    self.revision = revision
  }
}

/// A path that may have changed. Times are nanoseconds of one monotonic clock.
package struct DirtyEntry: Hashable, Sendable {
  package let path: RelativePath
  package var reasons: HintReasons
  /// Since when the path may be out of sync; survives retries.
  package var since: Int64
  /// Not to be looked at earlier.
  package var notBefore: Int64
  package var remote: SeenRemote?
  /// Grows with every hint that the table took, over all paths.
  package var generation: UInt64
}
