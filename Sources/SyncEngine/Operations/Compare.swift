import SyncModel

extension Engine {
  /// Both sides are present and nothing proves that they agree: equal content is adopted, else one wins
  /// and the other is kept.
  func compare(_ path: RelativePath, _ stamp: LocalStamp, _ sight: inout Sight) async throws -> Outcome? {
    guard let head = try await currentHead(path, &sight) else { return nil }
    let object = head.object
    if isRefused(path, object.stamp) { return .settled }
    let isSameKind = object.metadata.kind == stamp.kind
    let countsAsEqual = countsAsEqual(path, stamp, object)
    if isSameKind, object.stamp.size == stamp.size {
      let check: ContentCheck?
      do { check = try await equalContent(path, stamp, object, &sight) } catch let failure as LocalFailure
        where failure.code == .busy && undecided == nil && !options.isDryRun && !countsAsEqual
      { return try await yieldToWriter(path, stamp, &sight) }
      if let check {
        try await adoptEqual(path, check, object)
        return .settled
      }
    }
    if countsAsEqual, try await leaveApart(path, stamp, object, &sight) { return .settled }
    if undecided != nil {
      undecided!.conflicts += 1
      return .settled
    }
    if options.isDryRun {
      observer.record(.planned(path, .compare(stamp, object.stamp)))
      return .settled
    }
    return try await resolve(path, stamp, head, &sight)
  }

  func currentHead(_ path: RelativePath, _ sight: inout Sight) async throws -> RemoteHead? {
    if let head = sight.head { return head }
    try await observeRemote(path, &sight)
    return sight.head
  }

  /// The identity of the local content if the object holds the same.
  private func equalContent(
    _ path: RelativePath, _ stamp: LocalStamp, _ object: RemoteObject, _ sight: inout Sight
  ) async throws -> ContentCheck? {
    if stamp.size <= options.largeSize {
      let content = try await local.read(path, expecting: stamp, whileOpen: openVersion(of: path, stamp))
      let check = ContentCheck(
        fingerprint: content.fingerprint, stamp: content.stamp, isProvisional: content.isProvisional)
      sight.content = content
      sight.check = check
      return try await remote.equals(path, object, content) ? check : nil
    }
    let check = try await local.fingerprint(path, expecting: stamp, whileOpen: openVersion(of: path, stamp))
    sight.check = check
    if let crc64 = object.crc64 { return crc64 == check.fingerprint.crc64 ? check : nil }
    let snapshot = try await local.openSnapshot(
      path, expecting: check.stamp, whileOpen: openVersion(of: path, stamp))
    do {
      let isEqual = try await remote.equals(path, object, snapshot)
      let verdict = try await snapshot.verify()
      await snapshot.close()
      guard case .stable = verdict else { throw LocalFailure(.changed, "“\(path)” changed while it was compared") }
      return isEqual ? check : nil
    } catch {
      await snapshot.close()
      throw error
    }
  }

  /// Metadata that the object carries is applied; what it lacks stays as it is on each side.
  /// Both sides keep their own where the user asked for a comparison that leaves files alone.
  func adoptEqual(_ path: RelativePath, _ check: ContentCheck, _ object: RemoteObject) async throws {
    var stamp = check.stamp
    var wanted = object.metadata
    if wanted.mode == stamp.mode || stamp.kind == .symlink { wanted.mode = nil }
    if wanted.modified == stamp.modified { wanted.modified = nil }
    if wanted.owner == stamp.owner { wanted.owner = nil }
    let policy = options.policy(for: path)
    if !policy.changesLocal || !policy.installs || policy.comparison != .contents {
      wanted = EntryMetadata(kind: wanted.kind)
    }
    if wanted != EntryMetadata(kind: wanted.kind), !options.isDryRun {
      if undecided != nil {
        undecided!.agreed += 1
        return
      }
      guard case .applied(let applied) = try await local.applyMetadata(wanted, to: path, expecting: stamp) else {
        throw LocalFailure(.changed, "“\(path)” changed while it was compared")
      }
      stamp = applied
    }
    guard !options.isDryRun else { return }
    try await commit(
      BaseEntry(
        path: path, local: stamp, remote: object.stamp, fingerprint: check.fingerprint, metadata: object.metadata,
        isProvisional: check.isProvisional),
      as: .adopted)
  }

  private func resolve(_ path: RelativePath, _ stamp: LocalStamp, _ head: RemoteHead, _ sight: inout Sight) async throws
    -> Outcome?
  {
    let object = head.object
    switch Planner.resolve(
      path: path, base: sight.base, local: stamp, remote: object, policy: options.policy(for: path),
      serverNow: head.serverTime)
    {
    case .remoteWins:
      if try await isLeftAlone(path) { return .settled }
      guard try await isFree(path, stamp) else { return try await yieldToWriter(path, stamp, &sight) }
      turn(path, .conflictRemoteWins)
      guard let name = try await keepLocal(path, stamp, &sight) else { return nil }
      noteConflict(path, keptAs: name)
      return try await fetch(
        path, object.stamp,
        replacing: ExpectedLocal(
          stamp: stamp, fingerprint: sight.check?.fingerprint, isProvisional: sight.check?.isProvisional ?? true,
          isInBucket: true), &sight)
    case .remoteWinsLoserToTrash:
      if try await isLeftAlone(path) { return .settled }
      guard try await isFree(path, stamp) else { return try await yieldToWriter(path, stamp, &sight) }
      turn(path, .conflictRemoteWinsToTrash)
      noteConflict(path, keptAs: nil)
      return try await fetch(
        path, object.stamp,
        replacing: ExpectedLocal(
          stamp: stamp, fingerprint: sight.check?.fingerprint, isProvisional: sight.check?.isProvisional ?? true,
          isInBucket: false), &sight)
    case .localWins:
      turn(path, .conflictLocalWins)
      let name = try await keepRemote(path, object)
      noteConflict(path, keptAs: name)
      return try await upload(path, stamp, replacing: object.stamp, &sight)
    case .localWinsLoserToTrash:
      turn(path, .conflictLocalWinsToTrash)
      try await keepInTrash(path, object.stamp)
      noteConflict(path, keptAs: nil)
      return try await upload(path, stamp, replacing: object.stamp, &sight)
    }
  }

