/// How a large content is cut into the parts of an upload.
package struct PartPlan: Hashable, Sendable {
  private static let mebibyte: Int64 = 1 << 20

  /// Bytes of every part but the last, where the limit of parts allows it; the AWS CLI's part size, too.
  var usualSize = 8 * mebibyte

  /// S3 takes 1 to 10,000 parts of 5 MiB to 5 GiB, the last one apart (Amazon S3 user guide, "multipart upload
  /// limits").
  static let maximumCount: Int64 = 10_000
  static let sizes = 5 * mebibyte...5_120 * mebibyte

  /// Bytes of every part but the last: the usual ones, else the smallest number of whole MiB that keeps to the limit of
  /// parts.
  func partSize(for size: Int64) -> Int64 {
    let needed = (size + Self.maximumCount - 1) / Self.maximumCount
    return max(usualSize, (needed + Self.mebibyte - 1) / Self.mebibyte * Self.mebibyte, Self.sizes.lowerBound)
  }

  /// The bytes of part `number`, counted from 1.
  static func range(of number: Int, size: Int64, partSize: Int64) -> Range<Int64> {
    let start = Int64(number - 1) * partSize
    return start..<min(start + partSize, size)
  }
}
