import NIOConcurrencyHelpers
import Testing

@testable import EventFeed

/// A bucket's configuration that others write, too.
@Suite struct NotificationEditorTests {
  private static let rule = NotificationRule(id: "ours", .topic("arn:t"), prefix: "x/")

  private struct Bucket: Sendable {
    var document: [UInt8] = []
    var writes = 0
  }

  /// - Parameter others: what somebody else makes of what was written, in the n-th round.
  private func change(
    from start: [UInt8] = [], others: @escaping @Sendable (Int, inout [UInt8]) -> Void
  ) async throws -> (isVerified: Bool, bucket: Bucket) {
    let bucket = NIOLockedValueBox(Bucket(document: start))
    let editor = NotificationEditor {
      bucket.withLockedValue(\.document)
    } write: { document in
      bucket.withLockedValue { bucket in
        bucket.writes += 1
        bucket.document = document
        others(bucket.writes, &bucket.document)
      }
    } pause: { _ in
    }
    let isVerified = try await editor.change { $0.add(Self.rule) }
    return (isVerified, bucket.withLockedValue { $0 })
  }

  private func holdsRule(_ document: [UInt8]) throws -> Bool {
    var notifications = try BucketNotifications(parsing: document)
    return notifications.remove(id: "ours")
  }

  @Test func whatIsWrittenIsReadAgain() async throws {
    let (isVerified, bucket) = try await change { _, _ in }
    #expect(isVerified && bucket.writes == 1)
    #expect(try holdsRule(bucket.document))
    let again = try await change(from: bucket.document) { _, _ in }
    #expect(again.isVerified && again.bucket.writes == 0)
  }

  /// Others read before we wrote and write afterwards.
  @Test func whatSomebodyOverwroteIsWrittenAgain() async throws {
    let theirs = NotificationRule(id: "theirs", .queue("arn:q"), prefix: "y/")
    let (isVerified, bucket) = try await change { round, document in
      guard round <= 3, var other = try? BucketNotifications(parsing: []) else { return }
      _ = other.add(theirs)
      document = other.document
    }
    #expect(isVerified && bucket.writes == 4)
    #expect(try holdsRule(bucket.document))
    var notifications = try BucketNotifications(parsing: bucket.document)
    let hasTheirs = notifications.remove(id: "theirs")
    #expect(hasTheirs)
  }

  @Test func itDoesNotFightForEver() async throws {
    let (isVerified, bucket) = try await change { _, document in document = [] }
    #expect(!isVerified && bucket.writes == 6)
  }

  @Test func aDocumentThatCannotBeReadIsNotReplaced() async throws {
    await #expect(throws: (any Error).self) { try await change(from: Array("<a>".utf8)) { _, _ in } }
  }
}
