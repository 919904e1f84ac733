import SyncModel

/// Contents that came into the tree of late: a deletion whose content is among them is half of a move.
///
/// Kept for ten minutes at least, and over the end of a pass: the other half may come long after, as when a folder is
/// moved by copying it. Bounded: of the latest 100,000 to 200,000.
struct Arrivals: Sendable {
  private typealias Places = [Fingerprint: Set<RelativePath>]

  static let capacity = 100_000
  static let lifetime: Duration = .seconds(600)

  private var recent: Places = [:]
  private var earlier: Places = [:]
  private var count = 0
  /// Uptime nanoseconds at which the first of `recent` came.
  private var begun: Int64 = 0

  mutating func add(_ content: Fingerprint, at path: RelativePath, now: Int64) {
    age(now: now)
    if recent[content, default: []].insert(path).inserted { count += 1 }
  }

  private mutating func age(now: Int64) {
    if count == 0 { begun = now }
    guard count >= Self.capacity || now - begun >= Self.lifetime.nanoseconds else { return }
    (earlier, recent, count, begun) = (recent, [:], 0, now)
  }

  /// Where the content arrived, and has not been deleted as far as this knows.
  func places(of content: Fingerprint) -> Set<RelativePath> {
    (recent[content] ?? []).union(earlier[content] ?? [])
  }
}

/// The places that excuse the deletions of one flush, each of them one. Many files may have one content, such as none:
/// the places of a content are gathered once.
struct Excuses: Sendable {
  let arrivals: Arrivals
  /// What goes itself excuses nothing.
  let deleted: Set<RelativePath>
  private var left: [Fingerprint: [RelativePath]] = [:]

  init(_ arrivals: Arrivals, deleted: Set<RelativePath>) {
    self.arrivals = arrivals
    self.deleted = deleted
  }

  mutating func next(for content: Fingerprint) -> RelativePath? {
    // Taken out, or each step would copy the list.
    var places =
      left.removeValue(forKey: content) ?? arrivals.places(of: content).subtracting(deleted).sorted { $1 < $0 }
    defer { left[content] = places }
    return places.popLast()
  }
}
