package import SyncModel

/// The prefix as the engine sees it. Every write is conditional on the version the plan saw (I2); where
/// the server lacks the condition the adapter substitutes what docs/architecture.md names.
///
/// Every function throws `RemoteFailure`.
package protocol RemoteTreePort: Sendable {
  /// Lists the keys below `directory` (`.root` for all) after `start`, in order.
  func list(_ directory: RelativePath, after start: RelativePath?, continuation: String?, limit: Int?) async throws
    -> RemotePage

  /// HEAD. Nil only if the absence is proven: a 404 that might mean the bucket is gone throws.
  func head(_ path: RelativePath) async throws -> RemoteHead?

  /// A fresh look that proves that no key equals `path`, or, for a directory, that none lies below it
  /// (the marker included). Requested after the plan (I7).
  func proveAbsent(_ path: RelativePath) async throws -> Bool

  /// Reads exactly the version `stamp` into memory.
  func read(_ path: RelativePath, version stamp: RemoteStamp) async throws -> RemoteContent

  /// Reads exactly the version `stamp` in parallel ranges.
  func download(
    _ path: RelativePath, version stamp: RemoteStamp, into sink: any ContentSink,
    progress: @escaping @Sendable (Int64) -> Void
  ) async throws -> DownloadedObject

  /// Creates (`expected` nil) or replaces exactly `expected`.
  func put(
    _ path: RelativePath, _ content: SmallContent, metadata: EntryMetadata, replacing expected: RemoteStamp?
  ) async throws -> RemoteStamp

  func beginUpload(_ path: RelativePath, metadata: EntryMetadata, size: Int64) async throws -> MultipartUpload

  /// Reads `part` of `source` and sends it, unless `known` tells that exactly this content was sent.
  func uploadPart(
    _ part: Int, of upload: MultipartUpload, from source: any ContentSource, known: PartReceipt?
  ) async throws -> PartReceipt

  /// The commit point of a large upload.
  func completeUpload(
    _ upload: MultipartUpload, parts: [PartReceipt], replacing expected: RemoteStamp?
  ) async throws -> CompletedUpload

  /// An upload that is already gone is success.
  func abortUpload(_ upload: MultipartUpload) async throws

  /// All unfinished uploads below the prefix, whosever they are.
  func unfinishedUploads() async throws -> [UnfinishedUpload]

  /// Replaces the metadata of exactly `expected` and keeps everything else that the object carries.
  /// Throws `.notPossible` where something could not be carried over.
  func replaceMetadata(_ path: RelativePath, of expected: RemoteStamp, with metadata: EntryMetadata) async throws
    -> RemoteStamp

  /// Server-side copy of exactly `source` to `target`, which must be absent or exactly `expected`.
  func copy(
    _ path: RelativePath, version source: RemoteStamp, to target: RelativePath, replacing expected: RemoteStamp?
  ) async throws -> RemoteStamp

  /// Deletes exactly `expected`.
  func delete(_ path: RelativePath, expecting expected: RemoteStamp) async throws

  /// Whether the object holds this content: by checksum, or where there is none to compare, by reading it.
  func holds(_ path: RelativePath, _ object: RemoteObject, _ fingerprint: Fingerprint) async throws -> Bool

  /// The content of an upload whose completion got no reply, if the object holds these parts.
  func content(_ path: RelativePath, _ object: RemoteObject, of parts: [PartReceipt]) async throws -> Fingerprint?

  /// Whether the object's content equals the local one: size, checksum, MD5 ETag, recomputed multipart
  /// ETag for the usual part sizes, else by download.
  func equals(_ path: RelativePath, _ object: RemoteObject, _ source: any ContentSource) async throws -> Bool
}

package struct RemotePage: Sendable {
  package var entries: [RemoteListing]
  /// Keys that are no paths of the tree; for the report.
  package var problems: [PathReport]
  /// Nil on the last page.
  package var continuation: String?
  /// The server's keys did not ascend strictly: no absence in this pass is a hint.
  package var isOrdered: Bool

  package init(
    entries: [RemoteListing], problems: [PathReport] = [], continuation: String? = nil, isOrdered: Bool = true
  ) {
    self.entries = entries
    self.problems = problems
    self.continuation = continuation
    self.isOrdered = isOrdered
  }
}

/// One key of a listing; a path that ends in `/` is a marker.
package struct RemoteListing: Hashable, Sendable {
  package var path: RelativePath
  package var stamp: RemoteStamp

  package init(path: RelativePath, stamp: RemoteStamp) {
    self.path = path
    self.stamp = stamp
  }
}

package struct RemoteHead: Hashable, Sendable {
  package var object: RemoteObject
  /// The server's clock in the reply.
  package var serverTime: Timestamp

  package init(object: RemoteObject, serverTime: Timestamp) {
    self.object = object
    self.serverTime = serverTime
  }
}

package struct RemoteContent: Sendable {
  package var object: RemoteObject
  package var bytes: [UInt8]
  package var fingerprint: Fingerprint

  package init(object: RemoteObject, bytes: [UInt8], fingerprint: Fingerprint) {
    self.object = object
    self.bytes = bytes
    self.fingerprint = fingerprint
  }
}

package struct DownloadedObject: Hashable, Sendable {
  package var object: RemoteObject
  package var fingerprint: Fingerprint

  package init(object: RemoteObject, fingerprint: Fingerprint) {
    self.object = object
    self.fingerprint = fingerprint
  }
}

package struct MultipartUpload: Hashable, Sendable, Codable {
  package var path: String
  package var uploadID: String
  /// Bytes of the whole content.
  package var size: Int64
  /// Bytes of every part but the last.
  package var partSize: Int64

  package init(path: String, uploadID: String, size: Int64, partSize: Int64) {
    self.path = path
    self.uploadID = uploadID
    self.size = size
    self.partSize = partSize
  }

  /// Parts are numbered from 1.
  package var partCount: Int { Int((size + partSize - 1) / partSize) }
}

package struct UnfinishedUpload: Hashable, Sendable {
  package var upload: MultipartUpload
  /// On the server's clock; nil where it does not say.
  package var begun: Timestamp?

  package init(_ upload: MultipartUpload, begun: Timestamp?) {
    self.upload = upload
    self.begun = begun
  }
}

package struct PartReceipt: Hashable, Sendable, Codable {
  package var number: Int
  package var etag: String
  package var crc64: UInt64
  /// Bytes.
  package var size: Int64

  package init(number: Int, etag: String, crc64: UInt64, size: Int64) {
    self.number = number
    self.etag = etag
    self.crc64 = crc64
    self.size = size
  }
}

package struct CompletedUpload: Hashable, Sendable {
  package var stamp: RemoteStamp
  package var fingerprint: Fingerprint

  package init(stamp: RemoteStamp, fingerprint: Fingerprint) {
    self.stamp = stamp
    self.fingerprint = fingerprint
  }
}
