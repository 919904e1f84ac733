import AWSKit
import EmbeddedS3
import NIOConcurrencyHelpers
import NIOCore
import SyncEngine
import SyncModel
import Testing

@testable import RemoteTree

/// What the tree makes of a server, or a network, that fails while it reads.
@Suite struct ReadFaultTests {
  private static let path: RelativePath = "dir/file"

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
      let tree = fixture.withoutChecksums
      let stamp = try await planted(fixture, source)
      #expect(try await tree.head(Self.path)?.object.crc64 == nil)
      #expect(try await tree.download(Self.path, version: stamp, into: NullSink()) { _ in }.fingerprint.size == size)
      server.faults.add(Fault(.corrupt, on: [.getObject], count: 1))
      await expectFailure(.corrupted) { try await tree.download(Self.path, version: stamp, into: NullSink()) { _ in } }
    }
  }

  /// Of what was sent in parts some servers tell only a hash of hashes.
  @Test(arguments: [(6 << 20, partSize: 5 << 20), (20 << 20, partSize: 8 << 20)])
  func corruptionIsNoticedByTheETagOfParts(_ size: Int, partSize: Int) async throws {
    let source = PatternSource(count: size)
    try await withServer { fixture, server in
      let tree = fixture.withoutChecksums
      try await fixture.plant(Self.path.string, source, inPartsOf: partSize)
      let stamp = try #require(try await tree.head(Self.path)).object.stamp
      server.requests.reset()
      let downloaded = try await tree.download(Self.path, version: stamp, into: NullSink()) { _ in }
      #expect(downloaded.fingerprint == Fingerprint(source.bytes))
      #expect(server.requests.count(.getObject) == RangePlan().count(size: stamp.size))
      server.faults.add(Fault(.corrupt, on: [.getObject], count: 1))
      await expectFailure(.corrupted) { try await tree.download(Self.path, version: stamp, into: NullSink()) { _ in } }
    }
  }

  /// Where the size of the parts is nobody's usual one, two readings decide.
  @Test(arguments: [6 << 20, 20 << 20]) func partsOfAnUnusualSizeAreReadTwice(_ size: Int) async throws {
    let source = PatternSource(count: size)
    try await withServer { fixture, server in
      let tree = fixture.withoutChecksums
      try await fixture.plant(Self.path.string, source, inPartsOf: size == 6 << 20 ? 5_500_000 : 7_500_000)
      let stamp = try #require(try await tree.head(Self.path)).object.stamp
      server.requests.reset()
      let sink = MemorySink(size: stamp.size)
      _ = try await tree.download(Self.path, version: stamp, into: sink) { _ in }
      #expect(sink.bytes == source.bytes)
      #expect(server.requests.count(.getObject) == 2 * RangePlan().count(size: stamp.size))
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

extension Fixture {
  /// As on servers that keep no checksum of the whole object.
  fileprivate var withoutChecksums: RemoteTree {
    var capabilities = ServerCapabilities.full
    capabilities.checksums = false
    return with(capabilities)
  }
}

private final class Counter: Sendable {
  private let sum = NIOLockedValueBox<Int64>(0)
  var value: Int64 { sum.withLockedValue { $0 } }
  func add(_ count: Int64) { sum.withLockedValue { $0 += count } }
}
