/// Points of a commit between which a crash or another program can come; tests and the
/// simulation stop or act there.
package enum CommitStep: Hashable, CaseIterable, Sendable {
  /// N lies in `tmp/`, durable (1).
  case staged
  /// The slot's record is durable (4).
  case recorded
  /// D is the expected version, under a lease where one is to be had (2, 3).
  case verified
  /// N lies in its slot (4).
  case inSlot
  /// Slot and target were exchanged (5), or the target was moved into the slot (12).
  case displaced
  /// What was displaced is not the expected version (6).
  case refused
  /// Slot and target were exchanged back (8).
  case exchangedBack
  /// N stands at its name (12, or where the name was absent).
  case linked
}

/// Called at each step; throwing there leaves everything as a crash would.
package typealias CommitHook = @Sendable (CommitStep) throws -> Void
