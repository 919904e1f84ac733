import AWSKit
import EmbeddedS3
import NIOCore
import SyncEngine
import SyncModel
import Testing

@testable import RemoteTree

/// Objects whose ETag is no MD5.
@Suite struct EncryptionTests {
  static let key = S3CustomerKey(Array("kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk".utf8))
  static let otherKey = S3CustomerKey(Array("llllllllllllllllllllllllllllllll".utf8))

  private static let kms = [
    (name: "x-amz-server-side-encryption", value: "aws:kms"),
    (name: "x-amz-server-side-encryption-aws-kms-key-id", value: "alias/ours"),
  ]

  static let capabilities: [ServerCapabilities] = [
    .full, .withoutTargetConditions, .withoutCopyConditions, .withoutConditions,
  ]

  /// All that a tree does, with a key without which nothing can be read.
  @Test(arguments: capabilities) func customersKeys(_ capabilities: ServerCapabilities) async throws {
    try await withServer { fixture, server in
      let tree = fixture.with(ObjectSettings(), capabilities: capabilities) { $0.customerKey = Self.key }
      let small = SmallContent("one")
      var stamp = try await tree.put("a", small, metadata: sampleMetadata, replacing: nil)
      #expect(try #require(try await tree.head("a")).object.stamp.isSameVersion(as: stamp))
      #expect(try await tree.read("a", version: stamp).bytes == small.bytes)
      stamp = try await tree.put("a", SmallContent("two"), metadata: sampleMetadata, replacing: stamp)
      stamp = try await tree.replaceMetadata("a", of: stamp, with: EntryMetadata(kind: .file, mode: 0o600))
      #expect(try #require(try await tree.head("a")).object.metadata.mode == 0o600)
      _ = try await tree.copy("a", version: stamp, to: "b", replacing: nil)
      let copied = try #require(try await tree.head("b")).object
      #expect(try await tree.read("b", version: copied.stamp).bytes == Array("two".utf8))

      let content = PatternSource(count: 9 << 20)
      let upload = try await tree.beginUpload("large", metadata: sampleMetadata, size: content.size)
      var parts: [PartReceipt] = []
      for number in 1...2 { parts.append(try await tree.uploadPart(number, of: upload, from: content, known: nil)) }
      let completed = try await tree.completeUpload(upload, parts: parts, replacing: nil)
      let sink = MemorySink(size: content.size)
      _ = try await tree.download("large", version: completed.stamp, into: sink, progress: { _ in })
      #expect(sink.bytes == content.bytes)
      _ = try await tree.replaceMetadata("large", of: completed.stamp, with: EntryMetadata(kind: .file, mode: 0o600))

      // Every one of them has the key, the copies aside too: without it, or with another, nothing can be seen.
      for object in try await fixture.client.listObjectsV2(bucket: fixture.bucket, prefix: fixture.prefix).objects {
        for key in [nil, Self.otherKey] {
          var client = fixture.client
          client.configuration.customerKey = key
          await #expect(throws: S3Error.self, "\(object.key)") {
            try await client.headObject(bucket: fixture.bucket, key: object.key)
          }
        }
      }
      let failure = await expectFailure(.notPossible) { try await fixture.tree.head("a") }
      #expect(failure?.message.contains("p/a") == true)
      try await tree.delete("b", expecting: copied.stamp)
    }
  }

  @Test func objectsWithoutTheKeyAreToldByName() async throws {
    try await withServer { fixture, _ in
      try await fixture.plant("plain", "one")
      let tree = fixture.with(ObjectSettings()) { $0.customerKey = Self.key }
      let failure = await expectFailure(.notPossible) { try await tree.head("plain") }
      #expect(failure?.message.contains("p/plain") == true)
      #expect(failure?.message.contains("key") == true)
    }
  }

  @Test func theProbeWorksWithAKey() async throws {
    try await withServer { fixture, _ in
      var client = fixture.client
      client.configuration.customerKey = Self.key
      let found = try await CapabilityProbe(client: client, location: fixture.tree.location, logger: Fixture.logger)
        .run()
      var expected = ServerCapabilities.full
      expected.etagIsMD5 = false
      #expect(found == expected)
    }
  }

  /// A policy of the bucket may refuse every write that lacks them.
  @Test func scratchObjectsAndCopiesAsideCarryTheProtection() async throws {
    try await withServer { fixture, server in
      server.requests.keepsHeads = true
      var settings = ObjectSettings()
      settings.access = [("x-amz-acl", "bucket-owner-full-control")]
      settings.encryption = Self.kms
      let probe = CapabilityProbe(
        client: fixture.client, location: fixture.tree.location, settings: settings, logger: Fixture.logger)
      _ = try await probe.run()
      let tree = fixture.with(settings, capabilities: .withoutConditions)
      let stamp = try await tree.put("a", SmallContent("one"), metadata: sampleMetadata, replacing: nil)
      _ = try await tree.put("a", SmallContent("two"), metadata: sampleMetadata, replacing: stamp)
      let writes = server.requests.entries.filter {
        [.putObject, .copyObject, .createMultipartUpload].contains($0.operation)
      }
      #expect(writes.count > 20)
      #expect(writes.contains { $0.key.contains("/aside/") } && writes.contains { $0.key.contains("/probe/") })
      for write in writes {
        #expect(write.headers?["x-amz-acl"] == "bucket-owner-full-control", "\(write.key)")
        #expect(write.headers?["x-amz-server-side-encryption"] == "aws:kms", "\(write.key)")
        #expect(write.headers?["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/ours", "\(write.key)")
      }
    }
  }

  // MARK: Comparing

  /// What the AWS CLI leaves: an ETag that is no MD5, and a CRC32. No content crosses the network to be compared.
  @Test(arguments: [true, false]) func equalContentIsToldWithoutATransfer(hasCustomerKey: Bool) async throws {
    try await withServer { fixture, server in
      let settings = ObjectSettings()
      let cli = fixture.with(settings) {
        $0.checksumAlgorithm = .crc32
        $0.customerKey = hasCustomerKey ? Self.key : nil
      }
      _ = try await cli.client.putObject(
        bucket: fixture.bucket, key: "p/a", body: .bytes(ByteBuffer(string: "one")),
        headers: S3ObjectHeaders(additional: hasCustomerKey ? [] : Self.kms))
      let tree = fixture.with(settings) { $0.customerKey = hasCustomerKey ? Self.key : nil }
      let object = try #require(try await tree.head("a")).object
      #expect(object.crc64 == nil)
      let before = server.requests.count(.getObject)
      #expect(try await tree.equals("a", object, SmallContent("one")))
      #expect(try await !tree.equals("a", object, SmallContent("two")))
      #expect(server.requests.count(.getObject) == before)
      #expect(try await tree.read("a", version: object.stamp).bytes == Array("one".utf8))
    }
  }

  /// Sent in parts its CRC32 is one over those of the parts, which are 8 MiB.
  @Test func equalPartsAreToldWithoutATransfer() async throws {
    try await withServer { fixture, server in
      let tree = fixture.with(ObjectSettings()) {
        $0.checksumAlgorithm = .crc32
        $0.customerKey = Self.key
      }
      let content = PatternSource(count: 9 << 20)
      let upload = try await tree.beginUpload("large", metadata: sampleMetadata, size: content.size)
      var parts: [PartReceipt] = []
      for number in 1...2 { parts.append(try await tree.uploadPart(number, of: upload, from: content, known: nil)) }
      _ = try await tree.completeUpload(upload, parts: parts, replacing: nil)
      let object = try #require(try await tree.head("large")).object
      #expect(object.crc64 == nil)
      server.requests.reset()
      #expect(try await tree.equals("large", object, content))
      #expect(server.requests.count(.getObject) == 0)
      // A difference is not proven by it: the parts might have been of another size.
      #expect(try await !tree.equals("large", object, PatternSource(count: 9 << 20, seed: 2)))
      #expect(server.requests.count(.getObject) > 0)
    }
  }

  @Test func aChangeOfMetadataKeepsTheEncryption() async throws {
    try await withServer { fixture, _ in
      try await fixture.plant("a", "one", headers: S3ObjectHeaders(additional: Self.kms))
      var weaker = ObjectSettings()
      weaker.encryption = [("x-amz-server-side-encryption", "AES256")]
      for tree in [fixture.tree, fixture.with(weaker)] {
        let stamp = try #require(try await tree.head("a")).object.stamp
        _ = try await tree.replaceMetadata("a", of: stamp, with: sampleMetadata)
        let head = try #require(try await tree.headIfPresent("p/a"))
        #expect(head.serverSideEncryption == "aws:kms" && head.kmsKeyID == "alias/ours")
      }
    }
  }
}
