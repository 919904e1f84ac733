import SyncModel

/// Gathers changes into invalidations; a pure value, fed with changes, outcomes and times (uptime in nanoseconds).
///
/// A change waits until nothing has changed for ``quiet``, at most ``maximumWait``. There is one batch at a time; what
/// changes meanwhile waits for the next. A batch that certainly did not arrive is dissolved, so that after a time
/// without CloudFront one invalidation covers everything.
struct InvalidationMachine: Sendable {
  enum Action: Hashable, Sendable {
    /// Nil: until something changes.
    case wait(until: Int64?)
    /// Keep ``stored``, send this, then tell ``accepted()`` or ``failed(_:mayHaveArrived:now:random:)``.
    case send(InvalidationBatch)
  }

  enum Failure: Hashable, Sendable {
    /// The same may succeed later.
    case passing
    /// A path that one name has is not taken; the folder above it will be.
    case pathsRefused
  }

  static let quiet: Int64 = 3_000_000_000
  static let maximumWait: Int64 = 60_000_000_000
  static let backoff = Backoff(base: 2_000_000_000, cap: 30_000_000_000)

  private let paths: Configuration.CloudFront.Paths
  private var changed = ChangedPaths()
  private var firstChange: Int64?
  private var lastChange: Int64 = 0
  private var batch: InvalidationBatch?
  private var failures = 0
  private(set) var retryAt: Int64?
  private var isFlushing = false
  /// Since the start.
  private(set) var acceptedCount = 0

  /// - Parameter everything: a path with a wildcard that covers every object of the prefix.
  init(paths: Configuration.CloudFront.Paths, stored: StoredInvalidations?, everything: String, now: Int64) {
    self.paths = paths
    guard let stored else { return }
    if stored.isRunning {
      // What the killed run left is part of what may have been missed.
      change([everything], now: now)
    } else {
      if !stored.waiting.isEmpty { change(stored.waiting, now: now) }
      batch = stored.batch
    }
  }

  /// What the next run has to know, besides whether this one is over.
  var stored: StoredInvalidations {
    StoredInvalidations(isRunning: true, waiting: firstChange == nil ? [] : waiting, batch: batch)
  }

  private var waiting: [String] {
    switch paths {
    case .fixed(let paths): paths
    case .changed: changed.all
    }
  }

  /// Paths that CloudFront has not heard of.
  var waitingCount: Int { (firstChange == nil ? 0 : waiting.count) + (batch?.paths.count ?? 0) }

  /// True where nothing waited before: whoever sleeps must look again.
  @discardableResult
  mutating func change(_ paths: [String], now: Int64) -> Bool {
    if self.paths == .changed { changed.insert(paths) }
    lastChange = now
    if firstChange != nil { return false }
    firstChange = now
    return batch == nil
  }

  /// From now on everything is due at once.
  mutating func flush() {
    isFlushing = true
    retryAt = nil
  }

  /// - Parameter reference: makes a new one.
  mutating func step(now: Int64, reference: () -> String) -> Action {
    if let retryAt, now < retryAt { return .wait(until: retryAt) }
    if let batch { return .send(batch) }
    guard let firstChange else { return .wait(until: nil) }
    let due = isFlushing ? now : min(lastChange + Self.quiet, firstChange + Self.maximumWait)
    guard now >= due else { return .wait(until: due) }
    let batch = InvalidationBatch(reference: reference(), paths: waiting)
    self.batch = batch
    changed = ChangedPaths()
    self.firstChange = nil
    return .send(batch)
  }

  mutating func accepted() {
    batch = nil
    failures = 0
    retryAt = nil
    acceptedCount += 1
  }

  /// - Parameters:
  ///   - mayHaveArrived: the outcome is not known; the same batch is sent again under the same reference.
  ///   - random: a random word.
  mutating func failed(_ failure: Failure, mayHaveArrived: Bool, now: Int64, random: UInt64) {
    failures += 1
    // Half of it at random: clients that failed together come back apart, none at once.
    let bound = Self.backoff.bound(afterFailures: failures)
    retryAt = now + bound / 2 + Self.backoff.wait(afterFailures: failures, random: random) / 2
    guard var failed = batch else { return }
    failed.mayHaveArrived = failed.mayHaveArrived || mayHaveArrived
    if failed.mayHaveArrived, failure == .passing {
      batch = failed
      return
    }
    batch = nil
    change(failed.paths, now: now)
    // Nothing more is waited for than the pause.
    firstChange = now - Self.maximumWait
    if failure == .pathsRefused { changed.collapse() }
  }
}
