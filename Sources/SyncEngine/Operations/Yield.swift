import SyncModel

extension Engine {
  /// Long enough for a folder that replaces a file, or a file that replaces a folder, to be told from
  /// two nodes that disagree.
  static var clashSettle: Duration { .seconds(10) }

  /// `a` beside `a/…`: after a settle time the directory wins on every node.
  func yieldToDirectory(_ path: RelativePath, _ stamp: LocalStamp, _ sight: inout Sight) async throws -> Outcome? {
    let now = environment.uptime()
    let since = clashes[path] ?? now
    clashes[path] = since
    let rest = Self.clashSettle.nanoseconds - (now - since)
    guard rest <= 0 else {
      turn(path, .yieldWaits)
      return .later(.nanoseconds(rest))
    }
    // Only a fresh look may decide this. Should the key be gone, the leaf's own deletion comes first.
    let hadObject = sight.remote.stamp != nil
    try await observeRemote(path, &sight)
    guard (sight.remote.stamp != nil) == hadObject else { return nil }
    let below = try await remote.list(path.asDirectory, after: nil, continuation: nil, limit: 1)
    guard !below.entries.isEmpty else {
      turn(path, .yieldNotNeeded)
      sight.neighbours.remoteHasDescendants = false
      clashes[path] = nil
      return nil
    }
    let check = try await local.fingerprint(path, expecting: stamp, whileOpen: .rested(Self.shortRest))
    sight.check = check
    let isInBucket: Bool
    if let object = sight.head?.object {
      // What both sides agreed about was replaced by somebody who knew it.
      let isAgreed = sight.base.map { $0.isAgreed && $0.fingerprint == check.fingerprint } ?? false
      isInBucket = if isAgreed { true } else { try await remote.holds(path, object, check.fingerprint) }
    } else {
      isInBucket = false
    }
    var kept: RelativePath?
    if !isInBucket {
      guard let name = try await keepLocal(path, stamp, &sight) else { return nil }
      kept = name
    }
    // The row goes first, and what would write it anew: left behind it would prove a deletion of the key.
    try await dropIntents(of: path)
    try await forget(path)
    sight.base = nil
    let expected = ExpectedLocal(
      stamp: stamp, fingerprint: check.fingerprint, isProvisional: check.isProvisional, isInBucket: true)
    guard try await local.remove(path, expecting: expected) == .removed else {
      sight.local = try await observeLocal(path, &sight)
      return nil
    }
    clashes[path] = nil
    turn(path, kept == nil ? .yieldedSynced : .yieldedUnsynced)
    noteConflict(path, keptAs: kept)
    mark(path.asDirectory, .remoteEvent)
    for entry in below.entries {
      mark(entry.path, .remoteEvent)
      remoteNews.insert(entry.path)
    }
    needsPass = true
    return .settled
  }
}
