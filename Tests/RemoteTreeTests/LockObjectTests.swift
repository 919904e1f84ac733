import AWSKit
import EmbeddedS3
import SyncEngine
import SyncModel
import Testing

@testable import RemoteTree

/// Requests to the lock of a prefix, and what becomes of them on a server or a network that fails.
@Suite struct LockObjectTests {
  private static func record(_ number: UInt64) -> LeaseRecord {
    LeaseRecord(node: "n1", run: "r", number: number, timeout: 60_000_000_000)
  }

  private static func lock(_ fixture: Fixture) -> LockObject {
    LockObject(
      client: fixture.client, location: fixture.tree.location, capabilities: .full, settings: ObjectSettings(),
      patience: .seconds(10))
  }

  private static func etag(_ outcome: LockObject.Outcome) throws -> String {
    guard case .done(let etag?) = outcome else { throw RemoteFailure(.server, "\(outcome)") }
    return etag
  }

  @Test func itIsCreatedRenewedAndDeletedConditionally() async throws {
    try await withServer { fixture, _ in
      let lock = Self.lock(fixture)
      #expect(lock.key == "p/.s3-sync2.lock")
      #expect(try await lock.look() == nil)
      let first = try Self.etag(try await lock.write(Self.record(1), .absent))
      #expect(try await lock.write(Self.record(2), .absent) == .refused)
      let seen = try #require(try await lock.look())
      #expect(seen.etag == first && seen.record == Self.record(1) && seen.holder == "n1")
      #expect(seen.date.map { $0 >= seen.lastModified } == true)
      let second = try Self.etag(try await lock.write(Self.record(2), .matching(etag: first)))
      #expect(second != first)
      #expect(try await lock.write(Self.record(3), .matching(etag: first)) == .refused)
      #expect(try await lock.delete(etag: first) == .refused)
      #expect(try await lock.delete(etag: second) == .done(etag: nil))
      #expect(try await lock.look() == nil)
      // What is gone is not the expected version either.
      #expect(try await lock.write(Self.record(4), .matching(etag: second)) == .refused)
      #expect(try await lock.delete(etag: second) == .refused)
      #expect(try await fixture.tree.list(.root, after: nil, continuation: nil, limit: nil).entries.isEmpty)
    }
  }

  @Test func whatOthersWriteIsTheirs() async throws {
    try await withServer { fixture, _ in
      try await fixture.plant(".s3-sync2.lock", "0123456789abcdef\n")
      let seen = try #require(try await Self.lock(fixture).look())
      #expect(seen.record == nil && seen.holder == "0123456789abcdef")
      try await fixture.plant(".s3-sync2.lock", String(repeating: "x", count: 100_000))
      #expect(try #require(try await Self.lock(fixture).look()).holder.count == 64)
    }
  }

  /// Sent once: the same again would be refused by its own effect.
  @Test func aLostReplyIsAnOpenQuestion() async throws {
    try await withServer { fixture, server in
      let lock = Self.lock(fixture)
      server.faults.add(Fault(.dropAfter, on: [.putObject], count: 1))
      guard case .unknown = try await lock.write(Self.record(1), .absent) else {
        Issue.record("a write")
        return
      }
      let seen = try #require(try await lock.look())
      #expect(seen.record == Self.record(1))
      server.faults.add(Fault(.dropAfter, on: [.deleteObject], count: 1))
      guard case .unknown = try await lock.delete(etag: seen.etag) else {
        Issue.record("a deletion")
        return
      }
      #expect(try await lock.look() == nil)
      #expect(server.requests.count(.putObject) == 1 && server.requests.count(.deleteObject) == 1)
    }
  }

  @Test func whatTheServerDoesNotTakeIsNotDone() async throws {
    try await withServer { fixture, server in
      let lock = Self.lock(fixture)
      for (status, code) in [(503, "SlowDown"), (403, "AccessDenied")] {
        server.faults.add(Fault(.status(status, code: code), on: [.putObject], count: 1))
        guard case .failed = try await lock.write(Self.record(1), .absent) else {
          Issue.record("\(code)")
          return
        }
        server.faults.add(Fault(.status(status, code: code), on: [.getObject], count: 1))
        await #expect(throws: RemoteFailure.self) { try await lock.look() }
      }
      #expect(try await lock.look() == nil)
    }
  }

  @Test func aMissingBucketIsNoMissingLock() async throws {
    try await withServer(bucket: "no-such-bucket") { fixture, _ in
      await #expect(throws: RemoteFailure.self) { try await Self.lock(fixture).look() }
    }
  }
}
