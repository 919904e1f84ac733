import Checksums
import Digests
import NIOCore

/// The additional checksums of S3.
enum ChecksumAlgorithm: String, Sendable, Codable, CaseIterable {
  case crc32 = "CRC32"
  case crc32c = "CRC32C"
  case crc64nvme = "CRC64NVME"
  case sha1 = "SHA1"
  case sha256 = "SHA256"
  case sha512 = "SHA512"

  /// `x-amz-checksum-crc32` and so on.
  var header: String { "x-amz-checksum-\(self.rawValue.lowercased())" }

  /// The XML element, `ChecksumCRC32` and so on.
  var element: String { "Checksum\(self.rawValue)" }

  /// What a multipart upload with this algorithm gets when it does not ask: full object for CRC64NVME, which has no
  /// composite form, composite for the others.
  var defaultType: ChecksumType { self == .crc64nvme ? .fullObject : .composite }

  /// Digests have no full-object form over parts.
  func allows(_ type: ChecksumType) -> Bool {
    switch self {
    case .crc64nvme: type == .fullObject
    case .sha1, .sha256, .sha512: type == .composite
    case .crc32, .crc32c: true
    }
  }

  /// The checksum of one buffer, in the bytes that base64 encodes.
  func checksum(of bytes: [UInt8]) -> [UInt8] {
    var digest = ChecksumDigest(self)
    bytes.withUnsafeBytes { digest.update($0) }
    return Base64.decode(digest.base64) ?? []
  }
}

/// One of the additional checksums, computed as bytes arrive.
enum ChecksumDigest: Sendable {
  case crc32(CRC32)
  case crc32c(CRC32C)
  case crc64nvme(CRC64NVME)
  case sha1(SHA1Digest)
  case sha256(SHA256Digest)
  case sha512(SHA512Digest)

  init(_ algorithm: ChecksumAlgorithm) {
    switch algorithm {
    case .crc32: self = .crc32(CRC32())
    case .crc32c: self = .crc32c(CRC32C())
    case .crc64nvme: self = .crc64nvme(CRC64NVME())
    case .sha1: self = .sha1(SHA1Digest())
    case .sha256: self = .sha256(SHA256Digest())
    case .sha512: self = .sha512(SHA512Digest())
    }
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    switch self {
    case .crc32(var digest):
      digest.update(bytes)
      self = .crc32(digest)
    case .crc32c(var digest):
      digest.update(bytes)
      self = .crc32c(digest)
    case .crc64nvme(var digest):
      digest.update(bytes)
      self = .crc64nvme(digest)
    case .sha1(var digest):
      digest.update(bytes)
      self = .sha1(digest)
    case .sha256(var digest):
      digest.update(bytes)
      self = .sha256(digest)
    case .sha512(var digest):
      digest.update(bytes)
      self = .sha512(digest)
    }
  }

  var base64: String {
    switch self {
    case .crc32(let digest): digest.value.awsBase64
    case .crc32c(let digest): digest.value.awsBase64
    case .crc64nvme(let digest): digest.value.awsBase64
    case .sha1(let digest): Base64.encode(digest.finalize())
    case .sha256(let digest): Base64.encode(digest.finalize())
    case .sha512(let digest): Base64.encode(digest.finalize())
    }
  }
}
