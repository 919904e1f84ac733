import SyncModel

extension Engine {
  func newIntent(_ kind: Intent.Kind, _ path: RelativePath, _ expected: RemoteStamp?) -> Intent {
    Intent(
      id: Intent.ID(String(environment.random(), radix: 16) + "-" + String(number(), radix: 16)), kind: kind,
      path: path, expected: expected, openedAt: environment.wallTime())
  }

  /// Before a request whose effect others see: what they are told of must survive a loss of power here.
  func open(_ intent: Intent) async throws {
    if intent.kind != .delete {
      try await makeNameDurable(RelativePath(unchecked: intent.path), of: intent.local?.stamp)
    }
    try await note(intent)
  }

  /// Records what is known of an intent, without a look at the local side.
  func note(_ intent: Intent) async throws {
    intents.put(intent, now: environment.uptime())
    try await store.apply([.openIntent(intent)])
  }

  func close(_ intent: Intent) async throws {
    intents.remove(intent)
    try await store.apply([.closeIntent(intent.id)])
  }

  func keepUncertain(_ intent: Intent) async throws {
    var uncertain = intent
    uncertain.isUncertain = true
    try await note(uncertain)
    try await noteParts(of: uncertain)
  }

  /// Takes out the intents that a commit ends, of `intent` or of what was found. Once a conditional write has
  /// succeeded no earlier one of an uncertain outcome can land any more; and what equals an older intent after
  /// another commit is somebody else's: adopted as our own it would prove a deletion. But another upload in
  /// parts must still be aborted; one without a name is looked for by the passes.
  func takeIntents(for path: RelativePath, endedBy intent: Intent?) -> [Intent] {
    let (ended, left) = intents.all(for: path).reduce(into: ([Intent](), 0)) { result, open in
      if open.kind != .multipart || open.id == intent?.id {
        result.0.append(open)
      } else if !open.isUnnamed {
        result.1 += 1
      }
    }
    for intent in ended { intents.remove(intent) }
    if left > 0 { mark(path, .retry, after: .seconds(1)) }
    return ended
  }

  /// Sends a write. Where the reply is lost the intent stays open, and the next look at the path finds
  /// out what became of it; a definite failure closes it.
  func sending<Result: Sendable>(_ intent: Intent, _ body: () async throws -> Result) async throws -> Result {
    do {
      return try await body()
    } catch let failure as RemoteFailure
      where failure.code == .outcomeUnknown || failure.code == .server || failure.code == .conditionFailed
    {
      // A condition that fails may be our own earlier request, retried below us, that took effect.
      try await keepUncertain(intent)
      throw failure
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      if intent.kind != .multipart { try await close(intent) }
      throw error
    }
  }

  /// After a restart every open intent is one whose reply was lost.
  func loadIntents() async throws {
    for var intent in try await store.intents() {
      if !options.policy.changesRemote, mayHaveParts(intent) {
        // By then the bucket may hold the same content by another way.
        if let missed = missed(intent) { try await store.apply([.openIntent(missed)]) }
        continue
      }
      intent.isUncertain = true
      intents.put(intent, now: environment.uptime(), isLoaded: true)
      try await noteParts(of: intent)
      mark(RelativePath(unchecked: intent.path), .retry)
    }
  }

  /// What it left in the bucket is for a run that may go on with it or take it away; in one that writes nothing there
  /// it stays in the store.
  private func mayHaveParts(_ intent: Intent) -> Bool {
    switch intent.kind {
    case .multipart: true
    case .copy, .metadata: isSentInParts(intent)
    case .put, .delete, .install, .remove: false
    }
  }

  /// Large objects are copied in parts where the server has no condition for a copy, or for any of that size.
  private func isSentInParts(_ copy: Intent) -> Bool { copy.size.map { $0 > options.largeSize } ?? false }

  private func isOver(_ intent: Intent) -> Bool {
    intents.isOver(intent, now: environment.uptime(), wallTime: environment.wallTime())
  }

  /// An upload that was begun when the reply with its id was lost can only be found by its key, and by the time in
  /// which it must have been begun: others may write the same key.
  private func abortUnrecordedUploads(of intent: Intent) async throws {
    let path = RelativePath(unchecked: intent.path)
    turn(path, .unrecordedUploadsSought)
    let known = Set(intents.all(for: path).compactMap { $0.upload?.uploadID })
    for found in try await remote.unfinishedUploads()
    where RelativePath(unchecked: found.upload.path) == path && !known.contains(found.upload.uploadID) {
      if found.begun.map({ OpenIntents.mayBegin(intent, at: $0) }) ?? true {
        try await remote.abortUpload(found.upload)
      }
    }
  }

  /// A copy in parts has an upload whose id only the request knew that began it.
  private func noteParts(of intent: Intent) async throws {
    let path = RelativePath(unchecked: intent.path)
    guard intent.kind == .copy || intent.kind == .metadata, isSentInParts(intent),
      !intents.all(for: path).contains(where: \.isUnnamed)
    else { return }
    var unnamed = newIntent(.multipart, path, nil)
    unnamed.openedAt = intent.openedAt
    try await note(unnamed)
  }

  /// Aborts the uploads whose id was lost, also those that begin after their sender gave up, until none can any more.
  func sweepUnnamedUploads() async throws {
    for intent in intents.unnamed {
      let path = RelativePath(unchecked: intent.path)
      // Else it may get its name in this moment.
      guard running[path] == nil else { continue }
      do {
        try await locked([path]) {
          guard intents.all(for: path).contains(where: { $0.id == intent.id && $0.isUnnamed }) else { return }
          try await abortUnrecordedUploads(of: intent)
          if isOver(intent) { try await close(intent) }
        }
      } catch let failure as RemoteFailure {
        observer.record(.retrying(path, reason: failure.message))
      }
    }
  }

