/// How a large content is cut into the parts of an upload.
enum PartPlan {
  private static let mebibyte: Int64 = 1 << 20

  /// Bytes; the AWS CLI's part size, too.
  static let smallest = 8 * mebibyte

  /// S3 takes 1 to 10,000 parts (Amazon S3 user guide, "multipart upload limits").
  static let maximumCount: Int64 = 10_000

  /// Bytes of every part but the last: the smallest number of whole MiB that keeps to the limit of parts.
  static func partSize(for size: Int64) -> Int64 {
    let needed = (size + maximumCount - 1) / maximumCount
    return max(smallest, (needed + mebibyte - 1) / mebibyte * mebibyte)
  }

  /// The bytes of part `number`, counted from 1.
  static func range(of number: Int, size: Int64, partSize: Int64) -> Range<Int64> {
    let start = Int64(number - 1) * partSize
    return start..<min(start + partSize, size)
  }
}
