import SyncModel

extension Engine {
  /// Runs `body` while this task alone works on `paths`. All are acquired at once, first come first served.
  func locked<Result: Sendable>(_ paths: [RelativePath], _ body: () async throws -> Result) async rethrows -> Result {
    let id = number()
    if !locks.request(id, paths) {
      // Holders always come to an end, so waiting needs no cancellation of its own.
      await withCheckedContinuation { lockWaiters[id] = $0 }
    }
    defer {
      for next in locks.release(id) { lockWaiters.removeValue(forKey: next)?.resume() }
    }
    return try await body()
  }
}