  /// Copies the local version to its conflict name. Nil: it changed meanwhile, plan again.
  func keepLocal(_ path: RelativePath, _ stamp: LocalStamp, _ sight: inout Sight) async throws -> RelativePath? {
    let check: ContentCheck
    if let known = sight.check {
      check = known
    } else {
      check = try await local.fingerprint(path, expecting: stamp, whileOpen: .rested(Self.shortRest))
      sight.check = check
    }
    let expected = ExpectedLocal(
      stamp: stamp, fingerprint: check.fingerprint, isProvisional: check.isProvisional, isInBucket: false)
    let loser = ConflictName.Loser.local(node: options.nodeID, content: check.fingerprint)
    for attempt in 0..<Self.conflictNameAttempts {
      let name = try conflictName(path, loser, stamp.modified, attempt)
      let outcome = try await local.copyAside(path, expecting: expected, to: name)
      switch outcome {
      case .copied, .existed:
        if outcome == .existed { turn(name, .conflictCopyExists) }
        if let parent = name.parent { try await directorySync.sync(parent) }
        mark(name, .localEvent)
        return name
      case .changed:
        turn(path, .changedInConflict)
        sight.local = try await observeLocal(path, &sight)
        return nil
      case .busy: throw LocalFailure(.busy, "“\(path)” is open for writing; its conflict is resolved when it rests")
      case .taken:
        turn(name, .conflictNameTaken)
        continue
      }
    }
    throw nameTaken(path)
  }

  /// Each name may hold a copy of the same version that somebody has worked on since.
  static var conflictNameAttempts: Int { 32 }

  /// What a version of a file that somebody has open for writing must have rested for to be compared, nanoseconds.
  static var shortRest: Int64 { 1_000_000_000 }

  func conflictName(
    _ path: RelativePath, _ loser: ConflictName.Loser, _ time: Timestamp, _ attempt: Int
  ) throws -> RelativePath {
    guard
      let name = ConflictName.path(
        for: path, loser: loser, time: time, prefixLength: options.prefixLength, attempt: attempt)
    else {
      throw LocalFailure(
        .nameNotPossible, "“\(path)” is in conflict and its name is too long for a copy beside it; rename it")
    }
    return name
  }

  private func nameTaken(_ path: RelativePath) -> LocalFailure {
    LocalFailure(
      .nameNotPossible, "“\(path)” is in conflict and all names for its copy are taken by other files; remove some")
  }

  /// Nil: it went to the trash, since git reads stray files below refs/ as branches.
  func keepRemoteLoser(_ path: RelativePath, _ object: RemoteObject) async throws -> RelativePath? {
    if path.ancestors.contains(where: { $0.name == ".git" }) {
      try await keepInTrash(path, object.stamp)
      return nil
    }
    return try await keepRemote(path, object)
  }

  func keepInTrash(_ path: RelativePath, _ version: RemoteStamp) async throws {
    let local = local
    try await withFetched(path, version) { fetched in
      try await local.keepInTrash(fetched.content, of: path, fingerprint: fetched.fingerprint)
    }
  }

  /// Copies the remote version to its conflict name inside S3, as any node would: an equal copy is adopted.
  private func keepRemote(_ path: RelativePath, _ object: RemoteObject) async throws -> RelativePath {
    let time = object.metadata.modified ?? object.stamp.lastModified
    for attempt in 0..<Self.conflictNameAttempts {
      let name = try conflictName(path, .remote(etag: object.stamp.etag), time, attempt)
      guard try await copyAside(path, object, to: name) else { continue }
      remoteNews.insert(name)
      mark(name, .remoteEvent)
      return name
    }
    throw nameTaken(path)
  }

  /// False: the name is taken by another content.
  private func copyAside(_ path: RelativePath, _ object: RemoteObject, to name: RelativePath) async throws -> Bool {
    var intent = newIntent(.copy, name, nil)
    intent.size = object.stamp.size
    try await open(intent)
    do {
      _ = try await sending(intent) {
        try await remote.copy(path, version: object.stamp, to: name, replacing: nil)
      }
      try await close(intent)
      return true
    } catch let failure as RemoteFailure where failure.code == .conditionFailed {
      try await close(intent)
      guard let existing = try await remote.head(name)?.object else { throw failure }
      // Where this version came after its copy, somebody moved the copy there: the copy's deletion may be under way.
      guard existing.stamp.lastModified >= object.stamp.lastModified else { return false }
      turn(name, .conflictCopyExists)
      if existing.stamp.hasSameContent(as: object.stamp) { return true }
      if let crc64 = object.crc64, existing.crc64 == crc64, existing.stamp.size == object.stamp.size { return true }
      if existing.stamp.size != object.stamp.size { return false }
      // A copy of an upload in parts has another ETag: compare what they hold.
      return try await withFetched(path, object.stamp) { fetched in
        try await remote.holds(name, existing, fetched.fingerprint)
      }
    }
  }
}
