import SyncEngine
import SyncModel

/// The prefix, changed only by a node that holds the lease.
///
/// What prepares a change, such as the parts of an upload, goes on without it: commits wait.
struct LeasedRemoteTree: RemoteTreeDecorator {
  let tree: any RemoteTreePort
  let lease: LeaseKeeper

  func put(
    _ path: RelativePath, _ content: SmallContent, metadata: EntryMetadata, replacing expected: RemoteStamp?
  ) async throws -> RemoteStamp {
    try await lease.holding { try await tree.put(path, content, metadata: metadata, replacing: expected) }
  }

  func completeUpload(
    _ upload: MultipartUpload, parts: [PartReceipt], replacing expected: RemoteStamp?
  ) async throws -> CompletedUpload {
    try await lease.holding(isCostly: true) { try await tree.completeUpload(upload, parts: parts, replacing: expected) }
  }

  func replaceMetadata(_ path: RelativePath, of expected: RemoteStamp, with metadata: EntryMetadata) async throws
    -> RemoteStamp
  {
    try await lease.holding { try await tree.replaceMetadata(path, of: expected, with: metadata) }
  }

  func copy(
    _ path: RelativePath, version source: RemoteStamp, to target: RelativePath, replacing expected: RemoteStamp?
  ) async throws -> RemoteStamp {
    try await lease.holding(isCostly: true) {
      try await tree.copy(path, version: source, to: target, replacing: expected)
    }
  }

  func delete(_ path: RelativePath, expecting expected: RemoteStamp) async throws {
    try await lease.holding { try await tree.delete(path, expecting: expected) }
  }
}
