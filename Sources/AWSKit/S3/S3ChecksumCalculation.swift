internal import Checksums
internal import Digests

/// A checksum of S3, or the MD5 of an ETag, computed as bytes arrive.
package struct S3ChecksumCalculation: Sendable {
  enum Digest: Sendable {
    case crc64nvme(CRC64NVME)
    case crc32c(CRC32C)
    case crc32(CRC32)
    case sha256(SHA256Digest)
    case sha512(SHA512Digest)
    case sha1(SHA1Digest)
    case md5(MD5Digest)
  }

  private(set) var digest: Digest

  init(_ digest: Digest) { self.digest = digest }

  package static let md5 = S3ChecksumCalculation(.md5(MD5Digest()))

  package init(_ algorithm: S3ChecksumAlgorithm) {
    digest =
      switch algorithm {
      case .crc64nvme: .crc64nvme(CRC64NVME())
      case .crc32: .crc32(CRC32())
      case .crc32c: .crc32c(CRC32C())
      case .sha1: .sha1(SHA1Digest())
      case .sha256: .sha256(SHA256Digest())
      case .sha512: .sha512(SHA512Digest())
      }
  }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    switch digest {
    case .crc64nvme(var crc):
      crc.update(bytes)
      digest = .crc64nvme(crc)
    case .crc32c(var crc):
      crc.update(bytes)
      digest = .crc32c(crc)
    case .crc32(var crc):
      crc.update(bytes)
      digest = .crc32(crc)
    case .sha256(var sha):
      sha.update(bytes)
      digest = .sha256(sha)
    case .sha512(var sha):
      sha.update(bytes)
      digest = .sha512(sha)
    case .sha1(var sha):
      sha.update(bytes)
      digest = .sha1(sha)
    case .md5(var md5):
      md5.update(bytes)
      digest = .md5(md5)
    }
  }

  /// The most significant first.
  package var bytes: [UInt8] { Base64.decode(base64) ?? [] }

  /// As S3 writes it.
  package var base64: String {
    switch digest {
    case .crc64nvme(let crc): crc.value.awsBase64
    case .crc32c(let crc): crc.value.awsBase64
    case .crc32(let crc): crc.value.awsBase64
    case .sha256(let sha): Base64.encode(sha.finalize())
    case .sha512(let sha): Base64.encode(sha.finalize())
    case .sha1(let sha): Base64.encode(sha.finalize())
    case .md5(let md5): Base64.encode(md5.finalize())
    }
  }
}
