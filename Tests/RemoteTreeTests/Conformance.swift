import AWSKit
import Checksums
import NIOCore
import SyncEngine
import SyncModel
import Testing

@testable import RemoteTree

/// What the remote port promises, on any server; each function takes a fresh bucket.
enum Conformance {
  static func smallObjects(_ fixture: Fixture) async throws {
    let tree = fixture.tree
    let path: RelativePath = "dir/ü \u{1F426}+%20.txt"
    #expect(try await tree.head(path) == nil)
    #expect(try await tree.proveAbsent(path))
    let created = try await tree.put(path, SmallContent("one"), metadata: sampleMetadata, replacing: nil)
    #expect(created.size == 3)
    let head = try #require(try await tree.head(path))
    #expect(head.object.stamp.isSameVersion(as: created))
    #expect(head.object.metadata == sampleMetadata)
    #expect(try await !tree.proveAbsent(path))
    #expect(try await !tree.proveAbsent("dir/"))
    // Creating what exists, and replacing what is no longer there, fail.
    await expectFailure(.conditionFailed) {
      try await tree.put(path, SmallContent("two"), metadata: sampleMetadata, replacing: nil)
    }
    let replaced = try await tree.put(path, SmallContent("three"), metadata: sampleMetadata, replacing: created)
    await expectFailure(.conditionFailed) {
      try await tree.put(path, SmallContent("four"), metadata: sampleMetadata, replacing: created)
    }
    let content = try await tree.read(path, version: replaced)
    #expect(content.bytes == Array("three".utf8))
    #expect(content.fingerprint == Fingerprint(Array("three".utf8)))
    await expectFailure(.conditionFailed) { try await tree.read(path, version: created) }
    await expectFailure(.conditionFailed) {
      try await tree.delete(path, expecting: created)
    }
    try await tree.delete(path, expecting: replaced)
    #expect(try await tree.head(path) == nil)
    #expect(try await tree.proveAbsent("dir/"))
    await expectFailure(.conditionFailed) {
      try await tree.put(path, SmallContent("five"), metadata: sampleMetadata, replacing: replaced)
    }
  }

  static func linksAndMarkers(_ fixture: Fixture) async throws {
    let tree = fixture.tree
    let link = EntryMetadata(kind: .symlink, mode: 0o777, modified: Timestamp(seconds: 7))
    let linkStamp = try await tree.put("link", SmallContent("../target"), metadata: link, replacing: nil)
    #expect(try await tree.head("link")?.object.metadata == link)
    #expect(try await tree.read("link", version: linkStamp).bytes == Array("../target".utf8))
    let directory = EntryMetadata(kind: .directory, mode: 0o755, modified: Timestamp(seconds: 8))
    guard tree.capabilities.markers else {
      await expectFailure(.notPossible) {
        try await tree.put("empty/", SmallContent(""), metadata: directory, replacing: nil)
      }
      return
    }
    let marker = try await tree.put("empty/", SmallContent(""), metadata: directory, replacing: nil)
    #expect(try await tree.head("empty/")?.object.metadata == directory)
    #expect(try await tree.read("empty/", version: marker).bytes.isEmpty)
    #expect(try await !tree.proveAbsent("empty/"))
    let page = try await tree.list(.root, after: nil, continuation: nil, limit: nil)
    #expect(page.entries.map(\.path) == ["empty/", "link"])
    try await tree.delete("empty/", expecting: marker)
    #expect(try await tree.proveAbsent("empty/"))
  }

  static func listing(_ fixture: Fixture) async throws {
    let tree = fixture.tree
    let names = (1...25).map { "f\($0)" } + ["a/x", "a.txt", "a-", "ü/ö", "blank ", "plus+%2B"]
    for name in names { try await fixture.plant(name, name) }
    try await fixture.plant(".martlet/journal/1", "x")
    try await fixture.plant("a/.s3-sync2.lock", "x")
    if tree.capabilities.markers {
      try await fixture.plant("", "the prefix's own marker")
      try await fixture.plant("full/", "content")
    }
    var found: [RelativePath] = []
    var problems: [PathReport] = []
    var continuation: String?
    var pages = 0
    repeat {
      let page = try await tree.list(.root, after: nil, continuation: continuation, limit: 7)
      found += page.entries.map(\.path)
      problems += page.problems
      #expect(page.isOrdered)
      continuation = page.continuation
      pages += 1
    } while continuation != nil
    #expect(found == names.map(RelativePath.init(unchecked:)).sorted())
    #expect(problems.map(\.name) == (tree.capabilities.markers ? ["full/"] : []))
    #expect(pages >= 5)
    let below = try await tree.list("a/", after: nil, continuation: nil, limit: nil)
    #expect(below.entries.map(\.path) == ["a/x"])
    #expect(below.entries.map(\.stamp.size) == [3])
    let after = try await tree.list(.root, after: "f8", continuation: nil, limit: nil)
    #expect(after.entries.map(\.path) == ["f9", "plus+%2B", "ü/ö"])
  }

