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

  /// What arrived there has excused one deletion, or is gone itself.
  mutating func forget(_ content: Fingerprint, at path: RelativePath) {
    if recent[content]?.remove(path) != nil { count -= 1 }
    earlier[content]?.remove(path)
  }
}
