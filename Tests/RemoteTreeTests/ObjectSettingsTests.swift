import AWSKit
import EmbeddedS3
import NIOCore
import SyncEngine
import SyncModel
import Testing

@testable import RemoteTree

/// What is written along with objects, over real HTTP.
@Suite struct ObjectSettingsTests {
  private static func head(_ tree: RemoteTree, _ fixture: Fixture, _ path: String) async throws -> S3ObjectHead {
    try #require(try await tree.headIfPresent(fixture.prefix + path))
  }

  private static func settings(_ change: (inout ObjectSettings) -> Void) -> ObjectSettings {
    var settings = ObjectSettings()
    change(&settings)
    return settings
  }

  // MARK: New objects

  @Test func filesCarryEverything() async throws {
    try await withServer { fixture, _ in
      let tree = fixture.with(
        Self.settings {
          $0.content = [("Cache-Control", "max-age=60"), ("x-amz-storage-class", "STANDARD_IA")]
          $0.encryption = [("x-amz-server-side-encryption", "AES256")]
          $0.metadata = ["team": "blue", "mtime": "0"]
        })
      _ = try await tree.put("a.html", SmallContent("one"), metadata: sampleMetadata, replacing: nil)
      let head = try await Self.head(tree, fixture, "a.html")
      #expect(head.contentType == "text/html")
      #expect(head.cacheControl == "max-age=60")
      #expect(head.storageClass == "STANDARD_IA")
      #expect(head.serverSideEncryption == "AES256")
      // Ours come first, so that they can be relied on.
      #expect(head.metadata == ["team": "blue"].merging(sampleMetadata.user) { $1 })
      // Links and markers are no files.
      let link = EntryMetadata(kind: .symlink)
      _ = try await tree.put("link.html", SmallContent("a.html"), metadata: link, replacing: nil)
      let linked = try await Self.head(tree, fixture, "link.html")
      #expect(linked.contentType == ContentType.unknown)
      #expect(linked.cacheControl == nil && linked.storageClass == "STANDARD" && linked.metadata["team"] == nil)
      #expect(linked.serverSideEncryption == "AES256")
    }
  }

  /// A new content keeps what others wrote about the object, as a new mode does.
  @Test func whatOthersWroteOutlivesANewContent() async throws {
    try await withServer { fixture, _ in
      let tree = fixture.with(Self.settings { $0.metadata = ["team": "blue"] })
      let planted = ["label": "theirs", "team": "red", "mtime": "1", "uid": "7", "gid": "8", "md5chksum": "stale"]
      try await fixture.plant("small", "one", headers: S3ObjectHeaders(metadata: planted))
      let first = try #require(try await tree.head("small")).object
      #expect(first.metadata.owner == nil)
      _ = try await tree.put("small", SmallContent("two"), metadata: sampleMetadata, replacing: first.stamp)
      let kept = ["label": "theirs", "team": "blue", "uid": "7", "gid": "8"].merging(sampleMetadata.user) { $1 }
      #expect(try await Self.head(tree, fixture, "small").metadata == kept)

      try await fixture.plant("large", "one", headers: S3ObjectHeaders(metadata: planted))
      let old = try #require(try await tree.head("large")).object
      let source = PatternSource(count: 6 << 20)
      let upload = try await tree.beginUpload("large", metadata: sampleMetadata, size: Int64(source.bytes.count))
      var parts: [PartReceipt] = []
      for number in 1...upload.partCount {
        parts.append(try await tree.uploadPart(number, of: upload, from: source, known: nil))
      }
      _ = try await tree.completeUpload(upload, parts: parts, replacing: old.stamp)
      #expect(try await Self.head(tree, fixture, "large").metadata == kept)

      // With owners they are ours, and what does not fit beside ours is left out.
      let owning = fixture.with(Self.settings { $0.keepsOwner = true })
      let full = ["uid": "7", "gid": "8", "label": String(repeating: "x", count: 2030)]
      try await fixture.plant("full", "one", headers: S3ObjectHeaders(metadata: full))
      let object = try #require(try await owning.head("full")).object
      #expect(object.metadata.owner == Owner(user: 7, group: 8))
      var metadata = sampleMetadata
      metadata.owner = Owner(user: 1, group: 2)
      _ = try await owning.put("full", SmallContent("two"), metadata: metadata, replacing: object.stamp)
      #expect(try await Self.head(owning, fixture, "full").metadata == metadata.user)
    }
  }

