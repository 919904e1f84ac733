internal import SyncModel

/// Holds back modifications until the writer closes the file, or rests: a file is uploaded when it is closed, and
/// truncate(2) or a mapping closes nothing.
struct WriteDelay {
  private var writing: [RelativePath: (first: Int64, last: Int64)] = [:]

  /// Nanoseconds.
  static let rest: Int64 = 1_000_000_000
  static let maximum: Int64 = 10_000_000_000
  static let limit = 10_000

  mutating func modified(_ path: RelativePath, now: Int64) {
    writing[path, default: (now, now)].last = now
  }

  /// The path is hinted for another reason.
  mutating func closed(_ path: RelativePath) { writing[path] = nil }

  /// Paths that rest or have been written for long; all of them where there are too many to keep.
  mutating func due(now: Int64) -> [RelativePath] {
    let isFull = writing.count > Self.limit
    let paths = writing.filter { isFull || now - $0.value.last >= Self.rest || now - $0.value.first >= Self.maximum }
      .keys
    for path in paths { writing[path] = nil }
    return paths.sorted()
  }

  var deadline: Int64? { writing.values.map { min($0.last + Self.rest, $0.first + Self.maximum) }.min() }
}
