import AWSKit
import EmbeddedS3
import SyncEngine
import SyncModel
import Testing

@testable import RemoteTree

/// What the tree makes of a server, or a network, that fails while it writes.
@Suite struct WriteFaultTests {
  private static let path: RelativePath = "dir/file"

  @Test func aLostReplyIsAnOpenQuestion() async throws {
    try await withServer { fixture, server in
      let tree = fixture.tree
      server.faults.add(Fault(.dropAfter, on: [.putObject], count: 1))
      await expectFailure(.outcomeUnknown) {
        try await tree.put(Self.path, SmallContent("one"), metadata: sampleMetadata, replacing: nil)
      }
      // It was sent once: a blind repetition would have met its own effect.
      #expect(server.requests.count(.putObject) == 1)
      let object = try #require(try await tree.head(Self.path)).object
      #expect(try await tree.holds(Self.path, object, SmallContent("one").fingerprint))
      server.faults.add(Fault(.dropAfter, on: [.deleteObject], count: 1))
      await expectFailure(.outcomeUnknown) { try await tree.delete(Self.path, expecting: object.stamp) }
      #expect(server.requests.count(.deleteObject) == 1)
      #expect(try await tree.proveAbsent(Self.path))
    }
  }

  /// The reply about access has no checksum.
  @Test func aDamagedReplyAboutAccessIsNotBelieved() async throws {
    try await withServer { fixture, server in
      let tree = fixture.tree
      let stamp = try await tree.put(Self.path, SmallContent("one"), metadata: sampleMetadata, replacing: nil)
      server.faults.add(Fault(.corrupt, on: [.getObjectAcl], count: 1))
      var metadata = sampleMetadata
      metadata.mode = 0o600
      _ = try await tree.replaceMetadata(Self.path, of: stamp, with: metadata)
      #expect(tree.readsAccess)
      #expect(server.requests.count(.getObjectAcl) == 2)
    }
  }

  @Test(arguments: [500, 502]) func aServerFailureOfAWriteIsAnOpenQuestion(_ status: Int) async throws {
    try await withServer { fixture, server in
      server.faults.add(Fault(.status(status, code: "InternalError"), on: [.putObject], count: 1))
      await expectFailure(.outcomeUnknown) {
        try await fixture.tree.put(Self.path, SmallContent("one"), metadata: sampleMetadata, replacing: nil)
      }
      #expect(server.requests.count(.putObject) == 1)
    }
  }

  @Test func slowDownIsWaitedOut() async throws {
    try await withServer { fixture, server in
      server.faults.add(Fault(.status(503, code: "SlowDown"), on: [.putObject], count: 2))
      _ = try await fixture.tree.put(Self.path, SmallContent("one"), metadata: sampleMetadata, replacing: nil)
      #expect(server.requests.count(.putObject) == 3)
      server.faults.add(Fault(.status(503, code: "SlowDown"), on: [.putObject]))
      await expectFailure(.throttled) {
        try await fixture.tree.put("other", SmallContent("one"), metadata: sampleMetadata, replacing: nil)
      }
    }
  }

  @Test func aRefusalNamesThePermission() async throws {
    try await withServer { fixture, server in
      let tree = fixture.tree
      let stamp = try await tree.put(Self.path, SmallContent("one"), metadata: sampleMetadata, replacing: nil)
      server.faults.add(Fault(.status(403, code: "AccessDenied")))
      let calls: [(String, () async throws -> Void)] = [
        (
          "s3:PutObject",
          { _ = try await tree.put("x", SmallContent("one"), metadata: sampleMetadata, replacing: nil) }
        ),
        ("s3:DeleteObject", { try await tree.delete(Self.path, expecting: stamp) }),
        ("s3:GetObject", { _ = try await tree.read(Self.path, version: stamp) }),
        ("s3:GetObject", { _ = try await tree.head(Self.path) }),
        ("s3:ListBucket", { _ = try await tree.list(.root, after: nil, continuation: nil, limit: nil) }),
        ("s3:ListBucket", { _ = try await tree.proveAbsent(Self.path) }),
        ("s3:ListBucketMultipartUploads", { _ = try await tree.unfinishedUploads() }),
      ]
      for (action, call) in calls {
        do {
          try await call()
          Issue.record("\(action) was not refused")
        } catch let failure as RemoteFailure {
          #expect(failure.code == .permission)
          #expect(failure.message.hasPrefix("\(action) o"), "\(failure.message)")
          #expect(failure.message.contains(" on s3://\(fixture.bucket)"), "\(failure.message)")
        }
      }
    }
  }

