internal import NIOHTTP1

/// Which checksum uploads carry, and whether downloads ask for the object's.
public enum S3ChecksumMode: Sendable {
  /// CRC64NVME; downloads ask.
  case whenSupported
  /// Content-MD5 of what is sent from memory, for servers that refuse flexible checksums.
  case contentMD5
  /// DeleteObjects carries Content-MD5 all the same, since S3 requires one of them.
  case none
}

/// Whether a checksum covers the whole object or is one over the checksums of its parts.
public enum S3ChecksumType: String, Sendable {
  case fullObject = "FULL_OBJECT"
  case composite = "COMPOSITE"
}

/// The checksums of an object as S3 gives them: base64, the most significant byte first; composite ones end in `-N`.
public struct S3Checksums: Hashable, Sendable {
  public var crc64nvme: String?
  public var crc32: String?
  public var crc32c: String?
  public var sha1: String?
  public var sha256: String?
  public var sha512: String?
  public var type: S3ChecksumType?

  public init(
    crc64nvme: String? = nil, crc32: String? = nil, crc32c: String? = nil, sha1: String? = nil, sha256: String? = nil,
    sha512: String? = nil, type: S3ChecksumType? = nil
  ) {
    self.crc64nvme = crc64nvme
    self.crc32 = crc32
    self.crc32c = crc32c
    self.sha1 = sha1
    self.sha256 = sha256
    self.sha512 = sha512
    self.type = type
  }

  init(_ headers: HTTPHeaders) {
    self.init(
      crc64nvme: headers.first(name: "x-amz-checksum-crc64nvme"), crc32: headers.first(name: "x-amz-checksum-crc32"),
      crc32c: headers.first(name: "x-amz-checksum-crc32c"), sha1: headers.first(name: "x-amz-checksum-sha1"),
      sha256: headers.first(name: "x-amz-checksum-sha256"), sha512: headers.first(name: "x-amz-checksum-sha512"),
      type: headers.first(name: "x-amz-checksum-type").flatMap(S3ChecksumType.init(rawValue:)))
  }
}
