import SyncEngine
import SyncModel

/// The prefix, with every key that was written told to somebody else.
///
/// The engine's events name what became of a path, not every key that it wrote: the old name of a renamed file is
/// missing. What became of a write whose reply was lost they do tell.
struct ChangeTellingRemoteTree: RemoteTreeDecorator {
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
