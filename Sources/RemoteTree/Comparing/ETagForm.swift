internal import Checksums

/// What an ETag says about the content.
enum ETagForm: Hashable {
  /// The MD5 of the content, unless it is encrypted with a key of KMS or of the customer.
  case md5(String)
  /// The MD5 of the parts' MD5s, and the number of parts.
  case multipart(String, parts: Int)
  case opaque

  init(_ etag: String) {
    let pieces = etag.split(separator: "-", omittingEmptySubsequences: false)
    guard let hash = pieces.first, hash.utf8.count == 32, Hex.decode(String(hash)) != nil else {
      self = .opaque
      return
    }
    switch pieces.count {
    case 1: self = .md5(etag.lowercased())
    case 2:
      guard let parts = Int(pieces[1]), (1...10_000).contains(parts) else {
        self = .opaque
        return
      }
      self = .multipart(hash.lowercased(), parts: parts)
    default: self = .opaque
    }
  }

  /// Part sizes in MiB that known clients use by default: AWS CLI, SDKs, rclone, s5cmd, s3cmd, s3fs, mc,
  /// Cyberduck, Hadoop.
  private static let usualMebibytes: [Int64] = [5, 6, 7, 8, 10, 15, 16, 20, 25, 32, 50, 64, 100, 128, 256, 512, 1_024]

  /// Part sizes, in bytes, among them that of the plan, with which a content of `size` bytes has exactly `parts` parts.
  static func likelyPartSizes(size: Int64, parts: Int, plan: PartPlan = PartPlan()) -> [Int64] {
    guard size > 0 else { return [] }
    var candidates = usualMebibytes.map { $0 << 20 }
    // The AWS CLI doubles its 8 MiB, s3transfer's rule, and we take whole MiB, when there would be too many parts.
    var doubled: Int64 = 8 << 20
    while (size + doubled - 1) / doubled > 10_000 { doubled *= 2 }
    candidates += [doubled, PartPlan().partSize(for: size), plan.partSize(for: size)]
    if parts == 1 { candidates.append(size) }
    var seen: Set<Int64> = []
    return candidates.filter { (size + $0 - 1) / $0 == Int64(parts) && seen.insert($0).inserted }
  }
}
