import SyncModel

extension Engine {
  /// The second that S3 counts in, and one more since after a write of our own the time is an upper bound.
  private static var indistinct: Duration { .seconds(2) }

  private func isIndistinct(_ version: RemoteStamp) -> Bool {
    let age = version.lastModified.duration(to: environment.wallTime())
    return age > .zero - Self.indistinct && age < Self.indistinct
  }

  /// What to record of a version that differs from another one in its metadata. A change by somebody else in the same
  /// second would have the same stamp, and its condition, an ETag, is no hindrance: undated, the next listing has the
  /// path looked at again.
  func untilDistinct(_ version: RemoteStamp) -> RemoteStamp {
    var version = version
    if isIndistinct(version) { version.lastModified = RemoteStamp.undated }
    return version
  }

  func uploadMetadata(
    _ path: RelativePath, _ stamp: LocalStamp, replacing expected: RemoteStamp, _ sight: inout Sight
  ) async throws -> Outcome? {
    guard var entry = sight.base else { return .settled }
    if !expected.isDated, sight.remoteIsAssumed {
      try await observeRemote(path, &sight)
      return nil
    }
    // A copy keeps the ETag: within the second of the version before it no listing tells the two apart.
    if isIndistinct(expected) { return .later(Self.indistinct) }
    if stamp.kind == .file { await hintOtherNames(of: stamp, than: path) }
    var intent = newIntent(.metadata, path, expected)
    let metadata = stamp.metadata(since: sight.base)
    intent.describe(entry.fingerprint, metadata)
    intent.local = SentStamp(stamp, isProvisional: sight.check?.isProvisional ?? entry.isProvisional)
    entry.local = stamp
    entry.isProvisional = sight.check?.isProvisional ?? entry.isProvisional
    do {
      try await open(intent)
      entry.remote = try await sending(intent) {
        try await remote.replaceMetadata(path, of: expected, with: metadata)
      }
      entry.metadata = metadata
      report(path.string, nil)
    } catch let failure as RemoteFailure where failure.code == .notPossible {
      // The content is in sync; its metadata stay different until the content changes.
      report(path.string, failure.message)
      entry.remote = expected
      try await close(intent)
    }
    try await commit(entry, closing: intent, as: .metadataUploaded)
    return .settled
  }

  func applyMetadata(
    _ path: RelativePath, _ version: RemoteStamp, _ metadata: EntryMetadata, to stamp: LocalStamp, _ sight: inout Sight
  ) async throws -> Outcome? {
    guard var entry = sight.base else { return .settled }
    switch try await local.applyMetadata(metadata, to: path, expecting: stamp) {
    case .changed:
      sight.local = try await observeLocal(path, &sight)
      return nil
    case .applied(let applied):
      entry.local = applied
      entry.remote = version
      var hasLocalChanges = false
      if let base = sight.base, case .object(_, let carried?) = sight.remote {
        // What only this side changed keeps the base's value, so that it still goes up.
        let merge = MetadataMerge(base: base, local: stamp, remote: carried)
        entry.local = merge.rowStamp(readBack: applied, base: base.local)
        entry.metadata = carried
        hasLocalChanges = merge.hasLocalChanges
      }
      try await commit(entry, as: .metadataApplied)
      if hasLocalChanges { mark(path, .localEvent) }
      if applied.kind == .file { await hintOtherNames(of: applied, than: path) }
      return .settled
    }
  }
}
