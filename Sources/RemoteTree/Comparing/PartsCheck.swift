internal import AWSKit
internal import Checksums
internal import SyncModel

/// Compares content with the ETag of an upload in parts, or with a checksum over those of its parts. Their size is
/// anybody's choice: with those in use.
///
/// A match proves that the content is the object's. Without one nothing is known: the parts may have had another size,
/// and with a key of KMS or of the customer an ETag is no hash.
struct PartsCheck {
  /// The outer digest.
  private let expected: [UInt8]
  private var candidates: [PartwiseDigest]

  /// Nil where no size in use gives that many parts.
  init?(etag: String, size: Int64, plan: PartPlan) {
    guard case .multipart(let hash, let parts) = ETagForm(etag), let digest = Hex.decode(hash) else { return nil }
    self.init(digest, size: size, parts: parts, plan, .md5)
  }

  /// Nil where the checksum is not one over those of parts.
  init?(_ checksum: S3Checksum, size: Int64, plan: PartPlan) {
    let pieces = checksum.value.split(separator: "-")
    guard pieces.count == 2, let digest = Base64.decode(String(pieces[0])), let parts = Int(pieces[1]) else {
      return nil
    }
    self.init(digest, size: size, parts: parts, plan, S3ChecksumCalculation(checksum.algorithm))
  }

  private init?(
    _ expected: [UInt8], size: Int64, parts: Int, _ plan: PartPlan, _ digest: S3ChecksumCalculation
  ) {
    self.expected = expected
    candidates = ETagForm.likelyPartSizes(size: size, parts: parts, plan: plan).map {
      PartwiseDigest(partSize: $0, digest)
    }
    if candidates.isEmpty { return nil }
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    for index in candidates.indices { candidates[index].update(bytes) }
  }

  /// Call it once, after all bytes.
  mutating func matches() -> Bool {
    for index in candidates.indices where candidates[index].finish().bytes == expected { return true }
    return false
  }
}

extension RemoteTree {
  /// For an object of which nothing else tells the whole content.
  func partsCheck(_ head: S3ObjectHead, _ stamp: RemoteStamp) -> PartsCheck? {
    let isKeyed = head.customerKeyAlgorithm != nil || (head.serverSideEncryption?.hasPrefix("aws:kms") ?? false)
    guard capabilities.etagIsMD5, !isKeyed, expectedChecksum(head) == nil else { return nil }
    return PartsCheck(etag: stamp.etag, size: stamp.size, plan: plan.parts)
  }
}
