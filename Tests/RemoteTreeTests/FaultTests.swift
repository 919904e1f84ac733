import AWSKit
import EmbeddedS3
import NIOConcurrencyHelpers
import NIOCore
import SyncEngine
import SyncModel
import Testing

@testable import RemoteTree

/// What the tree makes of a server, or a network, that fails.
@Suite struct FaultTests {
  private static let path: RelativePath = "dir/file"

  // MARK: Writes

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
          #expect(failure.message.contains("grant \(action) on"), "\(failure.message)")
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

  // MARK: Reads

  private func planted(_ fixture: Fixture, _ source: PatternSource) async throws -> RemoteStamp {
    _ = try await fixture.client.putObject(
      bucket: fixture.bucket, key: fixture.prefix + Self.path.string, body: .bytes(ByteBuffer(bytes: source.bytes)))
    return try #require(try await fixture.tree.head(Self.path)).object.stamp
  }

  @Test(arguments: [100_000, 20 << 20]) func aBrokenDownloadGoesOnWhereItStopped(_ size: Int) async throws {
    let source = PatternSource(count: size)
    try await withServer { fixture, server in
      let stamp = try await planted(fixture, source)
      server.faults.add(Fault(.truncate(bytes: 60_000), on: [.getObject], count: 3))
      server.faults.add(Fault(.status(503, code: "SlowDown"), on: [.getObject], count: 1))
      let sink = MemorySink(size: stamp.size)
      let downloaded = try await fixture.tree.download(Self.path, version: stamp, into: sink) { _ in }
      #expect(sink.bytes == source.bytes)
      #expect(downloaded.fingerprint == Fingerprint(source.bytes))
    }
  }

  @Test(arguments: [1_000, 20 << 20]) func corruptionIsNoticed(_ size: Int) async throws {
    let source = PatternSource(count: size)
    try await withServer { fixture, server in
      let stamp = try await planted(fixture, source)
      server.faults.add(Fault(.corrupt, on: [.getObject], count: 1))
      await expectFailure(.corrupted) {
        try await fixture.tree.download(Self.path, version: stamp, into: NullSink()) { _ in }
      }
      _ = try await fixture.tree.download(Self.path, version: stamp, into: NullSink()) { _ in }
    }
  }

  /// Without a CRC64NVME the MD5 ETag is compared, in order, though the ranges come in parallel.
  @Test(arguments: [1_000, 20 << 20]) func corruptionIsNoticedByTheETag(_ size: Int) async throws {
    let source = PatternSource(count: size)
    try await withServer { fixture, server in
      var capabilities = ServerCapabilities.full
      capabilities.checksums = false
      let tree = fixture.with(capabilities)
      let stamp = try await planted(fixture, source)
      #expect(try await tree.head(Self.path)?.object.crc64 == nil)
      #expect(try await tree.download(Self.path, version: stamp, into: NullSink()) { _ in }.fingerprint.size == size)
      server.faults.add(Fault(.corrupt, on: [.getObject], count: 1))
      await expectFailure(.corrupted) { try await tree.download(Self.path, version: stamp, into: NullSink()) { _ in } }
    }
  }

  @Test(arguments: [1_000, 20 << 20]) func aChangeDuringTheDownloadIsNoticed(_ size: Int) async throws {
    let source = PatternSource(count: size)
    let other = PatternSource(count: size, seed: 2)
    try await withServer { fixture, server in
      let stamp = try await planted(fixture, source)
      _ = try await planted(fixture, other)
      await expectFailure(.conditionFailed) {
        try await fixture.tree.download(Self.path, version: stamp, into: NullSink()) { _ in }
      }
      // Also where the server does not care.
      server.faults.add(Fault(.ignoreConditions, on: [.getObject, .headObject]))
      await expectFailure(.conditionFailed) {
        try await fixture.tree.download(Self.path, version: stamp, into: NullSink()) { _ in }
      }
    }
  }

  @Test func aSinkThatFailsEndsTheDownload() async throws {
    struct FullDisk: ContentSink {
      func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws {
        throw LocalFailure(.noSpace, "full")
      }
    }
    try await withServer { fixture, server in
      let stamp = try await planted(fixture, PatternSource(count: 20 << 20))
      await #expect(throws: LocalFailure(.noSpace, "full")) {
        try await fixture.tree.download(Self.path, version: stamp, into: FullDisk()) { _ in }
      }
    }
  }

  @Test func progressCountsEveryByteOnce() async throws {
    try await withServer { fixture, server in
      let stamp = try await planted(fixture, PatternSource(count: 17 << 20))
      server.faults.add(Fault(.truncate(bytes: 100_000), on: [.getObject], count: 2))
      let counter = Counter()
      _ = try await fixture.tree.download(Self.path, version: stamp, into: NullSink()) { counter.add($0) }
      #expect(counter.value == 17 << 20)
    }
  }

  // MARK: Absence

  @Test func anErrorIsNoAbsence() async throws {
    try await withServer { fixture, server in
      server.faults.add(Fault(.status(500, code: "InternalError")))
      await expectFailure(.server) { try await fixture.tree.head(Self.path) }
      await expectFailure(.server) { try await fixture.tree.proveAbsent(Self.path) }
      await expectFailure(.server) { try await fixture.tree.proveAbsent("dir/") }
    }
  }

  /// The 404 of a HEAD does not say what is missing.
  @Test func aMissingBucketIsNoAbsence() async throws {
    try await withServer(bucket: "nowhere") { fixture, _ in
      await expectFailure(.configuration) { try await fixture.tree.head(Self.path) }
      await expectFailure(.configuration) { try await fixture.tree.proveAbsent(Self.path) }
      await expectFailure(.configuration) {
        try await fixture.tree.list(.root, after: nil, continuation: nil, limit: nil)
      }
    }
  }

  @Test func anAbsenceThatOnlyTheHeadSawIsNone() async throws {
    try await withServer { fixture, server in
      try await fixture.plant("dir/file", "x")
      server.faults.add(Fault(.status(404, code: "NoSuchKey"), on: [.headObject], count: 1))
      #expect(try await fixture.tree.head(Self.path) != nil)
    }
  }

  @Test func namesakesAreNoPresence() async throws {
    try await withServer { fixture, _ in
      for key in ["dir/file.txt", "dir/file/below", "dir/file-"] { try await fixture.plant(key, "x") }
      #expect(try await fixture.tree.proveAbsent(Self.path))
      #expect(try await fixture.tree.head(Self.path) == nil)
      #expect(try await !fixture.tree.proveAbsent("dir/file/"))
      #expect(try await fixture.tree.proveAbsent("dir/fil/"))
    }
  }

  // MARK: Names

  @Test func aPathWithoutKeyIsNotPossible() async throws {
    try await withServer { fixture, server in
      let long = RelativePath(unchecked: String(repeating: "0123456789/", count: 100) + "x")
      server.requests.reset()
      await expectFailure(.notPossible) { try await fixture.tree.head(long) }
      await expectFailure(.notPossible) {
        try await fixture.tree.put(long, SmallContent("x"), metadata: sampleMetadata, replacing: nil)
      }
      #expect(server.requests.total == 0)
    }
  }
}

private final class Counter: Sendable {
  private let sum = NIOLockedValueBox<Int64>(0)
  var value: Int64 { sum.withLockedValue { $0 } }
  func add(_ count: Int64) { sum.withLockedValue { $0 += count } }
}
