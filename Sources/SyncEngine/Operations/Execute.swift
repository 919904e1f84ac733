import SyncModel

extension Engine {
  /// One planned step. Nil: `sight` was brought up to date, plan again.
  func execute(_ operation: Operation, _ work: Work, _ sight: inout Sight) async throws -> Outcome? {
    let path = work.path
    switch operation {
    case .inspectLocal(let stamp):
      try await inspectLocal(path, stamp, &sight)
      return nil
    case .inspectRemote:
      try await observeRemote(path, &sight)
      return nil
    case .compare(let stamp, _):
      return try await compare(path, stamp, &sight)
    case .adopt(let stamp, let state):
      guard !options.isDryRun else { return .settled }
      try await adopt(path, stamp, state, sight)
      return .settled
    case .forget:
      guard !options.isDryRun else { return .settled }
      try await forget(path)
      return .settled
    case .leave(let stamp):
      guard !options.isDryRun else { return .settled }
      try await leaveAlone(path, stamp)
      return .settled
    case .upload(let stamp, let expected):
      if expected == nil { try await forgetAbsence(.up, path, &sight) }
      if expected == nil, sight.base == nil, !work.avoidsRename, let from = try await renameSource(of: path, stamp) {
        if let rest = restOfSettling(from) {
          turn(path, .renameWaits)
          return .later(rest)
        }
        return .renamed(from: from)
      }
      if try await isRemoteVersion(stamp, path, &sight) { return try await compare(path, stamp, &sight) }
      return try await upload(path, stamp, replacing: expected, &sight)
    case .uploadMetadata(let stamp, let expected):
      return try await uploadMetadata(path, stamp, replacing: expected, &sight)
    case .download(let version, let replaced):
      if replaced == nil { try await forgetAbsence(.down, path, &sight) }
      return try await download(path, version, replacing: replaced, &sight)
    case .applyMetadata(let version, let metadata, let stamp):
      return try await applyMetadata(path, version, metadata, to: stamp, &sight)
    case .deleteLocal(let stamp):
      guard work.mayDelete else { return .deletion(.local) }
      return try await deleteLocal(path, stamp, &sight)
    case .deleteRemote(let version):
      guard work.mayDelete else { return .deletion(.remote) }
      return try await deleteRemote(path, version, &sight)
    case .makeLocalDirectory:
      return try await makeLocalDirectory(path, sight)
    case .removeLocalDirectory:
      guard work.mayDelete else { return .deletion(.local) }
      return try await removeLocalDirectory(path, &sight)
    case .putMarker:
      return try await putMarker(path, &sight)
    case .deleteMarker(let version):
      guard work.mayDelete else { return .deletion(.remote) }
      return try await deleteMarker(path, version)
    case .yieldToDirectory(let stamp):
      return try await yieldToDirectory(path, stamp, &sight)
    case .blocked:
      reports.noteBlocked(path.string)
      report(
        path.string, "the key cannot be a file here: a folder of the same name exists; rename one of the two")
      return .settled
    }
  }

  /// What is only read is changed by nobody here: what the bucket has is reported, and stays there.
  func isLeftAlone(_ path: RelativePath, isGone: Bool = false) async throws -> Bool {
    guard options.followsSymlinks, let reason = try await local.refusal(toChange: path) else { return false }
    // That a folder stays which the bucket no longer has takes nothing from anybody.
    if path.isDirectory, isGone { return true }
    reports.noteBlocked(path.string)
    report(path.string, reason)
    return true
  }

  /// Whether the row's version of the bucket, beside which a local one was kept, has taken the name here too.
  private func isRemoteVersion(_ stamp: LocalStamp, _ path: RelativePath, _ sight: inout Sight) async throws -> Bool {
    guard let base = sight.base, base.isLocalChanged, let known = base.fingerprint, stamp.size == known.size,
      stamp.kind == base.metadata.kind, sight.remote.stamp != nil
    else { return false }
    if sight.check?.stamp != stamp { try await inspectLocal(path, stamp, &sight) }
    return sight.check?.fingerprint == known
  }

  func inspectLocal(_ path: RelativePath, _ stamp: LocalStamp, _ sight: inout Sight) async throws {
    if stamp.size <= options.largeSize {
      let content = try await local.read(path, expecting: stamp, whileOpen: openVersion(of: path, stamp))
      sight.content = content
      sight.check = ContentCheck(
        fingerprint: content.fingerprint, stamp: content.stamp, isProvisional: content.isProvisional)
    } else {
      sight.check = try await local.fingerprint(path, expecting: stamp, whileOpen: openVersion(of: path, stamp))
    }
    // Of a file that somebody writes to a later version may have been read.
    sight.local = .present(sight.check?.stamp ?? stamp, content: sight.check?.fingerprint)
  }
}
