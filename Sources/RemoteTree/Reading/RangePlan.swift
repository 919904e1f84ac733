/// How an object is cut into ranges that are read in parallel.
package struct RangePlan: Hashable, Sendable {
  /// Bytes. Long enough that a request costs little beside its bytes, short enough that a failed one does, too.
  var rangeSize: Int64 = 8 << 20
  /// Ranges read at once; the AWS CLI takes 10, the gain beyond 4 to 8 is small.
  var parallel = 6

  /// Ranges that may be complete while an earlier one is not; bounds what waits for its turn to be hashed.
  var ahead: Int { parallel + 2 }

  func count(size: Int64) -> Int { Int((size + rangeSize - 1) / rangeSize) }

  func range(_ index: Int, size: Int64) -> Range<Int64> {
    let start = Int64(index) * rangeSize
    return start..<min(start + rangeSize, size)
  }
}
