import SyncEngine
import SyncModel

@testable import Simulation

/// A server with peculiarities that the simulated one does not have.
///
/// `@unchecked Sendable`: used only on the thread of its simulated world.
final class PickyRemoteTree: RemoteTreePort, @unchecked Sendable {
  let inner: SimRemoteTree
  /// Its listing is not in order.
  var listsBackwards = false
  /// Refuses every conditional upload.
  var refusesConditions = false
  /// Something that the object carries cannot be carried over.
  var refusesMetadata = false
  /// Another node's turn to write lasts.
  var isOthersTurn = false
  /// Lets nobody write, nor look for what was begun.
  var isReadOnly = false
  /// Keeps no checksums of whole objects.
  var hasNoChecksums = false
  /// Happens while a part is on its way, once.
  var onPart: (() -> Void)?
  /// Happens while the reply to an upload takes five seconds, once.
  var onPut: (() -> Void)?
  /// Happens just before a deletion, once.
  var onDelete: (() -> Void)?

  /// Writes whose next request is on its way for long, by their names.
  var loses: Set<String> = []
  private var late: [() async -> Void] = []

  init(_ inner: SimRemoteTree) { self.inner = inner }

  /// What was lost arrives.
  func land() async {
    let arrived = late
    late = []
    for request in arrived { await request() }
  }

  /// What was lost never arrives.
  func forget() { late = [] }

  /// The sender of a lost request gives up. It arrives just before the next write does, if not earlier.
  private func write<T: Sendable>(_ name: String, _ send: @escaping () async throws -> T) async throws -> T {
    try forbidWriting(name)
    if isOthersTurn { throw RemoteFailure(.notOurTurn, "simulated turn of another node at \(name)") }
    if loses.remove(name) != nil {
      late.append { _ = try? await send() }
      throw RemoteFailure(.outcomeUnknown, "simulated loss")
    }
    await land()
    return try await send()
  }

  func list(
    _ directory: RelativePath, after start: RelativePath?, continuation: String?, limit: Int?
  ) async throws -> RemotePage {
    var page = try await inner.list(directory, after: start, continuation: continuation, limit: limit)
    if listsBackwards {
      page.entries.reverse()
      page.isOrdered = false
    }
    return page
  }

  func head(_ path: RelativePath) async throws -> RemoteHead? {
    var head = try await inner.head(path)
    if hasNoChecksums { head?.object.crc64 = nil }
    return head
  }

  func put(
    _ path: RelativePath, _ content: SmallContent, metadata: EntryMetadata, replacing expected: RemoteStamp?
  ) async throws -> RemoteStamp {
    if refusesConditions, expected != nil { throw RemoteFailure(.conditionFailed, "simulated refusal at \(path)") }
    let inner = inner
    let stamp = try await write("put") {
      try await inner.put(path, content, metadata: metadata, replacing: expected)
    }
    if let happen = onPut {
      onPut = nil
      happen()
      await inner.life.travel(5_000_000_000)
    }
    return stamp
  }

  func replaceMetadata(
    _ path: RelativePath, of expected: RemoteStamp, with metadata: EntryMetadata
  ) async throws -> RemoteStamp {
    if refusesMetadata { throw RemoteFailure(.notPossible, "the tags of “\(path)” cannot be carried over") }
    return try await inner.replaceMetadata(path, of: expected, with: metadata)
  }
}

extension PickyRemoteTree {
  func proveAbsent(_ path: RelativePath) async throws -> Bool { try await inner.proveAbsent(path) }
  func read(_ path: RelativePath, version stamp: RemoteStamp) async throws -> RemoteContent {
    try await inner.read(path, version: stamp)
  }
  func download(
    _ path: RelativePath, version stamp: RemoteStamp, into sink: any ContentSink,
    progress: @escaping @Sendable (Int64) -> Void
  ) async throws -> DownloadedObject {
    try await inner.download(path, version: stamp, into: sink, progress: progress)
  }
  func beginUpload(_ path: RelativePath, metadata: EntryMetadata, size: Int64) async throws -> MultipartUpload {
    let inner = inner
    return try await write("begin") { try await inner.beginUpload(path, metadata: metadata, size: size) }
  }
  func uploadPart(
    _ part: Int, of upload: MultipartUpload, from source: any ContentSource, known: PartReceipt?
  ) async throws -> PartReceipt {
    onPart?()
    onPart = nil
    return try await inner.uploadPart(part, of: upload, from: source, known: known)
  }
  func completeUpload(
    _ upload: MultipartUpload, parts: [PartReceipt], replacing expected: RemoteStamp?
  ) async throws -> CompletedUpload {
    let inner = inner
    return try await write("complete") { try await inner.completeUpload(upload, parts: parts, replacing: expected) }
  }
  func abortUpload(_ upload: MultipartUpload) async throws {
    try forbidWriting(upload.path)
    try await inner.abortUpload(upload)
  }
  func unfinishedUploads() async throws -> [UnfinishedUpload] {
    try forbidWriting("")
    return try await inner.unfinishedUploads()
  }
  private func forbidWriting(_ path: String) throws {
    if isReadOnly { throw RemoteFailure(.permission, "simulated refusal at \(path)") }
  }
  func copy(
    _ path: RelativePath, version source: RemoteStamp, to target: RelativePath, replacing expected: RemoteStamp?
  ) async throws -> RemoteStamp {
    let inner = inner
    return try await write("copy") { try await inner.copy(path, version: source, to: target, replacing: expected) }
  }
  func delete(_ path: RelativePath, expecting expected: RemoteStamp) async throws {
    onDelete?()
    onDelete = nil
    let inner = inner
    try await write("delete") { try await inner.delete(path, expecting: expected) }
  }
  func holds(_ path: RelativePath, _ object: RemoteObject, _ fingerprint: Fingerprint) async throws -> Bool {
    try await inner.holds(path, object, fingerprint)
  }
  func content(_ path: RelativePath, _ object: RemoteObject, of parts: [PartReceipt]) async throws -> Fingerprint? {
    try await inner.content(path, object, of: parts)
  }
  func equals(_ path: RelativePath, _ object: RemoteObject, _ source: any ContentSource) async throws -> Bool {
    try await inner.equals(path, object, source)
  }
}
