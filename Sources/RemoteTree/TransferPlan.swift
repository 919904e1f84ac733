/// How large contents are cut, and how much of one moves at once.
package struct TransferPlan: Hashable, Sendable {
  var parts = PartPlan()
  var ranges = RangePlan()

  package init() {}

  /// Bytes of a range that are held until those before it have come; see ``RangePlan/ahead``.
  package static let rangeSizes: ClosedRange<Int64> = 1 << 20...16 << 20
  /// Bytes; what S3 takes.
  package static let partSizes = PartPlan.sizes

  /// Cuts into pieces of about so many bytes: parts as S3 takes them, ranges of 1 to 16 MiB.
  package mutating func cut(into bytes: Int64) {
    parts.usualSize = min(max(bytes, PartPlan.sizes.lowerBound), PartPlan.sizes.upperBound)
    ranges.rangeSize = min(max(bytes, Self.rangeSizes.lowerBound), Self.rangeSizes.upperBound)
  }

  /// Pieces of a download, or of a copy, under way at once; at least 1.
  package mutating func limit(to requests: Int) { ranges.parallel = max(1, requests) }
}
