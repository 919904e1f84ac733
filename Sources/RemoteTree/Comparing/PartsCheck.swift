internal import AWSKit
internal import SyncModel

/// Compares content with the ETag of an upload in parts, whose size is anybody's choice: with those in use.
///
/// A match proves that the content is the object's. Without one nothing is known: the parts may have had another size,
/// and with a key of KMS or of the customer an ETag is no hash.
struct PartsCheck {
  private let hash: String
  private var candidates: [MultipartETag]

  /// Nil where no size in use gives that many parts.
  init?(etag: String, size: Int64) {
    guard case .multipart(let hash, let parts) = ETagForm(etag) else { return nil }
    self.hash = hash
    candidates = ETagForm.likelyPartSizes(size: size, parts: parts).map(MultipartETag.init)
    if candidates.isEmpty { return nil }
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    for index in candidates.indices { candidates[index].update(bytes) }
  }

  /// Call it once, after all bytes.
  mutating func matches() -> Bool {
    for index in candidates.indices where candidates[index].finish() == hash { return true }
    return false
  }
}

extension RemoteTree {
  /// For an object of which nothing else tells the whole content.
  func partsCheck(_ head: S3ObjectHead, _ stamp: RemoteStamp) -> PartsCheck? {
    let isKeyed = head.customerKeyAlgorithm != nil || (head.serverSideEncryption?.hasPrefix("aws:kms") ?? false)
    guard capabilities.etagIsMD5, !isKeyed, expectedChecksum(head) == nil else { return nil }
    return PartsCheck(etag: stamp.etag, size: stamp.size)
  }
}
