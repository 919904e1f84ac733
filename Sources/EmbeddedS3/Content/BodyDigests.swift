import Checksums
import Digests
import NIOCore

/// Everything that is computed of a body while it arrives.
struct BodyDigests {
  private(set) var size = 0
  private var md5 = MD5Digest()
  private var crc64 = CRC64NVME()
  private var sha256: SHA256Digest?
  private var extra: [ChecksumAlgorithm: ChecksumDigest] = [:]

  /// - Parameter hashesPayload: whether the request signs the SHA-256 of its body.
  init(hashesPayload: Bool, algorithms: some Sequence<ChecksumAlgorithm>) {
    if hashesPayload || algorithms.contains(.sha256) { self.sha256 = SHA256Digest() }
    for algorithm in algorithms where algorithm != .crc64nvme && algorithm != .sha256 {
      self.extra[algorithm] = ChecksumDigest(algorithm)
    }
  }

  mutating func update(_ buffer: ByteBuffer) {
    self.size += buffer.readableBytes
    buffer.withUnsafeReadableBytes { bytes in
      self.md5.update(bytes)
      self.crc64.update(bytes)
      self.sha256?.update(bytes)
      for algorithm in self.extra.keys { self.extra[algorithm]?.update(bytes) }
    }
  }

  func finish() -> BodyChecksums {
    var checksums: [ChecksumAlgorithm: String] = self.extra.mapValues(\.base64)
    let sha256 = self.sha256?.finalize()
    checksums[.sha256] = sha256.map { Base64.encode($0) }
    checksums[.crc64nvme] = self.crc64.value.awsBase64
    return BodyChecksums(
      size: self.size, md5: self.md5.finalize(), crc64: self.crc64.value, sha256: sha256.map { Hex.encode($0) },
      base64: checksums)
  }
}

/// The checksums of a whole body.
struct BodyChecksums: Sendable {
  var size: Int
  var md5: [UInt8]
  var crc64: UInt64
  /// Hexadecimal; nil when nothing asked for it.
  var sha256: String?
  /// Base64 by algorithm: CRC64NVME and what was asked for.
  var base64: [ChecksumAlgorithm: String]

  var etag: String { Hex.encode(self.md5) }
}