  /// Of a path that is not synced any more.
  func dropIntents(of path: RelativePath) async throws {
    for intent in intents.all(for: path) where !intent.isUnnamed {
      if let upload = intent.upload { try await remote.abortUpload(upload) }
      try await close(intent)
    }
  }

  /// Finds out what became of writes whose reply was lost, and of versions that were about to be put into the folder.
  /// True: the row was written anew and `sight` has a fresh remote state.
  func resolveIntents(_ path: RelativePath, _ sight: inout Sight) async throws -> Bool {
    let wasRemoved = try await resolveRemovals(path, &sight)
    if try await resolveInstalls(path, &sight) || wasRemoved {
      try await observeRemote(path, &sight)
      return true
    }
    let uncertain = intents.all(for: path).filter(\.isUncertain)
    // First, so that what follows sees whether they were completed: afterwards they cannot be.
    let unwanted = try await abortUnwantedUploads(path, sight)
    if !uncertain.isEmpty {
      try await observeRemote(path, &sight)
      for intent in uncertain.reversed() {
        if let own = try await landed(intent, path, sight) {
          if case .deletion = own { turn(path, .deletionHadLanded) } else { turn(path, .writeHadLanded) }
          try await adoptOwn(intent, path, sight, own)
          return true
        }
        turn(path, .writeHadNotLanded)
        try await noteMissed(intent)
      }
    }
    for intent in unwanted { try await close(intent) }
    for intent in uncertain where intent.kind != .multipart {
      if intent.kind == .delete, let expected = intent.expected?.stamp, let found = sight.remote.stamp,
        !found.isSameVersion(as: expected)
      {
        // It took effect and somebody wrote anew, even if the same content: that was never agreed about.
        turn(path, .deletionWasOvertaken)
        try await close(intent)
        try await forget(path)
      } else if isOver(intent) {
        turn(path, .writeCannotLandAnyMore)
        try await close(intent)
      }
    }
    return !uncertain.isEmpty
  }

  /// Of a path that is settled.
  func closeUploads(_ path: RelativePath, _ sight: Sight) async throws {
    for intent in try await abortUnwantedUploads(path, sight) { try await close(intent) }
  }

  /// An upload goes on where it stopped, if its file is still to be sent; see `resumedUpload`. The path is
  /// locked, so none is under way.
  private func abortUnwantedUploads(_ path: RelativePath, _ sight: Sight) async throws -> [Intent] {
    var unwanted: [Intent] = []
    for intent in intents.all(for: path) {
      guard let upload = intent.upload else { continue }
      if let stamp = sight.local.stamp, intent.canGoOn(with: stamp.metadata(since: sight.base), size: stamp.size),
        stamp != sight.base?.local
      {
        turn(path, .uploadWaits)
        continue
      }
      turn(path, .uploadUnwanted)
      try await remote.abortUpload(upload)
      unwanted.append(intent)
    }
    return unwanted
  }

  /// What an intent's write left behind.
  private enum Landed {
    case deletion
    case content(Fingerprint)
  }

  private func noteMissed(_ intent: Intent) async throws {
    if let missed = missed(intent) { try await note(missed) }
  }

  /// Nil: known already, or of no interest.
  private func missed(_ intent: Intent) -> Intent? {
    guard intent.kind != .delete, intent.wasMissed != true else { return nil }
    var missed = intent
    missed.wasMissed = true
    return missed
  }

  /// Nil: the remote side is not what the intent's write leaves behind.
  private func landed(_ intent: Intent, _ path: RelativePath, _ sight: Sight) async throws -> Landed? {
    if intent.kind == .delete {
      return sight.remote == .absent || sight.remote == .implied ? .deletion : nil
    }
    // What appears after a look that found nothing may be late, or the same content that another node moved there: a
    // row for it would prove a deletion where no file stands here.
    if intent.wasMissed == true, sight.local.stamp == nil { return nil }
    guard let object = sight.head?.object, object.metadata == intent.metadata,
      !(intent.expected.map { object.stamp.isSameVersion(as: $0.stamp) } ?? false)
    else { return nil }
    if let parts = intent.parts, let upload = intent.upload {
      guard parts.count == upload.partCount, object.stamp.size == upload.size else { return nil }
      return try await remote.content(path, object, of: parts).map { .content($0) }
    }
    guard let fingerprint = intent.fingerprint, object.stamp.size == fingerprint.size,
      try await remote.holds(path, object, fingerprint)
    else { return nil }
    return .content(fingerprint)
  }

  private func adoptOwn(_ intent: Intent, _ path: RelativePath, _ sight: Sight, _ landed: Landed) async throws {
    guard case .content(let fingerprint) = landed else {
      let closed = takeIntents(for: path, endedBy: intent)
      try await store.apply([.forget(path)] + closed.map { .closeIntent($0.id) })
      return
    }
    guard let object = sight.head?.object, let sent = intent.local else {
      try await close(intent)
      return
    }
    // The same content may have come there by another way.
    if let upload = intent.upload { try await remote.abortUpload(upload) }
    try await commit(
      BaseEntry(
        path: path, local: sent.stamp, remote: object.stamp, fingerprint: fingerprint, metadata: object.metadata,
        isProvisional: sent.isProvisional),
      closing: intent, as: .uploaded)
  }
}
