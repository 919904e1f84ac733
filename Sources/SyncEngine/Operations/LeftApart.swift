import SyncModel

extension Engine {
  /// `--size-only`, `--exact-timestamps` and `--no-overwrite` name versions that count as equal whatever they hold.
  func countsAsEqual(_ path: RelativePath, _ stamp: LocalStamp, _ object: RemoteObject) -> Bool {
    let policy = options.policy(for: path)
    // What was here first and is not fetched stays as it is until it changes.
    if policy.existing != .uploaded, !policy.installs { return true }
    let comparison = policy.comparison
    return comparison.countsAsEqual(stamp, object.stamp)
      && (comparison == .noOverwrite || stamp.kind == object.metadata.kind)
  }

  /// Versions that differ and count as equal: both stay until one side changes. Their row proves no agreement, so that
  /// no deletion crosses and no later version displaces one that its writer never saw.
  ///
  /// False: one of the two changed since.
  func leaveApart(
    _ path: RelativePath, _ stamp: LocalStamp, _ object: RemoteObject, _ sight: inout Sight
  ) async throws -> Bool {
    let row = sight.base.flatMap { $0.remote == nil ? nil : $0 }
    if let row, let known = row.remote {
      guard row.isApart, object.stamp.hasSameContent(as: known) else { return false }
    }
    if sight.check == nil { try await inspectLocal(path, stamp, &sight) }
    guard let check = sight.check, row == nil || row?.fingerprint == check.fingerprint else { return false }
    turn(path, .leftApart)
    let entry = BaseEntry(
      path: path, local: check.stamp, remote: object.stamp, fingerprint: check.fingerprint, metadata: object.metadata,
      isProvisional: check.isProvisional, isApart: true, revision: row?.revision ?? 0)
    // Where stamps never prove anything (tmpfs) the row stays provisional, and is not written for that.
    guard entry != row, undecided == nil, !options.isDryRun else { return true }
    try await store.apply([.record(entry)])
    sight.base = entry
    // What was begun while the bucket had nothing there is not to be sent any more.
    try await closeUploads(path, sight)
    return true
  }
}
