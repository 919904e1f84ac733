internal import AWSKit

/// Changes a document that anybody may replace as a whole at any moment, and that has no conditions.
struct NotificationEditor: Sendable {
  let read: @Sendable () async throws -> [UInt8]
  let write: @Sendable ([UInt8]) async throws -> Void
  /// Before each round but the first, which is 1.
  let pause: @Sendable (Int) async throws -> Void

  private static let maximumRounds = 6

  /// Writes until a look finds nothing left to change: who writes in between overwrites what we wrote, knowing it as
  /// little as we know what he wrote.
  ///
  /// - Parameter change: false where nothing is to be changed.
  /// - Returns: false where it never read as it was written.
  func change(_ change: @Sendable (inout BucketNotifications) throws -> Bool) async throws -> Bool {
    var refused: S3Error?
    for round in 0..<Self.maximumRounds {
      if round > 0 { try await pause(round) }
      var notifications = try BucketNotifications(parsing: try await read())
      guard try change(&notifications) else { return true }
      do {
        try await write(notifications.document)
        refused = nil
      } catch let error as S3Error where error.kind == .rejected {
        if error.message.lowercased().contains("overlap") { throw EventFeedError(.overlap, "\(error)") }
        // S3 asks the destination, whose new policy takes a while to be known everywhere.
        refused = error
      }
    }
    if let refused { throw refused }
    return false
  }
}
