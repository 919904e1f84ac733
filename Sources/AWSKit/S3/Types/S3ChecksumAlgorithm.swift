/// A checksum that S3 keeps with an object.
public enum S3ChecksumAlgorithm: String, Sendable, CaseIterable {
  /// Also what S3 takes when nobody says anything. Of an upload in parts it covers the whole object.
  case crc64nvme = "CRC64NVME"
  case crc32 = "CRC32"
  case crc32c = "CRC32C"
  case sha1 = "SHA1"
  case sha256 = "SHA256"
  case sha512 = "SHA512"

  /// `x-amz-checksum-crc32` and so on.
  var header: String { "x-amz-checksum-\(rawValue.lowercased())" }

  /// The XML element, `ChecksumCRC32` and so on.
  var element: String { "Checksum\(rawValue)" }
}

/// A checksum and its value.
public struct S3Checksum: Hashable, Sendable {
  public var algorithm: S3ChecksumAlgorithm
  /// Base64, the most significant byte first.
  public var value: String

  public init(_ algorithm: S3ChecksumAlgorithm, value: String) {
    self.algorithm = algorithm
    self.value = value
  }
}

extension S3Checksums {
  public subscript(algorithm: S3ChecksumAlgorithm) -> String? {
    switch algorithm {
    case .crc64nvme: crc64nvme
    case .crc32: crc32
    case .crc32c: crc32c
    case .sha1: sha1
    case .sha256: sha256
    case .sha512: sha512
    }
  }
}
