import SyncModel

/// A version that is put into the folder has no row yet. Should the run end there, it would be taken for a change of
/// this node's: a conflict with what came after it, or a deletion undone.
extension Engine {
  /// Records which version is about to stand at `path`.
  func openInstall(of fetched: Fetched, at path: RelativePath) async throws -> Intent {
    var intent = newIntent(.install, path, fetched.object.stamp)
    intent.describe(fetched.fingerprint, fetched.object.metadata)
    try await note(intent)
    return intent
  }

  /// Where `body` fails the change may have been made: the next look at the path finds out.
  func changingFolder<Result: Sendable>(_ intent: Intent, _ body: () async throws -> Result) async throws -> Result {
    do { return try await body() } catch {
      var uncertain = intent
      uncertain.isUncertain = true
      intents.put(uncertain, now: environment.uptime())
      throw error
    }
  }

  /// True: one is in its place, and has its row now.
  func resolveInstalls(_ path: RelativePath, _ sight: inout Sight) async throws -> Bool {
    for intent in intents.all(for: path).reversed() where intent.kind == .install && intent.isUncertain {
      sight.local = try await observeLocal(path, &sight)
      if let version = intent.expected?.stamp, let check = try await installed(intent, path, sight) {
        turn(path, .installWasDone)
        try await adoptEqual(path, check, RemoteObject(stamp: version, metadata: intent.metadata))
        sight.local = try await observeLocal(path, &sight)
        return true
      }
      turn(path, .installWasNotDone)
      try await close(intent)
    }
    return false
  }

  /// What a run was about to take out of the folder was in the bucket no more. That it is gone says nothing of what may
  /// have come to its name in the bucket since, nor does what somebody has put there since mean that version: the row
  /// goes with it. True: it went.
  func resolveRemovals(_ path: RelativePath, _ sight: inout Sight) async throws -> Bool {
    var isForgotten = false
    for intent in intents.all(for: path) where intent.kind == .remove && intent.isUncertain {
      sight.local = try await observeLocal(path, &sight)
      if let row = sight.base, sight.local.stamp != row.local {
        turn(path, .removalWasDone)
        try await forget(path)
        sight.base = nil
        isForgotten = true
      }
      try await close(intent)
    }
    return isForgotten
  }

  /// The look at the content that was to be put there; nil where another stands there, or somebody writes to it.
  private func installed(_ intent: Intent, _ path: RelativePath, _ sight: Sight) async throws -> ContentCheck? {
    guard let content = intent.fingerprint, let stamp = sight.local.stamp, stamp.kind == intent.metadata.kind,
      stamp.size == content.size
    else { return nil }
    do {
      let check = try await local.fingerprint(path, expecting: stamp, whileOpen: .rested(Self.shortRest))
      return check.fingerprint == content ? check : nil
    } catch let failure as LocalFailure where [.busy, .changed, .vanished].contains(failure.code) {
      return nil
    }
  }
}