  static func largeObjects(_ fixture: Fixture) async throws {
    let tree = fixture.tree
    let source = PatternSource(count: 18 << 20 | 5)
    let upload = try await tree.beginUpload("large", metadata: sampleMetadata, size: source.size)
    #expect(upload.partCount == 3)
    let unfinished = try await tree.unfinishedUploads()
    #expect(unfinished.map(\.upload.uploadID) == [upload.uploadID])
    var receipts: [PartReceipt] = []
    for part in 1...3 {
      receipts.append(try await tree.uploadPart(part, of: upload, from: source, known: nil))
    }
    // What was sent is not sent again.
    #expect(try await tree.uploadPart(2, of: upload, from: source, known: receipts[1]) == receipts[1])
    let other = PatternSource(count: source.bytes.count, seed: 2)
    let completed = try await tree.completeUpload(upload, parts: receipts.reversed(), replacing: nil)
    #expect(completed.fingerprint == Fingerprint(source.bytes))
    #expect(completed.stamp.size == source.size)
    #expect(try await tree.unfinishedUploads().isEmpty)
    let head = try #require(try await tree.head("large"))
    #expect(head.object.stamp.isSameVersion(as: completed.stamp))
    #expect(head.object.metadata == sampleMetadata)
    #expect(try await tree.holds("large", head.object, completed.fingerprint))
    #expect(try await !tree.holds("large", head.object, Fingerprint(size: source.size, crc64: 1)))
    #expect(try await tree.content("large", head.object, of: receipts) == completed.fingerprint)
    #expect(try await tree.content("large", head.object, of: [receipts[0]]) == nil)
    #expect(try await tree.equals("large", head.object, source))
    #expect(try await !tree.equals("large", head.object, other))

    let sink = MemorySink(size: source.size)
    let downloaded = try await tree.download("large", version: completed.stamp, into: sink) { _ in }
    #expect(sink.bytes == source.bytes)
    #expect(downloaded.fingerprint == completed.fingerprint)
    #expect(downloaded.object == head.object)

    let gone = try await tree.beginUpload("large", metadata: sampleMetadata, size: source.size)
    try await tree.abortUpload(gone)
    try await tree.abortUpload(gone)
    #expect(try await tree.unfinishedUploads().isEmpty)
    // The condition of a completion: exists already; another version.
    let wrong = RemoteStamp(etag: String(repeating: "0", count: 32), size: 1, lastModified: Timestamp(seconds: 0))
    for expected in [nil, wrong] as [RemoteStamp?] {
      let second = try await tree.beginUpload("large", metadata: sampleMetadata, size: 3)
      let part = try await tree.uploadPart(1, of: second, from: SmallContent("new"), known: nil)
      await expectFailure(.conditionFailed) {
        try await tree.completeUpload(second, parts: [part], replacing: expected)
      }
      try await tree.abortUpload(second)
    }
    let third = try await tree.beginUpload("large", metadata: sampleMetadata, size: 3)
    let part = try await tree.uploadPart(1, of: third, from: SmallContent("new"), known: nil)
    let replaced = try await tree.completeUpload(third, parts: [part], replacing: completed.stamp)
    #expect(try await tree.read("large", version: replaced.stamp).bytes == Array("new".utf8))
    await expectFailure(.conditionFailed) {
      try await tree.download("large", version: completed.stamp, into: NullSink()) { _ in }
    }
  }

  static func changedParts(_ fixture: Fixture) async throws {
    let tree = fixture.tree
    let before = PatternSource(count: 9 << 20)
    let after = PatternSource(count: 9 << 20, seed: 2)
    let upload = try await tree.beginUpload("large", metadata: sampleMetadata, size: before.size)
    var receipts: [PartReceipt] = []
    for part in 1...2 { receipts.append(try await tree.uploadPart(part, of: upload, from: before, known: nil)) }
    for part in 1...2 {
      let sent = try await tree.uploadPart(part, of: upload, from: after, known: receipts[part - 1])
      #expect(sent.crc64 != receipts[part - 1].crc64)
      receipts[part - 1] = sent
    }
    let completed = try await tree.completeUpload(upload, parts: receipts, replacing: nil)
    #expect(completed.fingerprint == Fingerprint(after.bytes))
    #expect(try await tree.read("large", version: completed.stamp).bytes == after.bytes)
  }

