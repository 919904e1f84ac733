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
  func waitForWriter(of path: RelativePath, _ sight: Sight, _ failure: LocalFailure) throws -> Outcome {
    let now = environment.uptime()
    let stamp = sight.local.stamp
    // The next look must not take the base's word for what is in the bucket.
    if !sight.remoteIsAssumed { remoteNews.insert(path) }
    let age = stamp.map { environment.wallTime().nanoseconds - $0.changed.nanoseconds } ?? 0
    let wait = openFiles.foundOpen(path, stamp, age: age, now: now)
    if openFiles.isOverdue(path, now: now) {
      if options.once || stop.isRequested { throw failure }
      openFiles.noteReported(path)
      report(path.string, "has been open for writing for long; it is synced when it rests or is closed")
    }
    return .later(.nanoseconds(wait))
  }

  /// Of a SQLite database that a program has open a moment is no use where a transaction lies in several files: all
  /// of them must have rested, and longer than it took to read this one.
  func requireRestingGroup(of path: RelativePath, _ stamp: LocalStamp, beginning: [UInt8]) async throws {
    let companions = DatabaseFiles.companions(of: path, beginning: beginning)
    guard !companions.isEmpty else { return }
    var stamps = [stamp]
    for companion in companions {
      if case .present(let other) = try await local.observe(companion) { stamps.append(other) }
    }
    let now = environment.wallTime().nanoseconds
    guard stamps.count == 1 || stamps.allSatisfy({ now - $0.changed.nanoseconds >= openFiles.rest }) else {
      throw LocalFailure(.busy, "“\(path)” belongs to a database that is being written; it is uploaded when that rests")
    }
  }

  func writerIsDone(with path: RelativePath) {
    if openFiles.settled(path)?.isReported == true { report(path.string, nil) }
  }

  /// Whether another version may take the place of a file.
  func isFree(_ path: RelativePath, _ stamp: LocalStamp) async throws -> Bool {
    if stamp.kind != .file { return true }
    return try await !local.isOpenForWriting(path)
  }

  /// Somebody has the file open for writing whose place another version is to take: he is waited for, then he keeps
  /// the name. Nil: `sight` was brought up to date, plan again.
  func yieldToWriter(_ path: RelativePath, _ stamp: LocalStamp, _ sight: inout Sight) async throws -> Outcome? {
    guard !stop.isRequested else { throw LocalFailure.stopping }
    let now = environment.uptime()
    _ = openFiles.foundOpen(path, stamp, age: 0, now: now)
    if let wait = openFiles.waitForReplacement(of: path, now: now) {
      remoteNews.insert(path)
      return .later(.nanoseconds(wait))
    }
    guard options.policy(for: path).changesRemote else {
      throw LocalFailure(.busy, "“\(path)” is open for writing; it is replaced when it is closed")
    }
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
