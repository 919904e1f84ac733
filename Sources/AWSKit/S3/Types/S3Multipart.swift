/// A part of an upload as CompleteMultipartUpload names it.
public struct S3CompletedPart: Sendable, Equatable {
  /// 1 … 10,000.
  public var number: Int
  public var etag: String
  /// Where the part was sent with it.
  public var checksum: S3Checksum?

  public init(number: Int, etag: String, checksum: S3Checksum? = nil) {
    self.number = number
    self.etag = etag
    self.checksum = checksum
  }

  /// - Parameter crc64nvme: base64.
  public init(number: Int, etag: String, crc64nvme: String?) {
    self.init(number: number, etag: etag, checksum: crc64nvme.map { S3Checksum(.crc64nvme, value: $0) })
  }
}

/// A part as ListParts shows it.
public struct S3ListedPart: Sendable, Equatable {
  public var number: Int
  public var etag: String
  /// Bytes.
  public var size: Int64
  public var lastModified: AWSTimestamp?
  public var checksums: S3Checksums
}

/// A page of ListParts.
public struct S3PartsPage: Sendable, Equatable {
  public var parts: [S3ListedPart]
  public var isTruncated: Bool
  public var nextPartNumberMarker: Int?
}

/// An unfinished upload as ListMultipartUploads shows it.
public struct S3Upload: Sendable, Equatable {
  public var key: String
  public var uploadID: String
  public var initiated: AWSTimestamp?
}

/// A page of ListMultipartUploads.
public struct S3UploadsPage: Sendable, Equatable {
  public var uploads: [S3Upload]
  public var isTruncated: Bool
  public var nextKeyMarker: String?
  public var nextUploadIDMarker: String?
}

/// The reply to CreateMultipartUpload.
public struct S3CreatedUpload: Sendable, Equatable {
  public var uploadID: String
  /// Whether the server agreed to a full-object CRC64NVME.
  public var checksumType: S3ChecksumType?
}