  static func copies(_ fixture: Fixture) async throws {
    let tree = fixture.tree
    let headers = S3ObjectHeaders(
      contentType: "text/x-odd", metadata: ["owner": "me", "mtime": "1.5", "mode": "33188"],
      additional: [("Cache-Control", "max-age=5"), ("Content-Language", "de")])
    try await fixture.plant("a", "content", headers: headers)
    let source = try #require(try await tree.head("a")).object
    let copy = try await tree.copy("a", version: source.stamp, to: "b/ü", replacing: nil)
    let copied = try #require(try await tree.head("b/ü")).object
    #expect(copied.stamp.isSameVersion(as: copy))
    #expect(copied.metadata == source.metadata)
    #expect(try await fixture.text("b/ü") == "content")
    await expectFailure(.conditionFailed) {
      try await tree.copy("a", version: source.stamp, to: "b/ü", replacing: nil)
    }
    var other = source.stamp
    other.etag = String(repeating: "0", count: 32)
    await expectFailure(.conditionFailed) {
      try await tree.copy("a", version: other, to: "c", replacing: nil)
    }
    #expect(try await tree.head("c") == nil)

    let changed = try await tree.replaceMetadata("a", of: source.stamp, with: sampleMetadata)
    let head = try #require(try await tree.headIfPresent(fixture.prefix + "a"))
    #expect(try tree.object(head, key: "a").stamp.isSameVersion(as: changed))
    #expect(try tree.object(head, key: "a").metadata == sampleMetadata)
    #expect(head.metadata["owner"] == "me")
    #expect(head.contentType == "text/x-odd")
    #expect(head.cacheControl == "max-age=5")
    #expect(head.contentLanguage == "de")
    #expect(try await fixture.text("a") == "content")
    await expectFailure(.conditionFailed) {
      try await tree.replaceMetadata("a", of: other, with: sampleMetadata)
    }
  }

  /// Too large to be read and written again: copied inside the bucket, tags and all.
  static func largeCopies(_ fixture: Fixture) async throws {
    let tree = fixture.tree
    let content = PatternSource(count: 9 << 20)
    let headers = S3ObjectHeaders(
      contentType: "text/x-odd", metadata: ["owner": "me", "mtime": "1.5", "mode": "33188"],
      additional: [("Cache-Control", "max-age=5"), ("x-amz-tagging", "team=a%20b&k%2B=v")])
    _ = try await fixture.client.putObject(
      bucket: fixture.bucket, key: fixture.prefix + "a", body: .bytes(ByteBuffer(bytes: content.bytes)),
      headers: headers)
    let source = try #require(try await tree.head("a")).object
    let copy = try await tree.copy("a", version: source.stamp, to: "b", replacing: nil)
    let changed = try await tree.replaceMetadata("a", of: source.stamp, with: sampleMetadata)
    for (path, stamp, metadata) in [("b", copy, source.metadata), ("a", changed, sampleMetadata)] {
      let head = try #require(try await tree.headIfPresent(fixture.prefix + path))
      let object = try tree.object(head, key: path)
      #expect(object.stamp.isSameVersion(as: stamp))
      #expect(object.metadata == metadata)
      #expect(head.metadata["owner"] == "me")
      #expect(head.contentType == "text/x-odd")
      #expect(head.cacheControl == "max-age=5")
      #expect(try await tree.holds(RelativePath(unchecked: path), object, Fingerprint(content.bytes)))
      let tags = try await fixture.client.getObjectTagging(bucket: fixture.bucket, key: fixture.prefix + path)
      #expect(Set(tags) == [S3Tag(key: "team", value: "a b"), S3Tag(key: "k+", value: "v")])
    }
    await expectFailure(.conditionFailed) {
      try await tree.copy("a", version: changed, to: "b", replacing: nil)
    }
    #expect(try await tree.unfinishedUploads().isEmpty)
  }

