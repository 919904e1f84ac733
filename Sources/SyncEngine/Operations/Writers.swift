import SyncModel

/// What to do about files that somebody has open for writing.
extension Engine {
  /// What to ask the local port for, where somebody may have the file open for writing.
  func openVersion(of path: RelativePath, _ stamp: LocalStamp) -> OpenVersion {
    openFiles.version(of: path, stamp, now: environment.uptime())
  }

  /// No version of the file can be had now: it is looked at again when it may have rested.
  ///
  /// Fails with `failure` where a run that is about to end can wait no longer.
  func waitForWriter(of path: RelativePath, _ stamp: LocalStamp?, _ failure: LocalFailure) throws -> Outcome {
    let now = environment.uptime()
    let age = stamp.map { environment.wallTime().nanoseconds - $0.changed.nanoseconds } ?? 0
    let wait = openFiles.foundOpen(path, stamp, age: age, now: now)
    if openFiles.isOverdue(path, now: now) {
      if options.once || stop.isRequested { throw failure }
      openFiles.noteReported(path)
      report(path.string, "is written to all the time, and no version of it rests; it is synced when one does")
    }
    return .later(.nanoseconds(wait))
  }

  func writerIsDone(with path: RelativePath) {
    if openFiles.settled(path)?.isReported == true { report(path.string, nil) }
  }

  /// Before another version takes the place of a file that somebody has open for writing: he is waited for, then he
  /// keeps the name. Nil: nobody has, go on.
  func yieldToWriter(
    _ path: RelativePath, _ stamp: LocalStamp, _ sight: inout Sight
  ) async throws -> Outcome? {
    guard stamp.kind == .file, !options.isDryRun, try await local.isOpenForWriting(path) else { return nil }
    return try await yieldToKnownWriter(path, stamp, &sight)
  }

  func yieldToKnownWriter(
    _ path: RelativePath, _ stamp: LocalStamp, _ sight: inout Sight
  ) async throws -> Outcome? {
    guard !stop.isRequested else { throw LocalFailure.stopping }
    let now = environment.uptime()
    _ = openFiles.foundOpen(path, stamp, age: 0, now: now)
    if let rest = openFiles.waitForReplacement(of: path, now: now) { return .later(.nanoseconds(rest)) }
    return try await keepBeside(path, stamp, &sight)
  }

  /// The writer keeps the name, whatever the policy; the remote version is kept beside it, and the base knows that the
  /// local content must still go up.
  private func keepBeside(_ path: RelativePath, _ stamp: LocalStamp, _ sight: inout Sight) async throws -> Outcome? {
    guard let object = try await currentHead(path, &sight)?.object else { return nil }
    let name = try await keepRemoteLoser(path, object)
    turn(path, .keptBesideWriter)
    noteConflict(path, keptAs: name)
    try await store.apply([
      .record(
        BaseEntry(
          path: path, local: stamp, remote: object.stamp,
          fingerprint: object.crc64.map { Fingerprint(size: object.stamp.size, crc64: $0) },
          metadata: object.metadata, isProvisional: true, isLocalChanged: true))
    ])
    sight.base = try await store.row(path)?.entry
    sight.remote = .object(object.stamp, metadata: object.metadata)
    // Plans the upload, which waits for the writer in its turn.
    return nil
  }
}
