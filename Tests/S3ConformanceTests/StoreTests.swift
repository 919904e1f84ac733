import Foundation
import NIOCore
import Testing

@testable import EmbeddedS3

@Suite struct StoreTests {
  private static func object(_ text: String) -> StoredObject {
    StoredObject(
      content: Content(segments: [.memory(ByteBuffer(string: text))]), etag: "etag-of-\(text)",
      headers: ObjectHeaders(), checksum: nil)
  }

  private static func store() throws -> ObjectStore {
    let store = ObjectStore(now: { 1_000_000 })
    try store.createBucket("bucket", region: "us-east-1")
    return store
  }

  @Test func deletionMakesAPendingConditionalWriteLose() throws {
    let store = try Self.store()
    let key = ObjectKey("k")
    _ = try store.put(Self.object("1"), at: key, in: "bucket")
    let pending = store.beginWrite(key, in: "bucket")
    _ = try store.delete(key, in: "bucket")
    let error = #expect(throws: S3Error.self) {
      try store.put(
        Self.object("2"), at: key, in: "bucket", if: WriteConditions(ifNoneMatch: "*"), pending: pending)
    }
    #expect(error?.code == "ConditionalRequestConflict")
    store.endWrite(pending)
    _ = try store.put(Self.object("2"), at: key, in: "bucket", if: WriteConditions(ifNoneMatch: "*"))
  }

  @Test func conflictVoidsTheUpload() throws {
    let store = try Self.store()
    let key = ObjectKey("k")
    _ = try store.put(Self.object("1"), at: key, in: "bucket")
    let upload = MultipartUpload(
      id: "u", key: key, initiated: 0, headers: ObjectHeaders(), tags: [], algorithm: nil, checksumType: .fullObject)
    try store.createUpload(upload, in: "bucket")
    let pending = store.beginWrite(key, in: "bucket")
    _ = try store.delete(key, in: "bucket")
    for pending in [pending, nil] {
      let error = #expect(throws: S3Error.self) {
        try store.completeUpload("u", as: Self.object("2"), at: key, in: "bucket", if: .none, pending: pending)
      }
      #expect(error?.code == "ConditionalRequestConflict")
    }
    #expect(try store.uploads(in: "bucket").map(\.id) == ["u"])
    try store.abortUpload("u", of: key, in: "bucket")
    #expect(try store.uploads(in: "bucket").isEmpty)
  }

  @Test func composedAndDecomposedKeysDiffer() throws {
    let store = try Self.store()
    for name in ["\u{E9}", "e\u{301}"] { _ = try store.put(Self.object(name), at: ObjectKey(name), in: "bucket") }
    let page = try store.listObjects(ObjectStore.ListQuery(), in: "bucket")
    #expect(page.items.map(\.key.bytes) == [Array("e\u{301}".utf8), Array("\u{E9}".utf8)])
  }

  @Test(arguments: [0..<10, 3..<3, 2..<8, 0..<4, 4..<10, 9..<10]) func slicesOfSegments(_ range: Range<Int>) throws {
    let content = Content(
      segments: ["0123", "45", "", "6789"].map { .memory(ByteBuffer(string: $0)) })
    var text = ""
    try content.slice(range).forEachBuffer { text += String(buffer: $0) }
    #expect(text == "0123456789".dropFirst(range.lowerBound).prefix(range.count))
    #expect(content.slice(range).size == range.count)
  }
}

@Suite struct FolderStoreTests {
  private static func write(_ text: String, to store: ObjectStore) throws -> Content {
    var writer = try ContentWriter(folder: store.folder, expectedSize: nil)
    try writer.write(ByteBuffer(string: text))
    return writer.finish()
  }

  private static func put(_ text: String, at key: String, _ store: ObjectStore) throws {
    let object = StoredObject(
      content: try self.write(text, to: store), etag: "e", headers: ObjectHeaders(), checksum: nil)
    _ = try store.put(object, at: ObjectKey(key), in: "bucket")
  }

  private static func text(_ key: String, _ store: ObjectStore) throws -> String {
    var text = ""
    try store.find(ObjectKey(key), versionID: nil, in: "bucket").object?.content.forEachBuffer {
      text += String(buffer: $0)
    }
    return text
  }

  /// A second store on the folder of one that is still there sees what a start after kill -9 sees.
  @Test func restartAfterAnAbruptEnd() async throws {
    try await withTemporaryFolder { folder in
      let first = try ObjectStore(path: folder, now: S3Date.now)
      try first.createBucket("bucket", region: "us-east-1")
      try Self.put("old", at: "a", first)
      try Self.put("new", at: "a", first)
      try Self.put("content", at: "b/../\n", first)
      // A body whose request never came to its end, and half a line of the journal.
      let orphan = try Self.write("orphan", to: first)
      let journal = try #require(FileHandle(forWritingAtPath: "\(folder)/journal"))
      try journal.seekToEnd()
      try journal.write(contentsOf: Data(#"{"kind":"put","buck"#.utf8))

      let second = try ObjectStore(path: folder, now: S3Date.now)
      #expect(try Self.text("a", second) == "new")
      #expect(try Self.text("b/../\n", second) == "content")
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/blobs").count == 2)
      try Self.put("more", at: "c", second)
      let third = try ObjectStore(path: folder, now: S3Date.now)
      #expect(try Self.text("a", third) == "new")
      #expect(try Self.text("c", third) == "more")
      withExtendedLifetime((first, second, orphan)) {}
    }
  }

  @Test func filesGoWithTheirLastReference() async throws {
    try await withTemporaryFolder { folder in
      let store = try ObjectStore(path: folder, now: S3Date.now)
      try store.createBucket("bucket", region: "us-east-1")
      func files() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "\(folder)/blobs").count }
      try Self.put("1", at: "a", store)
      let object = try #require(store.find(ObjectKey("a"), versionID: nil, in: "bucket").object)
      _ = try store.put(object, at: ObjectKey("copy"), in: "bucket")
      try Self.put("2", at: "a", store)
      #expect(try files() == 2)
      _ = try store.delete(ObjectKey("a"), in: "bucket")
      #expect(try files() == 1)
      #expect(try Self.text("copy", store) == "1")
    }
  }

  @Test func damagedJournalIsNamed() async throws {
    try await withTemporaryFolder { folder in
      try Data("nonsense\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/journal"))
      let error = #expect(throws: EmbeddedS3Error.self) { try ObjectStore(path: folder, now: S3Date.now) }
      #expect(error?.message.contains("\(folder)/journal") == true)
    }
  }
}
