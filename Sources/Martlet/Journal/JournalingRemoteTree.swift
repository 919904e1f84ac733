import SyncEngine
import SyncModel

/// The prefix, with every commit noted before it is sent, for the journal.
struct JournalingRemoteTree: RemoteTreeDecorator {
  let tree: any RemoteTreePort
  let journal: JournalKeeper

  func put(
    _ path: RelativePath, _ content: SmallContent, metadata: EntryMetadata, replacing expected: RemoteStamp?
  ) async throws -> RemoteStamp {
    try await journal.noting(path, .written) {
      try await tree.put(path, content, metadata: metadata, replacing: expected)
    }
  }

  func completeUpload(
    _ upload: MultipartUpload, parts: [PartReceipt], replacing expected: RemoteStamp?
  ) async throws -> CompletedUpload {
    try await journal.noting(RelativePath(unchecked: upload.path), .written) {
      try await tree.completeUpload(upload, parts: parts, replacing: expected)
    }
  }

  func replaceMetadata(_ path: RelativePath, of expected: RemoteStamp, with metadata: EntryMetadata) async throws
    -> RemoteStamp
  {
    try await journal.noting(path, .written) { try await tree.replaceMetadata(path, of: expected, with: metadata) }
  }

  func copy(
    _ path: RelativePath, version source: RemoteStamp, to target: RelativePath, replacing expected: RemoteStamp?
  ) async throws -> RemoteStamp {
    try await journal.noting(target, .written) {
      try await tree.copy(path, version: source, to: target, replacing: expected)
    }
  }

  func delete(_ path: RelativePath, expecting expected: RemoteStamp) async throws {
    try await journal.noting(path, .removed) { try await tree.delete(path, expecting: expected) }
  }
}