  @Test func aCompletionThatFailsInsideOf200IsNone() async throws {
    try await withServer { fixture, server in
      let tree = fixture.tree
      let upload = try await tree.beginUpload(Self.path, metadata: sampleMetadata, size: 3)
      let part = try await tree.uploadPart(1, of: upload, from: SmallContent("one"), known: nil)
      server.faults.add(Fault(.errorInside(code: "InternalError"), on: [.completeMultipartUpload], count: 1))
      await expectFailure(.outcomeUnknown) {
        try await tree.completeUpload(upload, parts: [part], replacing: nil)
      }
      #expect(try await tree.head(Self.path) == nil)
      // Sent again, the same completion works.
      _ = try await tree.completeUpload(upload, parts: [part], replacing: nil)
      await expectFailure(.uploadGone) {
        try await tree.uploadPart(1, of: upload, from: SmallContent("one"), known: nil)
      }
    }
  }

  @Test func unfinishedUploadsTellWhenTheyWereBegun() async throws {
    try await withServer { fixture, _ in
      _ = try await fixture.tree.beginUpload(Self.path, metadata: sampleMetadata, size: 3)
      #expect(try await fixture.tree.unfinishedUploads().map { $0.begun != nil } == [true])
    }
  }

  @Test func aFixedDateOfAllUploadsTellsNothing() throws {
    let fixed = try #require(AWSTimestamp(iso8601: "2010-11-10T20:48:33.000Z"))
    #expect(RemoteTree.begin(fixed) == nil)
    let real = try #require(AWSTimestamp(iso8601: "2026-11-21T06:48:33.000Z"))
    #expect(RemoteTree.begin(real) == Timestamp(real))
  }

  @Test func aRaceIsTold() async throws {
    try await withServer { fixture, server in
      let tree = fixture.tree
      let upload = try await tree.beginUpload(Self.path, metadata: sampleMetadata, size: 3)
      let part = try await tree.uploadPart(1, of: upload, from: SmallContent("one"), known: nil)
      server.faults.add(
        Fault(.status(409, code: "ConditionalRequestConflict"), on: [.completeMultipartUpload, .putObject]))
      await expectFailure(.raced) { try await tree.completeUpload(upload, parts: [part], replacing: nil) }
      await expectFailure(.raced) {
        try await tree.put("other", SmallContent("one"), metadata: sampleMetadata, replacing: nil)
      }
    }
  }

  @Test func partsAreSentAgain() async throws {
    try await withServer { fixture, server in
      let tree = fixture.tree
      let upload = try await tree.beginUpload(Self.path, metadata: sampleMetadata, size: 3)
      server.faults.add(Fault(.dropAfter, on: [.uploadPart], count: 2))
      let part = try await tree.uploadPart(1, of: upload, from: SmallContent("one"), known: nil)
      server.faults.add(Fault(.dropAfter, on: [.uploadPart]))
      await expectFailure(.unreachable) {
        try await tree.uploadPart(1, of: upload, from: SmallContent("one"), known: nil)
      }
      server.faults.removeAll()
      let completed = try await tree.completeUpload(upload, parts: [part], replacing: nil)
      #expect(completed.fingerprint == SmallContent("one").fingerprint)
    }
  }

  /// Between the look and the write somebody else comes; without conditions only the look after tells.
  @Test func aFailedLookAfterwardsIsAnOpenQuestion() async throws {
    try await withServer(capabilities: .withoutConditions) { fixture, server in
      // The look before takes one HEAD, and one GET that proves the absence.
      server.faults.add(Fault(.status(500, code: "InternalError"), on: [.headObject], skip: 1))
      await expectFailure(.outcomeUnknown) {
        try await fixture.tree.put(Self.path, SmallContent("one"), metadata: sampleMetadata, replacing: nil)
      }
      let text = try await fixture.text("dir/file")
      #expect(text == "one")
    }
  }
}
