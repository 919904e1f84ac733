internal import Checksums
internal import Digests
public import NIOCore

/// Compares content with the checksum that S3 gives for the whole object.
///
/// Feed it all chunks in order, then call ``finish()``. Content that comes in ranges is verified by the caller, who
/// combines the CRC64NVME of the ranges and compares with ``Expected``.
public struct S3ContentVerifier: Sendable {
  /// What the content of an object must give.
  public enum Expected: Sendable, Equatable {
    case crc64nvme(UInt64)
    case crc32c(UInt32)
    case crc32(UInt32)
    case sha256([UInt8])
    case sha512([UInt8])
    case sha1([UInt8])
    case md5([UInt8])

    /// The best of what the head tells; nil when nothing covers the whole content.
    ///
    /// Composite checksums (`-N`) say nothing about the content as such. An ETag is the MD5 of the content only for
    /// what was written in one part without KMS or a customer's key.
    public init?(_ head: S3ObjectHead) {
      let checksums = head.checksums
      if checksums.type != .composite {
        // A composite value does not decode: it ends in -N.
        if let value = checksums.crc64nvme.flatMap({ UInt64(awsBase64: $0) }) {
          self = .crc64nvme(value)
          return
        }
        if let value = checksums.crc32c.flatMap({ UInt32(awsBase64: $0) }) {
          self = .crc32c(value)
          return
        }
        if let value = checksums.crc32.flatMap({ UInt32(awsBase64: $0) }) {
          self = .crc32(value)
          return
        }
        if let value = checksums.sha256.flatMap(Base64.decode), value.count == 32 {
          self = .sha256(value)
          return
        }
        if let value = checksums.sha1.flatMap(Base64.decode), value.count == 20 {
          self = .sha1(value)
          return
        }
        if let value = checksums.sha512.flatMap(Base64.decode), value.count == 64 {
          self = .sha512(value)
          return
        }
      }
      let isKeyed = head.customerKeyAlgorithm != nil || (head.serverSideEncryption?.hasPrefix("aws:kms") ?? false)
      guard !isKeyed, let etag = head.etag, etag.utf8.count == 32, let value = Hex.decode(etag) else { return nil }
      self = .md5(value)
    }
  }

  public let expected: Expected
  private var calculation: S3ChecksumCalculation

  public init(_ expected: Expected) {
    self.expected = expected
    calculation =
      switch expected {
      case .crc64nvme: S3ChecksumCalculation(.crc64nvme)
      case .crc32c: S3ChecksumCalculation(.crc32c)
      case .crc32: S3ChecksumCalculation(.crc32)
      case .sha256: S3ChecksumCalculation(.sha256)
      case .sha512: S3ChecksumCalculation(.sha512)
      case .sha1: S3ChecksumCalculation(.sha1)
      case .md5: S3ChecksumCalculation.md5
      }
  }

  /// Nil when the object has nothing to compare with, or `head` is of a range.
  public init?(_ head: S3ObjectHead) {
    guard head.range == nil, let expected = Expected(head) else { return nil }
    self.init(expected)
  }

  public mutating func update(_ chunk: ByteBuffer) {
    chunk.withUnsafeReadableBytes { update($0) }
  }

  public mutating func update(_ bytes: UnsafeRawBufferPointer) { calculation.update(bytes) }

  /// Whether all that was fed is the content of the object.
  public var matches: Bool {
    switch (expected, calculation.digest) {
    case (.crc64nvme(let value), .crc64nvme(let crc)): value == crc.value
    case (.crc32c(let value), .crc32c(let crc)): value == crc.value
    case (.crc32(let value), .crc32(let crc)): value == crc.value
    case (.sha256(let value), .sha256(let digest)): value == digest.finalize()
    case (.sha512(let value), .sha512(let digest)): value == digest.finalize()
    case (.sha1(let value), .sha1(let digest)): value == digest.finalize()
    case (.md5(let value), .md5(let digest)): value == digest.finalize()
    default: false
    }
  }

  /// - Throws: ``S3Error`` (`checksumMismatch`) unless ``matches``.
  public func finish() throws {
    guard matches else {
      throw S3Error(
        .checksumMismatch, message: "the content that was received is not what its checksum says", isRetryable: true)
    }
  }
}