  static func adoption(_ fixture: Fixture) async throws {
    let tree = fixture.tree
    let source = PatternSource(count: 11 << 20)
    // As clients without CRC64NVME leave objects: one part, and parts of 5 MiB.
    var client = fixture.client
    client.configuration.checksums = .none
    _ = try await client.putObject(
      bucket: fixture.bucket, key: fixture.prefix + "one", body: .bytes(ByteBuffer(bytes: source.bytes)))
    try await fixture.plant("parts", source, inPartsOf: 5 << 20)
    let other = PatternSource(count: 11 << 20, seed: 9)
    for path in ["one", "parts"] as [RelativePath] {
      let object = try #require(try await tree.head(path)).object
      #expect(try await tree.equals(path, object, source))
      #expect(try await !tree.equals(path, object, other))
      #expect(try await tree.holds(path, object, Fingerprint(source.bytes)))
      #expect(try await !tree.holds(path, object, Fingerprint(other.bytes)))
      // In ranges, verified by what the object has: the MD5 in order, or nothing.
      let sink = MemorySink(size: source.size)
      let downloaded = try await tree.download(path, version: object.stamp, into: sink) { _ in }
      #expect(downloaded.fingerprint == Fingerprint(source.bytes))
      #expect(sink.bytes == source.bytes)
    }
  }
}

/// Expects a failure of the port with this code.
@discardableResult
func expectFailure<T>(
  _ code: RemoteFailure.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> T
) async -> RemoteFailure? {
  do {
    _ = try await body()
    Issue.record("no failure, expected \(code)", sourceLocation: sourceLocation)
  } catch let failure as RemoteFailure {
    #expect(failure.code == code, "\(failure.message)", sourceLocation: sourceLocation)
    return failure
  } catch {
    Issue.record(error, sourceLocation: sourceLocation)
  }
  return nil
}

extension Conformance {
  /// Without conditions: what is displaced is kept aside until the retention of the trash ends.
  static func asides(_ fixture: Fixture) async throws {
    let tree = fixture.tree
    let path: RelativePath = "dir/file"
    let first = try await tree.put(path, SmallContent("first"), metadata: sampleMetadata, replacing: nil)
    let second = try await tree.put(path, SmallContent("second"), metadata: sampleMetadata, replacing: first)
    try await tree.delete(path, expecting: second)
    let kept = try await fixture.keys().filter { $0.hasPrefix(".martlet/aside/n1/") }
    #expect(kept.count == 2)
    #expect(kept.allSatisfy { $0.hasSuffix("/dir/file") })
    var texts: Set<String> = []
    for key in kept { texts.insert(try await fixture.text(key)) }
    #expect(texts == ["first", "second"])
    #expect(try await tree.list(.root, after: nil, continuation: nil, limit: nil).entries.isEmpty)
    #expect(try await tree.removeExpiredAside(olderThan: .seconds(3_600)) == 0)
    #expect(try await tree.removeExpiredAside(olderThan: .seconds(-60)) == 2)
    #expect(try await fixture.keys().isEmpty)
  }

  /// A name as long as S3 takes is cut at a character.
  static func asidesOfLongNames(_ fixture: Fixture) async throws {
    let tree = fixture.tree
    let longest = RelativePath(unchecked: String(repeating: "ü/", count: 340))
    let stamp = try await tree.put(
      longest.appending("x"), SmallContent("x"), metadata: sampleMetadata, replacing: nil)
    try await tree.delete(longest.appending("x"), expecting: stamp)
    #expect(try await fixture.keys().map(\.utf8.count).max() ?? 0 > 1_000)
  }
}

extension ServerCapabilities {
  /// A server like moto 5.2: no conditions on copies, none on the completion of a replacement.
  static let withoutCopyConditions: ServerCapabilities = {
    var capabilities = ServerCapabilities.full
    capabilities.copySourceIfMatch = false
    capabilities.copyIfAbsent = false
    capabilities.copyIfMatch = false
    capabilities.completeIfMatch = false
    capabilities.deleteIfMatch = false
    return capabilities
  }()

  /// A server like LocalStack 4.6.
  static let withoutTargetConditions: ServerCapabilities = {
    var capabilities = ServerCapabilities.full
    capabilities.copyIfAbsent = false
    capabilities.copyIfMatch = false
    return capabilities
  }()

  /// A server like `rclone serve s3`.
  static let withoutConditions: ServerCapabilities = {
    var capabilities = ServerCapabilities.withoutCopyConditions
    capabilities.putIfAbsent = false
    capabilities.putIfMatch = false
    capabilities.completeIfAbsent = false
    capabilities.deleteObjectsIfMatch = false
    capabilities.getIfMatch = false
    return capabilities
  }()
}
