/// Which failures of a request the client may answer by sending it again.
public enum S3Retry: Sendable {
  /// Every retryable failure: reads, and writes whose repetition changes nothing.
  case idempotent
  /// Only failures that prove that the request was not processed: no connection, or a reply that asks to slow down.
  /// For conditional writes, whose repetition would meet its own effect.
  case unprocessedOnly
  case never
}
