package import AWSKit

/// What an `EventFeed` listens to.
package protocol EventSource: Sendable {
  /// Makes what is missing.
  /// - Returns: the queue to receive from, and the way that events take to it.
  func connect() async throws -> (queue: String, route: EventRoute)
  /// - Parameter wait: seconds, for the first message.
  func receive(from queue: String, wait: Int) async throws -> [SQSClient.Message]
  func delete(_ messages: [SQSClient.Message], from queue: String) async throws
  /// Writes an object whose event proves that events come.
  func sendCanary() async throws -> (key: String, etag: String?)
  /// Takes away what was made.
  /// - Parameter route: as `connect` has returned; nil: it never did.
  /// - Returns: what could not be taken away, in words.
  func disconnect(_ route: EventRoute?) async -> [String]
}
