/// One line of the journal. What every kind needs is in its initialiser's parameters; the rest is nil.
struct JournalRecord: Codable {
  var kind: Kind
  var bucket: String
  /// The key's bytes; JSON escapes whatever is odd in them.
  var key: String?
  var region: String?
  /// Milliseconds since 1970.
  var time: Int64?
  var versioning: Bucket.Versioning?
  var versionID: String?
  var object: ObjectRecord?
  var upload: UploadRecord?
  var part: PartRecord?
  var tags: [Tag]?

  enum Kind: String, Codable {
    case createBucket, deleteBucket, setVersioning
    case put, deleteMarker, remove, setTags
    case createUpload, putPart, voidUpload, endUpload
  }

  /// A slice of a numbered body file: number, offset, length.
  typealias SegmentRecord = [UInt64]

  struct ObjectRecord: Codable {
    var segments: [SegmentRecord]
    var etag: String
    var headers: ObjectHeaders
    var checksum: ObjectChecksum?
    var parts: [PartSummary]
    var tags: [Tag]
  }

  struct UploadRecord: Codable {
    var id: String
    var headers: ObjectHeaders
    var tags: [Tag]
    var algorithm: ChecksumAlgorithm?
    var checksumType: ChecksumType
  }

  struct PartRecord: Codable {
    var number: Int
    var segments: [SegmentRecord]
    var etag: String
    var checksum: String?
    var crc64: UInt64
  }

  init(_ kind: Kind, bucket: String, key: ObjectKey? = nil) {
    self.kind = kind
    self.bucket = bucket
    self.key = key?.string
  }
}

extension JournalRecord {
  init(creating bucket: Bucket) {
    self.init(.createBucket, bucket: bucket.name)
    self.region = bucket.region
    self.time = bucket.created
  }

  init(versioningOf bucket: Bucket) {
    self.init(.setVersioning, bucket: bucket.name)
    self.versioning = bucket.versioning
  }

  init(putting version: ObjectVersion, for key: ObjectKey, in bucket: String) {
    self.init(version.object == nil ? .deleteMarker : .put, bucket: bucket, key: key)
    self.time = version.lastModified
    self.versionID = version.versionID
    self.object = version.object.map { object in
      ObjectRecord(
        segments: object.content.segmentRecords, etag: object.etag, headers: object.headers,
        checksum: object.checksum, parts: object.parts, tags: object.tags)
    }
  }

  init(removing versionID: String, of key: ObjectKey, in bucket: String) {
    self.init(.remove, bucket: bucket, key: key)
    self.versionID = versionID
  }

  init(tagging versionID: String, of key: ObjectKey, in bucket: String, tags: [Tag]) {
    self.init(.setTags, bucket: bucket, key: key)
    self.versionID = versionID
    self.tags = tags
  }

  init(creating upload: MultipartUpload, in bucket: String) {
    self.init(.createUpload, bucket: bucket, key: upload.key)
    self.time = upload.initiated
    self.upload = UploadRecord(
      id: upload.id, headers: upload.headers, tags: upload.tags, algorithm: upload.algorithm,
      checksumType: upload.checksumType)
  }

  init(putting part: UploadedPart, of uploadID: String, in bucket: String) {
    self.init(.putPart, bucket: bucket)
    self.versionID = uploadID
    self.time = part.lastModified
    self.part = PartRecord(
      number: part.number, segments: part.content.segmentRecords, etag: part.etag, checksum: part.checksum,
      crc64: part.crc64)
  }

  /// `endUpload` or `voidUpload`; the upload's id stands in the place of a version's.
  init(_ kind: Kind, bucket: String, uploadID: String) {
    self.init(kind, bucket: bucket)
    self.versionID = uploadID
  }
}

extension Content {
  /// Only contents in files are journaled.
  fileprivate var segmentRecords: [JournalRecord.SegmentRecord] {
    self.segments.compactMap { segment in
      if case .file(let file, let offset, let length) = segment {
        [file.number, UInt64(offset), UInt64(length)]
      } else {
        nil
      }
    }
  }
}
