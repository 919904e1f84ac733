/// Why a step in the root did not take place.
package struct LocalFailure: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: Hashable, Sendable {
    /// The entry is not the expected version, or did not hold still: plan again.
    case changed
    /// Somebody is writing.
    case busy
    case vanished
    case permission
    /// No space, no inodes, quota.
    case noSpace
    /// The file system cannot hold such a name, or already holds it in another case.
    case nameNotPossible
    /// `EBUSY`, `EROFS`: a bind mount, a read-only mount.
    case notReplaceable
    /// The root is gone, or another volume stands in its place (I8).
    case rootLost
    /// The engine was asked to stop.
    case stopping
    case inputOutput
  }

  package var code: Code
  /// Names the path and says what to do.
  package var message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}

/// Why a request to the bucket did not do what was asked.
package struct RemoteFailure: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: Hashable, Sendable {
    /// 412: the version is not the expected one. Never retried with the same stamp.
    case conditionFailed
    /// 409: a race was lost; observe again. On completion of an upload: start anew.
    case raced
    case notFound
    /// The upload id is unknown to the server.
    case uploadGone
    case permission
    /// 503 SlowDown, 429: certainly not processed.
    case throttled
    /// Certainly not processed, may work later: no connection, name not resolved.
    case unreachable
    /// Certainly not sent: another node's turn to change the bucket lasts. No failure; tried again soon.
    case notOurTurn
    /// The reply was lost: the write may have happened, or may still happen.
    case outcomeUnknown
    /// The body did not match its checksum or length.
    case corrupted
    /// An archived object, a metadata copy that would lose something, a name the server refuses.
    case notPossible
    /// No such bucket, wrong credentials, wrong region.
    case configuration
    /// 500 and other replies that may pass.
    case server
  }

  package var code: Code
  /// Names the key or option and says what to do; never holds a secret.
  package var message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }
}
