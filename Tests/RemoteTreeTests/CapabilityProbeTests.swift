import AWSKit
import EmbeddedS3
import SyncEngine
import SyncModel
import Testing

@testable import RemoteTree

@Suite struct CapabilityProbeTests {
  private func probe(_ fixture: Fixture) async throws -> ServerCapabilities {
    try await CapabilityProbe(client: fixture.client, location: fixture.tree.location, logger: Fixture.logger).run()
  }

  @Test func findsEverythingAndLeavesNothing() async throws {
    try await withServer { fixture, server in
      let found = try await probe(fixture)
      #expect(found == .full)
      #expect(found.safetyLevel == .conditional)
      #expect(try await fixture.keys().isEmpty)
      #expect(try await fixture.client.listMultipartUploads(bucket: fixture.bucket).uploads.isEmpty)
      #expect(server.requests.total < 100)
    }
  }

  struct Ignored: Sendable, CustomStringConvertible {
    var operation: S3Operation
    var lose: @Sendable (inout ServerCapabilities) -> Void
    var description: String { operation.rawValue }
  }

  static let ignored: [Ignored] = [
    Ignored(operation: .putObject) {
      $0.putIfAbsent = false
      $0.putIfMatch = false
    },
    Ignored(operation: .completeMultipartUpload) {
      $0.completeIfAbsent = false
      $0.completeIfMatch = false
    },
    Ignored(operation: .copyObject) {
      $0.copySourceIfMatch = false
      $0.copyIfAbsent = false
      $0.copyIfMatch = false
    },
    Ignored(operation: .uploadPartCopy) { $0.copySourceIfMatch = false },
    Ignored(operation: .deleteObject) { $0.deleteIfMatch = false },
    Ignored(operation: .deleteObjects) { $0.deleteObjectsIfMatch = false },
    Ignored(operation: .getObject) { $0.getIfMatch = false },
  ]

  /// Each call by itself, so that no condition passes for another's.
  @Test(arguments: ignored) func noticesWhatIsIgnored(_ row: Ignored) async throws {
    try await withServer { fixture, server in
      server.faults.add(Fault(.ignoreConditions, on: [row.operation]))
      let found = try await probe(fixture)
      var expected = ServerCapabilities.full
      row.lose(&expected)
      #expect(found == expected)
      server.faults.removeAll()
      #expect(try await fixture.keys().isEmpty)
    }
  }

  @Test func noticesWhatIsRefused() async throws {
    try await withServer { fixture, server in
      server.faults.add(Fault(.status(501, code: "NotImplemented"), on: [.deleteObjects, .copyObject]))
      let found = try await probe(fixture)
      #expect(!found.deleteObjectsIfMatch && !found.copyIfAbsent && !found.copyIfMatch && found.deleteIfMatch)
    }
  }

  /// A server that is in trouble is not one that lacks something.
  @Test func doesNotTakeTroubleForAMissingCapability() async throws {
    try await withServer { fixture, server in
      server.faults.add(Fault(.status(503, code: "SlowDown"), on: [.completeMultipartUpload]))
      await expectFailure(.throttled) { try await probe(fixture) }
      server.faults.faults = [Fault(.dropBefore, on: [.copyObject])]
      await expectFailure(.unreachable) { try await probe(fixture) }
      server.faults.removeAll()
      let left = try await fixture.keys()
      #expect(left.isEmpty)
    }
  }

  /// A capability that a bad hour seemed to take away would be missed for a month.
  @Test(arguments: [S3Operation.putObject, .completeMultipartUpload, .copyObject, .deleteObject])
  func doesNotBelieveItOnce(_ operation: S3Operation) async throws {
    try await withServer { fixture, server in
      // As often as a server may stumble over a header that it does not know.
      server.faults.add(Fault(.status(500, code: "InternalError"), on: [operation], skip: 1, count: 3))
      let found = try await probe(fixture)
      #expect(found == .full)
      let left = try await fixture.keys()
      #expect(left.isEmpty)
    }
  }

  @Test func doesNotBelieveAnAnswerThatChanges() async throws {
    try await withServer { fixture, server in
      for round in 1...6 {
        let operation: S3Operation = round.isMultiple(of: 2) ? .copyObject : .completeMultipartUpload
        server.faults.add(Fault(.status(501, code: "NotImplemented"), on: [operation], key: "*/probe/*/\(round)/*"))
      }
      await expectFailure(.server) { try await probe(fixture) }
      server.faults.removeAll()
      let left = try await fixture.keys()
      #expect(left.isEmpty)
    }
  }

  @Test func saysWhenNothingMayBeWritten() async throws {
    try await withServer { fixture, server in
      server.faults.add(Fault(.status(403, code: "AccessDenied"), on: [.putObject]))
      await expectFailure(.permission) { try await probe(fixture) }
    }
  }

  @Test func saysWhenThereIsNoBucket() async throws {
    try await withServer(bucket: "nowhere") { fixture, _ in
      await expectFailure(.configuration) { try await probe(fixture) }
    }
  }

  @Test func removesWhatAKilledProbeLeft() async throws {
    try await withServer { fixture, server in
      try await fixture.plant(".martlet/probe/dead/put", "1")
      let key = fixture.prefix + ".martlet/probe/dead/complete"
      _ = try await fixture.client.createMultipartUpload(bucket: fixture.bucket, key: key)
      _ = try await probe(fixture)
      #expect(try await fixture.keys() == [".martlet/probe/dead/put"])
      server.faults.clockOffset = 3_700
      _ = try await probe(fixture)
      #expect(try await fixture.keys().isEmpty)
      #expect(try await fixture.client.listMultipartUploads(bucket: fixture.bucket).uploads.isEmpty)
    }
  }

  @Test func isRepeatedOnDemand() async throws {
    try await withServer { fixture, server in
      server.faults.add(Fault(.ignoreConditions, on: [.putObject, .deleteObject, .deleteObjects]))
      #expect(fixture.tree.safetyLevel == .conditional)
      let found = try await fixture.tree.reprobe()
      #expect(fixture.tree.capabilities == found)
      #expect(fixture.tree.safetyLevel == .singleWriterPerKey([.creation, .replacement, .deletion]))
    }
  }

  @Test func nothingIsWrittenWithoutCapabilities() async throws {
    try await withServer(capabilities: ServerCapabilities.none) { fixture, server in
      try await fixture.plant("a", "x")
      let object = try #require(try await fixture.tree.head("a")).object
      #expect(try await fixture.tree.read("a", version: object.stamp).bytes == Array("x".utf8))
      server.requests.reset()
      let path: RelativePath = "a"
      await expectFailure(.permission) {
        try await fixture.tree.put(path, SmallContent("y"), metadata: sampleMetadata, replacing: object.stamp)
      }
      await expectFailure(.permission) { try await fixture.tree.delete(path, expecting: object.stamp) }
      await expectFailure(.permission) {
        try await fixture.tree.copy(path, version: object.stamp, to: "b", replacing: nil)
      }
      await expectFailure(.permission) {
        try await fixture.tree.beginUpload(path, metadata: sampleMetadata, size: 1)
      }
      await expectFailure(.permission) {
        try await fixture.tree.replaceMetadata(path, of: object.stamp, with: sampleMetadata)
      }
      #expect(try await fixture.tree.removeExpiredAside(olderThan: .zero) == 0)
      #expect(server.requests.total == 0)
    }
  }
}
