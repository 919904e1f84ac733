/// A multipart upload in progress.
struct MultipartUpload: Sendable {
  var id: String
  var key: ObjectKey
  /// Milliseconds since 1970.
  var initiated: Int64
  var headers: ObjectHeaders
  var tags: [Tag]
  /// Nil when the client named no algorithm: the object then gets the default full-object CRC64NVME.
  var algorithm: ChecksumAlgorithm?
  var checksumType: ChecksumType
  var parts: [Int: UploadedPart] = [:]
  /// Set when a completion lost a race: S3 wants the upload to be started anew.
  var isVoid = false
}

struct UploadedPart: Sendable {
  var number: Int
  var content: Content
  /// Without quotes.
  var etag: String
  var lastModified: Int64
  /// The part's checksum with the upload's algorithm, base64.
  var checksum: String?
  /// Over the part's bytes; completes to the default full-object checksum.
  var crc64: UInt64
}
