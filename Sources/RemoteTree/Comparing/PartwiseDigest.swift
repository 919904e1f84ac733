internal import AWSKit
internal import Checksums

/// The digests of parts of one size, and the digest of these: what S3 gives to an upload in parts.
struct PartwiseDigest {
  private let partSize: Int64
  private let fresh: S3ChecksumCalculation
  private var part: S3ChecksumCalculation
  private var filled: Int64 = 0
  private var digests: [UInt8] = []

  /// - Parameter digest: of no bytes yet.
  init(partSize: Int64, _ digest: S3ChecksumCalculation) {
    self.partSize = partSize
    fresh = digest
    part = digest
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = rest.prefix(Int(min(partSize - filled, Int64(rest.count))))
      part.update(UnsafeRawBufferPointer(rebasing: piece))
      filled += Int64(piece.count)
      rest = rest.dropFirst(piece.count)
      if filled == partSize { endPart() }
    }
  }

  /// The outer digest. Call it once, after all bytes.
  mutating func finish() -> S3ChecksumCalculation {
    if filled > 0 { endPart() }
    var outer = fresh
    digests.withUnsafeBytes { outer.update($0) }
    return outer
  }

  private mutating func endPart() {
    digests += part.bytes
    part = fresh
    filled = 0
  }
}