  @Test(arguments: [(true, nil, "text/plain"), (false, nil, ContentType.unknown), (true, "x/y", "x/y")])
  func theTypeIsGuessedUnlessToldOtherwise(guesses: Bool, given: String?, type: String) async throws {
    try await withServer { fixture, _ in
      let tree = fixture.with(
        Self.settings {
          $0.guessesContentType = guesses
          $0.contentType = given
        })
      _ = try await tree.put("a.txt", SmallContent("one"), metadata: sampleMetadata, replacing: nil)
      #expect(try await Self.head(tree, fixture, "a.txt").contentType == type)
    }
  }

  // MARK: Checksums

  @Test(arguments: S3ChecksumAlgorithm.allCases) func otherChecksums(_ algorithm: S3ChecksumAlgorithm) async throws {
    try await withServer { fixture, server in
      let tree = fixture.with(ObjectSettings()) { $0.checksumAlgorithm = algorithm }
      let small = SmallContent("one")
      let stamp = try await tree.put("small", small, metadata: sampleMetadata, replacing: nil)
      #expect(try await Self.head(tree, fixture, "small").checksums[algorithm] != nil)
      #expect(try await tree.read("small", version: stamp).bytes == small.bytes)
      let copy = try await tree.copy("small", version: stamp, to: "copy", replacing: nil)
      #expect(copy.size == 3)
      let content = PatternSource(count: 9 << 20)
      let upload = try await tree.beginUpload("large", metadata: sampleMetadata, size: content.size)
      var parts: [PartReceipt] = []
      for number in 1...2 { parts.append(try await tree.uploadPart(number, of: upload, from: content, known: nil)) }
      let completed = try await tree.completeUpload(upload, parts: parts, replacing: nil)
      let head = try await Self.head(tree, fixture, "large")
      #expect(head.checksums.type == (algorithm == .crc64nvme ? .fullObject : .composite))
      #expect(head.checksums[algorithm] != nil)
      let sink = MemorySink(size: content.size)
      _ = try await tree.download("large", version: completed.stamp, into: sink, progress: { _ in })
      #expect(sink.bytes == content.bytes)
      #expect(server.requests.count(.listParts) == (algorithm == .crc64nvme ? 0 : 1))
    }
  }

  // MARK: ACL

  @Test func aChangeOfMetadataKeepsTheACL() async throws {
    try await withServer { fixture, _ in
      let open = fixture.with(Self.settings { $0.access = [("x-amz-acl", "public-read")] })
      let tree = fixture.tree
      let stamp = try await open.put("a", SmallContent("one"), metadata: sampleMetadata, replacing: nil)
      let access = try await fixture.client.getObjectAcl(bucket: fixture.bucket, key: "p/a")
      #expect(!access.isDefault)
      // A node without the option keeps it all the same.
      var metadata = sampleMetadata
      metadata.mode = 0o600
      _ = try await tree.replaceMetadata("a", of: stamp, with: metadata)
      #expect(try await Self.head(tree, fixture, "a").metadata["mode"] == metadata.user["mode"])
      #expect(try await fixture.client.getObjectAcl(bucket: fixture.bucket, key: "p/a") == access)
      // What is renamed is a new object, with what new objects get.
      let head = try #require(try await tree.head("a")).object
      _ = try await open.copy("a", version: head.stamp, to: "b", replacing: nil)
      #expect(try await fixture.client.getObjectAcl(bucket: fixture.bucket, key: "p/b") == access)
    }
  }

  /// Where the ACL may not be seen, or there is none, an object gets what every object gets.
  @Test(arguments: [(403, "AccessDenied"), (501, "NotImplemented")])
  func anACLThatCannotBeSeen(status: Int, code: String) async throws {
    try await withServer { fixture, server in
      let tree = fixture.with(Self.settings { $0.access = [("x-amz-acl", "public-read")] })
      let stamp = try await tree.put("a", SmallContent("one"), metadata: sampleMetadata, replacing: nil)
      let access = try await fixture.client.getObjectAcl(bucket: fixture.bucket, key: "p/a")
      server.faults.add(Fault(.status(status, code: code), on: [.getObjectAcl]))
      _ = try await tree.replaceMetadata("a", of: stamp, with: EntryMetadata(kind: .file, mode: 0o600))
      server.faults.removeAll()
      #expect(try await fixture.client.getObjectAcl(bucket: fixture.bucket, key: "p/a") == access)
    }
  }

