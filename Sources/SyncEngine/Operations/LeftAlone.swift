import SyncModel

/// What the root alone has when the two sides first meet, and how long it stays here alone.
extension Engine {
  private static var key: String { "meeting" }
  private static var isOver: String { "over" }
  /// What is younger than this when the run begins counts as written since: clocks of file systems are coarse, and to
  /// upload too much harms nobody.
  private static var slack: Int64 { 2_000_000_000 }

  /// A run that ended before all was seen goes on with the first one's time: what was written since is to be sent.
  func beginMeeting() async throws {
    guard options.policy.existing != .uploaded else { return }
    let known = try await store.value(Self.key)
    if known == Self.isOver { return }
    if let known, let began = Int64(known) {
      meetingBegan = Timestamp(nanoseconds: began)
      return
    }
    if try await store.leafCount() > 0 {
      if !options.isDryRun { try await store.setValue(Self.isOver, for: Self.key) }
      return
    }
    let began = environment.wallTime().nanoseconds - Self.slack
    meetingBegan = Timestamp(nanoseconds: began)
    if !options.isDryRun { try await store.setValue(String(began), for: Self.key) }
  }

  /// A look at everything reached its end.
  func endMeeting() async throws {
    guard meetingBegan != nil, !options.isDryRun else { return }
    try await store.setValue(Self.isOver, for: Self.key)
    meetingBegan = nil
  }

  /// Whether an entry is from before the meeting.
  func isExistingHere(_ local: LocalState) -> Bool {
    guard let meetingBegan, let stamp = local.stamp else { return false }
    return stamp.changed < meetingBegan
  }

  func leaveAlone(_ path: RelativePath, _ stamp: LocalStamp) async throws {
    turn(path, .leftAlone)
    try await store.apply([
      .record(
        BaseEntry(
          path: path, local: stamp, remote: nil, fingerprint: nil, metadata: EntryMetadata(kind: stamp.kind),
          isApart: true))
    ])
  }

  /// An event says more than a stamp: a file that was moved here is news, however old it is.
  func endLeavingAlone(_ path: RelativePath) async throws {
    guard meetingBegan != nil, try await store.row(path)?.entry?.isLeftAlone == true else { return }
    try await forget(path)
  }

  /// `--local-modification-persistence`: for how long a file that was written here is still to be left alone. A time
  /// that lies further ahead than that is a wrong clock's.
  func restOfPersistence(_ operation: Operation, _ local: LocalState) -> Duration? {
    guard options.localPersistence > .zero, let stamp = local.stamp, stamp.kind != .directory else { return nil }
    switch operation {
    case .download, .applyMetadata, .deleteLocal, .compare: break
    default: return nil
    }
    let age = environment.wallTime().nanoseconds - stamp.changed.nanoseconds
    let rest = options.localPersistence.nanoseconds - age
    return rest > 0 && rest <= 2 * options.localPersistence.nanoseconds ? .nanoseconds(rest) : nil
  }
}

extension BaseEntry {
  var isLeftAlone: Bool { isApart && remote == nil }
}
