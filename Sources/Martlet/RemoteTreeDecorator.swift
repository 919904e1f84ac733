import SyncEngine
import SyncModel

/// Adds something to the changes of a prefix; what changes nothing that anybody sees goes straight on.
protocol RemoteTreeDecorator: RemoteTreePort {
  var tree: any RemoteTreePort { get }
}

extension RemoteTreeDecorator {
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
