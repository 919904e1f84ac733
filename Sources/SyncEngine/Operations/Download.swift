import SyncModel

extension Engine {
  func download(
    _ path: RelativePath, _ version: RemoteStamp, replacing replaced: LocalStamp?, _ sight: inout Sight
  ) async throws -> Outcome? {
    if isRefused(path, version) { return .settled }
    if replaced == nil {
      // A walk leaves out what cannot be synced: it is not to be found out only after the transfer, at every pass.
      sight.local = try await observeLocal(path, &sight)
      guard case .absent = sight.local else { return nil }
    }
    if let replaced, try await !isFree(path, replaced) { return try await yieldToWriter(path, replaced, &sight) }
    let expected = replaced.map { expectation($0, sight) }
    return try await fetch(path, version, replacing: expected, &sight)
  }

  /// How to recognise the local version that is to be displaced.
  func expectation(_ stamp: LocalStamp, _ sight: Sight) -> ExpectedLocal {
    let isBase = sight.base.map { $0.isAgreed && $0.local.mayHoldSameContent(as: stamp) } ?? false
    return ExpectedLocal(
      stamp: stamp, fingerprint: sight.check?.fingerprint ?? (isBase ? sight.base?.fingerprint : nil),
      isProvisional: sight.check?.isProvisional ?? sight.base?.isProvisional ?? true, isInBucket: isBase)
  }

  /// Brings exactly `version` to `path`.
  func fetch(
    _ path: RelativePath, _ version: RemoteStamp, replacing expected: ExpectedLocal?, _ sight: inout Sight
  ) async throws -> Outcome? {
    guard !stop.isRequested else { throw LocalFailure.stopping }
    if version.size > options.largeSize {
      return try await inLane {
        // Its turn came late.
        if isPaused { return .later(.zero) }
        return try await withFetched(path, version) { fetched in
          try await install(fetched, at: path, replacing: expected, &sight)
        }
      }
    }
    return try await withFetched(path, version) { fetched in
      try await install(fetched, at: path, replacing: expected, &sight)
    }
  }

  struct Fetched: Sendable {
    var content: InstallContent
    var object: RemoteObject
    var fingerprint: Fingerprint
  }

  /// The content of `version`, in memory where it is small, else staged; discarded unless it was installed.
  func withFetched<Result: Sendable>(
    _ path: RelativePath, _ version: RemoteStamp, _ body: (Fetched) async throws -> Result
  ) async throws -> Result {
    let transfer = begin(.download, path, version.size)
    do {
      let result: Result
      if version.size <= options.largeSize {
        let read = try await remote.read(path, version: version)
        let content: InstallContent =
          read.object.metadata.kind == .symlink ? .symlink(target: read.bytes) : .bytes(read.bytes)
        result = try await body(Fetched(content: content, object: read.object, fingerprint: read.fingerprint))
        end(transfer, moved: version.size)
      } else {
        let staged = try await local.stage(for: path, size: version.size)
        do {
          let observer = observer
          let done = try await remote.download(path, version: version, into: StoppableSink(sink: staged, stop: stop)) {
            observer.record(.transferProgressed(transfer.id, bytes: $0))
          }
          result = try await body(
            Fetched(content: .staged(staged), object: done.object, fingerprint: done.fingerprint))
        } catch {
          await staged.discard()
          throw error
        }
        await staged.discard()
        end(transfer, moved: 0)
      }
      return result
    } catch {
      end(transfer, failure: error)
      throw error
    }
  }