  // MARK: Copies within the bucket

  private static let odd = S3ObjectHeaders(
    contentType: "text/x-odd", metadata: ["owner": "me", "mtime": "1.5", "mode": "33188"],
    additional: [("Cache-Control", "no-cache"), ("x-amz-tagging", "k=v"), ("x-amz-storage-class", "STANDARD_IA")])

  struct CopyRow: CustomTestStringConvertible, Sendable {
    var rules: ObjectSettings.CopyRules
    var metadata: [String: String]
    var cacheControl: String?
    var tags: Int
    var testDescription: String { "\(rules)" }
  }

  private static let own = ["mtime": "1.5", "mode": "33188"]

  @Test(arguments: [
    CopyRow(rules: .init(), metadata: own.merging(["owner": "me"]) { $1 }, cacheControl: "no-cache", tags: 1),
    CopyRow(
      rules: .init(dropsTags: true), metadata: own.merging(["owner": "me"]) { $1 }, cacheControl: "no-cache", tags: 0),
    CopyRow(
      rules: .init(replacesMetadata: true), metadata: own.merging(["team": "blue"]) { $1 }, cacheControl: "max-age=60",
      tags: 1),
    CopyRow(
      rules: .init(replacesMetadata: true, dropsTags: true), metadata: own.merging(["team": "blue"]) { $1 },
      cacheControl: "max-age=60", tags: 0),
  ]) func whatARenameKeeps(_ row: CopyRow) async throws {
    for capabilities in [ServerCapabilities.full, .withoutTargetConditions, .withoutCopyConditions] {
      try await withServer { fixture, _ in
        let tree = fixture.with(
          Self.settings {
            $0.copies = row.rules
            $0.content = [("Cache-Control", "max-age=60")]
            $0.metadata = ["team": "blue"]
          }, capabilities: capabilities)
        try await fixture.plant("a", "content", headers: Self.odd)
        let source = try #require(try await tree.head("a")).object
        _ = try await tree.copy("a", version: source.stamp, to: "b", replacing: nil)
        let head = try await Self.head(tree, fixture, "b")
        #expect(head.metadata == row.metadata)
        #expect(head.cacheControl == row.cacheControl)
        #expect(head.taggingCount == row.tags)
        #expect(head.contentType == (row.rules.replacesMetadata ? ContentType.unknown : "text/x-odd"))
        if !row.rules.replacesMetadata { #expect(head.storageClass == "STANDARD_IA") }
      }
    }
  }

  /// Editors save under another name; a type that somebody chose stays.
  @Test(
    arguments: [
      (nil, "page.tmp", "page.html", "text/html"), ("text/html", "a.html", "a.css", "text/css"),
      ("text/x-odd", "a.html", "a.css", "text/x-odd"), ("text/html", "a.html", "a", "text/html"),
    ] as [(String?, String, String, String)])
  func aGuessedTypeFollowsTheName(type: String?, from: String, to: String, expected: String) async throws {
    try await withServer { fixture, _ in
      let headers = S3ObjectHeaders(
        contentType: type, metadata: ["owner": "me"],
        additional: [("Cache-Control", "no-cache"), ("x-amz-tagging", "k=v")])
      try await fixture.plant(from, "content", headers: headers)
      let (source, target) = (RelativePath(unchecked: from), RelativePath(unchecked: to))
      let stamp = try #require(try await fixture.tree.head(source)).object.stamp
      _ = try await fixture.tree.copy(source, version: stamp, to: target, replacing: nil)
      let head = try await Self.head(fixture.tree, fixture, to)
      #expect(head.contentType == expected)
      #expect(head.metadata == ["owner": "me"] && head.cacheControl == "no-cache" && head.taggingCount == 1)
    }
  }

  // MARK: Listings and archives

  @Test func pagesAreOfTheSizeAskedFor() async throws {
    try await withServer { fixture, server in
      for name in ["a", "b", "c"] { try await fixture.plant(name) }
      let tree = fixture.with(Self.settings { $0.pageSize = 2 }) { $0.requestPayer = true }
      server.requests.keepsHeads = true
      let page = try await tree.list(.root, after: nil, continuation: nil, limit: nil)
      #expect(page.entries.count == 2 && page.continuation != nil)
      #expect(try await tree.list(.root, after: nil, continuation: nil, limit: 1).entries.count == 1)
      let lists = server.requests.entries.filter { $0.operation == .listObjectsV2 }
      #expect(lists.map { $0.target?.hasSuffix("max-keys=2") } == [true, false])
      #expect(lists.allSatisfy { $0.headers?["x-amz-request-payer"] == "requester" })
    }
  }

  @Test func restoredObjectsAreFoundByALook() throws {
    let archived = ArchivedObjects()
    let stamp = RemoteStamp(etag: "e", size: 1, lastModified: Timestamp(seconds: 0))
    func note() {
      archived.note([
        S3ListPage.Object(key: "a", etag: "e", size: 1, lastModified: AWSTimestamp(seconds: 0), storageClass: "GLACIER")
      ])
    }
    func look(_ restore: String?) { archived.note("a", storageClass: "GLACIER", restore: restore) }
    note()
    #expect(archived.resting("a", now: AWSTimestamp(seconds: 10)) == nil)
    #expect(archived.skip("a", stamp, now: AWSTimestamp(seconds: 10)) == "GLACIER")
    // The next listings do not make it forget.
    note()
    #expect(archived.resting("a", now: AWSTimestamp(seconds: 3_609)) == "GLACIER")
    #expect(archived.resting("a", now: AWSTimestamp(seconds: 3_610)) == nil)
    look(nil)
    look(#"ongoing-request="true""#)
    #expect(archived.skip("a", stamp, now: AWSTimestamp(seconds: 3_610)) == "GLACIER")
    look(#"ongoing-request="false", expiry-date="Fri, 21 Dec 2026 00:00:00 GMT""#)
    #expect(archived.skip("a", stamp, now: AWSTimestamp(seconds: 7_300)) == nil)
    // Another version of the key is no archived one.
    note()
    let other = RemoteStamp(etag: "f", size: 1, lastModified: Timestamp(seconds: 0))
    #expect(archived.skip("a", other, now: AWSTimestamp(seconds: 0)) == nil)
  }

  @Test(arguments: ["GLACIER", "DEEP_ARCHIVE", "GLACIER_IR"])
  func archivedObjectsAreNotAskedFor(_ storageClass: String) async throws {
    try await withServer { fixture, server in
      let headers = S3ObjectHeaders(additional: [("x-amz-storage-class", storageClass)])
      try await fixture.plant("a", "one", headers: headers)
      let tree = fixture.tree
      let page = try await tree.list(.root, after: nil, continuation: nil, limit: nil)
      let stamp = try #require(page.entries.first).stamp
      if storageClass == "GLACIER_IR" {
        #expect(try await tree.read("a", version: stamp).bytes == Array("one".utf8))
        return
      }
      let before = server.requests.total
      let failure = await expectFailure(.notPossible) { try await tree.read("a", version: stamp) }
      #expect(failure?.message.contains("p/a") == true && failure?.message.contains(storageClass) == true)
      // The engine tries again and again.
      await expectFailure(.notPossible) { try await tree.head("a") }
      #expect(server.requests.total == before)
      #expect(tree.skippedAsArchived("a") && !tree.skippedAsArchived("b"))
      // It may have been restored.
      let forcing = fixture.with(Self.settings { $0.readsArchived = true })
      _ = try await forcing.list(.root, after: nil, continuation: nil, limit: nil)
      #expect(try await forcing.read("a", version: stamp).bytes == Array("one".utf8))
      // Another version, in no archive.
      try await fixture.plant("a", "two")
      let next = try #require(try await tree.list(.root, after: nil, continuation: nil, limit: nil).entries.first)
      #expect(try await tree.read("a", version: next.stamp).bytes == Array("two".utf8))
    }
  }
}
