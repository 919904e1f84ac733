/// Counts what happened in the last minute, in steps of a second, so that its size does not grow with the count.
struct DeletionWindow: Sendable {
  private static let second: Int64 = 1_000_000_000
  private static let length: Int64 = 60

  private(set) var count = 0
  private var seconds: [(second: Int64, count: Int)] = []

  mutating func add(at now: Int64) {
    count += 1
    if let last = seconds.indices.last, seconds[last].second >= now / Self.second {
      seconds[last].count += 1
    } else {
      seconds.append((now / Self.second, 1))
    }
  }

  mutating func expire(now: Int64) {
    while let first = seconds.first, first.second <= now / Self.second - Self.length {
      count -= first.count
      seconds.removeFirst()
    }
  }
}