  private func install(
    _ fetched: Fetched, at path: RelativePath, replacing expected: ExpectedLocal?, _ sight: inout Sight
  ) async throws -> Outcome? {
    if case .symlink(let target) = fetched.content, let reason = refusal(ofLink: path, to: target) {
      if refusedLinks.count >= Reports.capacity { refusedLinks = [:] }
      refusedLinks[path] = fetched.object.stamp.etag
      turn(path, .linkRefused)
      reports.noteBlocked(path.string)
      report(path.string, reason)
      return .settled
    }
    var metadata = fetched.object.metadata
    // Metadata merges per field: a mode that only this side changed outlives the new content.
    let merge = sight.base.flatMap { base in
      base.isApart ? nil : expected.map { MetadataMerge(base: base, local: $0.stamp, remote: fetched.object.metadata) }
    }
    let keepsMode = merge.map { $0.hasLocalChanges && $0.result.mode == expected?.stamp.mode } ?? false
    if keepsMode {
      turn(path, .modeKept)
      metadata.mode = nil
    }
    let keepsOwner = merge?.isOwnerLocal ?? false
    if keepsOwner { metadata.owner = nil }
    let intent = try await openInstall(of: fetched, at: path)
    let (local, installed) = (local, metadata)
    switch try await changingFolder(
      intent,
      {
        try await local.install(
          fetched.content, at: path, metadata: installed, fingerprint: fetched.fingerprint, replacing: expected)
      })
    {
    case .installed(var stamp, let isProvisional):
      try await changingFolder(intent) {
        try await makeNameDurable(path)
        guard case .present = try await local.observe(path) else {
          // Its folder may have been moved away unsynced: with a row, a power failure would look like a deletion.
          throw LocalFailure(.changed, "“\(path)” was moved")
        }
      }
      if keepsMode, let mode = fetched.object.metadata.mode {
        stamp.mode = mode
        mark(path, .localEvent)
      }
      if keepsOwner, let owner = sight.base?.local.owner {
        stamp.owner = owner
        mark(path, .localEvent)
      }
      try await commit(
        BaseEntry(
          path: path, local: stamp, remote: fetched.object.stamp, fingerprint: fetched.fingerprint,
          metadata: fetched.object.metadata, isProvisional: isProvisional),
        closing: intent, as: .downloaded)
      return .settled
    case .changed:
      try await close(intent)
      sight.local = try await observeLocal(path, &sight)
      return nil
    case .busy:
      try await close(intent)
      guard let stamp = expected?.stamp else { return .later(.seconds(1)) }
      return try await yieldToWriter(path, stamp, &sight)
    case .obstructed(let leaf):
      try await close(intent)
      if leaf.asLeaf == path.asLeaf {
        sight.local = try await observeLocal(path, &sight)
        return nil
      }
      turn(path, .obstructed)
      // The leaf above yields to this directory, or the leaf's own deletion comes first.
      mark(leaf, .remoteEvent)
      clashes[leaf] = clashes[leaf] ?? environment.uptime()
      return .later(.seconds(1))
    }
  }

  /// A link that was reported is not read again; its report ends with the pass that does not come upon it any more.
  func isRefused(_ path: RelativePath, _ version: RemoteStamp) -> Bool {
    guard refusedLinks[path] == version.etag else { return false }
    reports.noteBlocked(path.string)
    return true
  }

  private func refusal(ofLink path: RelativePath, to target: [UInt8]) -> String? {
    if let reason = options.symlinkRefusal { return reason }
    return LinkTarget.leadsOut(target, from: path)
      ? "is a symbolic link that leads out of the folder to “\(String(decoding: target, as: UTF8.self))”" : nil
  }

  func noteConflict(_ path: RelativePath, keptAs name: RelativePath?) {
    status.conflicts += 1
    observer.record(.conflict(path, keptAs: name))
  }
}

/// Ends a download when the engine is asked to stop: what counts then is uploads.
struct StoppableSink: ContentSink {
  let sink: any ContentSink
  let stop: StopSignal

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws {
    guard !stop.isRequested else { throw LocalFailure.stopping }
    try sink.write(bytes, at: offset)
  }
}

extension LocalFailure {
  static let stopping = LocalFailure(.stopping, "the download was stopped to let uploads finish")
}
