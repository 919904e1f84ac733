/// What a run leaves for the next one.
struct StoredInvalidations: Codable, Hashable, Sendable {
  /// Set durably before the engine starts and taken back at an orderly end: where it is found, a run was killed, and
  /// nobody knows which of its changes CloudFront has heard of.
  var isRunning = false
  /// Changed and in no batch.
  var waiting: [String] = []
  var batch: InvalidationBatch?
}

/// An invalidation about to be requested, or whose outcome is not known.
struct InvalidationBatch: Codable, Hashable, Sendable {
  /// Kept over retries and restarts, so that a lost reply makes no second invalidation.
  var reference: String
  var paths: [String]
  /// A request was sent and its outcome is not known.
  var mayHaveArrived = false
}
