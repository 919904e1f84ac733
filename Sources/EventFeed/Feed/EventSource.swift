package import AWSKit

/// What an `EventFeed` listens to.
package protocol EventSource: Sendable {
  /// Makes what is missing, and notes at the queue that this run reads it.
  /// - Parameter displacing: also where another node has noted itself there; otherwise that throws.
  func connect(displacing: Bool) async throws -> EventConnection
  /// The node that has noted itself as the reader of the queue after us; nil: none.
  func otherReader(of queue: String) async throws -> String?
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

package struct EventConnection: Hashable, Sendable {
  /// To receive from: its URL.
  package var queue: String
  /// That events take to it.
  package var route: EventRoute
  /// Another node that was noted as its reader, and may still read it.
  package var formerReader: String?
}
