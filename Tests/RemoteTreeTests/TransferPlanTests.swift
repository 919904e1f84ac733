import AWSKit
import EmbeddedS3
import SyncEngine
import SyncModel
import Testing

@testable import RemoteTree

/// Pieces of another size than usual.
@Suite struct TransferPlanTests {
  /// An upload that is gone on with keeps the size that it was begun with, whatever the settings say now.
  @Test func anUploadKeepsItsPartSize() async throws {
    try await withServer { fixture, server in
      var plan = TransferPlan()
      plan.cut(into: 5 << 20)
      let source = PatternSource(count: 12 << 20)
      let begun = try await fixture.with(plan: plan).beginUpload("large", metadata: sampleMetadata, size: source.size)
      #expect(begun.partCount == 3)
      let first = try await fixture.with(plan: plan).uploadPart(1, of: begun, from: source, known: nil)
      plan.cut(into: 64 << 20)
      let later = fixture.with(plan: plan)
      #expect(try await later.uploadPart(1, of: begun, from: source, known: first) == first)
      var parts = [first]
      for number in 2...3 { parts.append(try await later.uploadPart(number, of: begun, from: source, known: nil)) }
      let completed = try await later.completeUpload(begun, parts: parts, replacing: nil)
      #expect(completed.fingerprint == Fingerprint(source.bytes))
      // Ranges of at most 16 MiB, one at a time.
      plan.cut(into: 2 << 20)
      plan.limit(to: 1)
      let sink = MemorySink(size: source.size)
      let before = server.requests.count(.getObject)
      _ = try await fixture.with(plan: plan).download("large", version: completed.stamp, into: sink) { _ in }
      #expect(sink.bytes == source.bytes)
      #expect(server.requests.count(.getObject) - before == 6)
    }
  }

  /// A part that is too long to be held is read twice; its signature covers what is sent all the same.
  @Test func longPartsAreSigned() async throws {
    try await withServer { fixture, server in
      var plan = TransferPlan()
      plan.cut(into: 17 << 20)
      server.requests.keepsHeads = true
      let tree = fixture.with(plan: plan) { $0.signsPayload = true }
      let source = PatternSource(count: 17 << 20)
      let upload = try await tree.beginUpload("large", metadata: sampleMetadata, size: source.size)
      let part = try await tree.uploadPart(1, of: upload, from: source, known: nil)
      _ = try await tree.completeUpload(upload, parts: [part], replacing: nil)
      let sent = try #require(server.requests.entries.first { $0.operation == .uploadPart }?.headers)
      #expect(sent["x-amz-content-sha256"]?.count == 64)
    }
  }
}
