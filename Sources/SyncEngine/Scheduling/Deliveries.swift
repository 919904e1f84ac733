import SyncModel

/// Who waits until the state of a path is in the bucket; pure, waiters are numbers.
struct Deliveries: Sendable {
  /// A path is being settled: how that ends concerns those who had asked before it was looked at.
  struct Attempt: Sendable {
    var path: RelativePath
    var waiters: [UInt64]
    /// Of the store, before: a row that was written since is about what was seen in this attempt.
    var revision: Int64
  }

  enum Verdict: Hashable, Sendable {
    case inBucket
    /// It will not get there, and why.
    case notInBucket(String)
    /// Something changed meanwhile.
    case unknown
  }

  private struct Waiter: Sendable {
    /// Looks after which it was still unknown.
    var looks = 0
    /// The deletion of the path waits for the guard.
    var awaitsDeletion = false
  }

  /// Looks without a verdict after which a path counts as one that never comes to rest.
  static let maximumLooks = 8

  private var waiting: [RelativePath: [UInt64: Waiter]] = [:]

  mutating func add(_ waiter: UInt64, for path: RelativePath) { waiting[path, default: [:]][waiter] = Waiter() }

  mutating func remove(_ waiter: UInt64, for path: RelativePath) {
    waiting[path]?[waiter] = nil
    if waiting[path]?.isEmpty == true { waiting[path] = nil }
  }

  /// Those that somebody waits for, in their order.
  var paths: [RelativePath] { waiting.isEmpty ? [] : waiting.keys.sorted() }

  /// Nil where nobody waits for the path.
  func attempt(_ path: RelativePath, revision: Int64) -> Attempt? {
    guard let waiters = waiting[path] else { return nil }
    return Attempt(path: path, waiters: waiters.keys.sorted(), revision: revision)
  }

  /// The deletion that they wait for is in the spool.
  mutating func awaitDeletion(_ attempt: Attempt) {
    for waiter in attempt.waiters { waiting[attempt.path]?[waiter]?.awaitsDeletion = true }
  }

  /// Those whose deletion does not cross while deletions are halted.
  var awaitingDeletion: [UInt64] {
    waiting.values.flatMap { $0.filter { $0.value.awaitsDeletion }.keys }.sorted()
  }

  /// Those who are to be told, by what; nil: that it is in the bucket. Who is left must have it looked at again.
  mutating func end(_ attempt: Attempt, _ verdict: Verdict) -> (told: [UInt64], reason: String?) {
    switch verdict {
    case .inBucket: return (attempt.waiters, nil)
    case .notInBucket(let reason): return (attempt.waiters, reason)
    case .unknown:
      var told: [UInt64] = []
      for waiter in attempt.waiters {
        waiting[attempt.path]?[waiter]?.looks += 1
        if let looks = waiting[attempt.path]?[waiter]?.looks, looks >= Self.maximumLooks { told.append(waiter) }
      }
      return (told, "it keeps changing, or these options do not let its state go to the bucket")
    }
  }
}
