import SyncEngine
import SyncModel

/// The prefix, with every key that was written told to somebody else.
///
/// The engine's events name what became of a path, not every key that it wrote: the old name of a renamed file is
/// missing. What became of a write whose reply was lost they do tell.
struct ChangeTellingRemoteTree: RemoteTreePort {
  let tree: any RemoteTreePort
  /// The stamp is that of content which was sent; nil where something else changed.
  let changed: @Sendable (RelativePath, RemoteStamp?) -> Void

  func put(
    _ path: RelativePath, _ content: SmallContent, metadata: EntryMetadata, replacing expected: RemoteStamp?
  ) async throws -> RemoteStamp {
    let stamp = try await tree.put(path, content, metadata: metadata, replacing: expected)
    changed(path, stamp)
    return stamp
  }

  func completeUpload(
    _ upload: MultipartUpload, parts: [PartReceipt], replacing expected: RemoteStamp?
  ) async throws -> CompletedUpload {
    let completed = try await tree.completeUpload(upload, parts: parts, replacing: expected)
    changed(RelativePath(unchecked: upload.path), completed.stamp)
    return completed
  }

  func replaceMetadata(_ path: RelativePath, of expected: RemoteStamp, with metadata: EntryMetadata) async throws
    -> RemoteStamp
  {
    let stamp = try await tree.replaceMetadata(path, of: expected, with: metadata)
    changed(path, nil)
    return stamp
  }

  func copy(
    _ path: RelativePath, version source: RemoteStamp, to target: RelativePath, replacing expected: RemoteStamp?
  ) async throws -> RemoteStamp {
    let stamp = try await tree.copy(path, version: source, to: target, replacing: expected)
    changed(target, nil)
    return stamp
  }

  func delete(_ path: RelativePath, expecting expected: RemoteStamp) async throws {
    try await tree.delete(path, expecting: expected)
    changed(path, nil)
  }
}

/// What changes nothing that anybody sees.
extension ChangeTellingRemoteTree {
  func list(_ directory: RelativePath, after start: RelativePath?, continuation: String?, limit: Int?) async throws
    -> RemotePage
  {
    try await tree.list(directory, after: start, continuation: continuation, limit: limit)
  }

  func head(_ path: RelativePath) async throws -> RemoteHead? { try await tree.head(path) }

  func proveAbsent(_ path: RelativePath) async throws -> Bool { try await tree.proveAbsent(path) }

  func read(_ path: RelativePath, version stamp: RemoteStamp) async throws -> RemoteContent {
    try await tree.read(path, version: stamp)
  }

  func download(
    _ path: RelativePath, version stamp: RemoteStamp, into sink: any ContentSink,
    progress: @escaping @Sendable (Int64) -> Void
  ) async throws -> DownloadedObject {
    try await tree.download(path, version: stamp, into: sink, progress: progress)
  }

  func beginUpload(_ path: RelativePath, metadata: EntryMetadata, size: Int64) async throws -> MultipartUpload {
    try await tree.beginUpload(path, metadata: metadata, size: size)
  }

  func uploadPart(
    _ part: Int, of upload: MultipartUpload, from source: any ContentSource, known: PartReceipt?
  ) async throws -> PartReceipt {
    try await tree.uploadPart(part, of: upload, from: source, known: known)
  }

  func abortUpload(_ upload: MultipartUpload) async throws { try await tree.abortUpload(upload) }

  func unfinishedUploads() async throws -> [UnfinishedUpload] { try await tree.unfinishedUploads() }

  func holds(_ path: RelativePath, _ object: RemoteObject, _ fingerprint: Fingerprint) async throws -> Bool {
    try await tree.holds(path, object, fingerprint)
  }

  func content(_ path: RelativePath, _ object: RemoteObject, of parts: [PartReceipt]) async throws -> Fingerprint? {
    try await tree.content(path, object, of: parts)
  }

  func equals(_ path: RelativePath, _ object: RemoteObject, _ source: any ContentSource) async throws -> Bool {
    try await tree.equals(path, object, source)
  }
}
