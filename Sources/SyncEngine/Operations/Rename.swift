import SyncModel

extension Engine {
  /// The path whose file now has the name `path`: same inode, same size and time, and its old name is gone.
  func renameSource(of path: RelativePath, _ stamp: LocalStamp) async throws -> RelativePath? {
    let entries = try await store.entries(mount: stamp.mount, inode: stamp.inode)
    // Writing through one name of a hard-linked file raises no event for the others.
    for entry in entries where entry.path != path && entry.local.modified != stamp.modified {
      mark(entry.path, .localEvent)
    }
    for entry in entries
    where entry.path != path && entry.remote != nil && entry.isAgreed && !entry.path.isDirectory
      && entry.local.kind == stamp.kind && entry.local.size == stamp.size
      && entry.local.modified == stamp.modified
    {
      if try await isGone(entry) { return entry.path }
    }
    return nil
  }

  /// Proven as for any deletion: the name is absent on the mount that the row recorded.
  private func isGone(_ entry: BaseEntry) async throws -> Bool {
    guard case .absent(let mount) = try await local.observe(entry.path) else { return false }
    return mount == entry.local.mount
  }

  /// Half of a rename may be half of an editor's save: the old name has its time to reappear. Shortly before it is
  /// over, so that the copy comes before the deletion.
  func restOfSettling(_ from: RelativePath) -> Duration? {
    guard let pending = dirty.entry(for: from), pending.reasons.contains(.absenceSeen) else { return nil }
    let rest = pending.notBefore - environment.uptime() - 100_000_000
    return rest > 0 ? .nanoseconds(rest) : nil
  }

  /// Two steps, each with its intent: conditional copy to the new key, then conditional delete of the old.
  func processRename(from: RelativePath, to: RelativePath) async {
    let delivery = delivery(Work(to))
    do {
      let isDone = try await locked([from, to]) {
        try Task.checkCancellation()
        return try await rename(from, to)
      }
      if isDone {
        succeeded(to)
        if let delivery { await ended(delivery, .settled) }
        return
      }
    } catch {
      if error is CancellationError { return }
      observer.record(.retrying(to, reason: "\(error)"))
      mark(from, .retry, after: .seconds(1))
    }
    var work = Work(to)
    work.avoidsRename = true
    await process(work)
  }

  private func rename(_ from: RelativePath, _ to: RelativePath) async throws -> Bool {
    guard let base = try await store.row(from)?.entry, var version = base.remote,
      try await store.row(to)?.entry == nil,
      case .present(let stamp) = try await local.observe(to)
    else { return false }
    guard try await isGone(base) else { return false }
    if !version.isDated {
      guard let dated = try await remote.head(from)?.object.stamp, dated.hasSameContent(as: version) else {
        return false
      }
      version = dated
    }
    var isProvisional = base.isProvisional
    if stamp != base.local || base.isProvisional {
      let check = try await local.fingerprint(to, expecting: stamp, whileOpen: .rested(Self.shortRest))
      guard check.fingerprint == base.fingerprint else { return false }
      isProvisional = check.isProvisional
    }
    var intent = newIntent(.copy, to, nil)
    intent.describe(base.fingerprint, base.metadata)
    // A mode, time or owner that was changed on the way differs from the object's: the next look sends it.
    var rowStamp = stamp
    rowStamp.mode = base.local.mode
    rowStamp.modified = base.local.modified
    rowStamp.owner = base.local.owner
    intent.local = SentStamp(rowStamp, isProvisional: isProvisional)
    try await open(intent)
    let copied: RemoteStamp
    do {
      copied = try await sending(intent) {
        try await remote.copy(from, version: version, to: to, replacing: nil)
      }
    } catch let failure as RemoteFailure
      where failure.code == .conditionFailed || failure.code == .notFound || failure.code == .raced
      || failure.code == .notPossible
    {
      turn(to, .renameGivenUp)
      return false
    }
    var entry = base
    entry.path = to
    entry.remote = copied
    // The copy's condition is an ETag, which on AWS does not change with the metadata: undated, the next listing
    // asks what was copied.
    entry.remote?.lastModified = RemoteStamp.undated
    entry.isProvisional = isProvisional
    entry.local = rowStamp
    try await commit(entry, closing: intent, as: .renamedRemote)
    observer.record(.renamed(from: from, to: to))
    if entry.local != stamp { mark(to, .localEvent) }
    guard options.policy(for: from).deletesRemote else { return true }
    try await keepEmptied(above: from)
    do {
      try await sendDelete(from, version)
    } catch let failure as RemoteFailure where failure.code == .conditionFailed || failure.code == .raced {
      // Somebody changed the old name meanwhile: it is planned like any other path.
      turn(from, .oldNameChanged)
      mark(from, [.localEvent, .remoteEvent])
    }
    return true
  }
}
