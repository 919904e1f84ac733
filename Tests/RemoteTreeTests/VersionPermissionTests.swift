import EmbeddedS3
import NIOCore
import NIOHTTP1
import SyncEngine
import SyncModel
import Testing

@testable import AWSKit
@testable import RemoteTree

/// Buckets with versions, read by who has no `s3:GetObjectVersion`.
@Suite struct VersionPermissionTests {
  private static let path: RelativePath = "file"

  private func withVersions(
    _ source: PatternSource, _ body: @Sendable (Fixture, EmbeddedS3Server) async throws -> Void
  ) async throws {
    try await withServer { fixture, server in
      let document = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
      let call = S3Call(
        operation: "PutBucketVersioning", method: .PUT, bucket: fixture.bucket, query: [("versioning", nil)],
        body: .bytes(ByteBuffer(string: document)))
      try await fixture.client.perform(call) { _ = try await $0.collect() }
      _ = try await fixture.client.putObject(
        bucket: fixture.bucket, key: fixture.prefix + Self.path.string, body: .bytes(ByteBuffer(bytes: source.bytes)))
      server.requests.keepsHeads = true
      try await body(fixture, server)
    }
  }

  /// As a listing tells of it, the version is known from the first reply.
  @Test(arguments: [1_000, 20 << 20]) func downloadsGoByTheConditionAlone(_ size: Int) async throws {
    let source = PatternSource(count: size)
    try await withVersions(source) { fixture, server in
      let page = try await fixture.tree.list(.root, after: nil, continuation: nil, limit: nil)
      let listed = try #require(page.entries.first).stamp
      let headed = try #require(try await fixture.tree.head(Self.path)).object.stamp
      #expect(listed.versionID == nil && headed.versionID != nil)
      for stamp in [listed, headed] {
        let tree = fixture.with()
        let isByVersion = stamp.versionID != nil || size > 8 << 20
        if isByVersion { server.faults.add(Fault(.status(403, code: "AccessDenied"), on: [.getObject], count: 1)) }
        server.requests.reset()
        let sink = MemorySink(size: stamp.size)
        _ = try await tree.download(Self.path, version: stamp, into: sink) { _ in }
        #expect(sink.bytes == source.bytes)
        let targets = server.requests.entries.filter { $0.operation == .getObject }.compactMap(\.target)
        #expect(targets.first?.contains("versionId=") == isByVersion && targets.last?.contains("versionId=") == false)
        #expect(tree.readsVersions == !isByVersion)
      }
    }
  }

  @Test func copiesDoToo() async throws {
    try await withVersions(PatternSource(count: 10)) { fixture, server in
      let stamp = try #require(try await fixture.tree.head(Self.path)).object.stamp
      server.faults.add(Fault(.status(403, code: "AccessDenied"), on: [.copyObject], count: 1))
      _ = try await fixture.tree.copy(Self.path, version: stamp, to: "copy", replacing: nil)
      let sources = server.requests.entries.compactMap { $0.headers?["x-amz-copy-source"] }
      #expect(sources.map { $0.contains("versionId=") } == [true, false])
      // Where the version is not what is refused nothing is tried twice.
      server.faults.add(Fault(.status(403, code: "AccessDenied"), on: [.copyObject]))
      server.requests.reset()
      await expectFailure(.permission) {
        try await fixture.tree.copy(Self.path, version: stamp, to: "other", replacing: nil)
      }
      #expect(server.requests.count(.copyObject) == 1)
    }
  }
}
