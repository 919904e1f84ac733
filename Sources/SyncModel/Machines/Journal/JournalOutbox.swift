/// What this node changed in the bucket and has not told the others yet.
///
/// A pure value; its owner stores what it asks for. A path is stored before its commit is sent, so that a run that is
/// killed leaves no change untold, and forgotten when an entry that tells of it stands in the journal.
package struct JournalOutbox: Sendable {
  /// A row of the store. A later one of the same path has a higher number.
  package struct Row: Hashable, Sendable {
    package var path: RelativePath
    package var place: JournalNews.Place
    package var number: Int64

    package init(path: RelativePath, place: JournalNews.Place, number: Int64) {
      self.path = path
      self.place = place
      self.number = number
    }
  }

  /// What became of a commit.
  package enum Outcome: Hashable, Sendable {
    case done
    case notDone
    /// It may have taken effect, or may still: told at once, and once more when that is known.
    case unknown
  }

  private struct Change: Sendable {
    var place: JournalNews.Place
    var number: Int64
    /// Has a row in the store.
    var isStored = true
    var underWay = 0
    /// To be told.
    var isDue = false
    /// Stays stored until it is known what became of it.
    var isOpen = false
    /// An entry with it is being written.
    var isSent = false

    var isOver: Bool { underWay == 0 && !isDue && !isOpen && !isSent }
  }

  private let limit: Int
  private var changes: [RelativePath: Change] = [:]
  private var number: Int64
  private var dueCount = 0

  /// - Parameters:
  ///   - stored: what an earlier run left: whatever became of it, it is told.
  ///   - limit: above it everything counts as changed.
  package init(stored: [Row] = [], limit: Int = 10_000) {
    self.limit = limit
    number = stored.map(\.number).max() ?? 0
    for row in stored { changes[row.path] = Change(place: row.place, number: row.number, isDue: true) }
    dueCount = changes.count
  }

  package var hasDue: Bool { dueCount > 0 }
  /// Paths that others have not heard of.
  package var count: Int { changes.values.count { $0.isDue || $0.isSent } }

  /// A commit is about to be sent.
  /// - Returns: to be stored before it is.
  package mutating func begin(_ path: RelativePath, _ place: JournalNews.Place) -> Row? {
    let isStored = changes[path]?.isStored ?? false
    if changes[path] == nil { add(path, place) }
    update(path) { change in
      change.underWay += 1
      change.place = place
      change.isStored = true
    }
    return isStored ? nil : Row(path: path, place: place, number: changes[path]!.number)
  }

  private mutating func add(_ path: RelativePath, _ place: JournalNews.Place) {
    number += 1
    changes[path] = Change(place: place, number: number, isStored: false)
  }

  /// - Returns: to be taken out of the store.
  package mutating func end(_ path: RelativePath, _ outcome: Outcome) -> [Row] {
    update(path) { change in
      change.underWay -= 1
      switch outcome {
      case .done: (change.isDue, change.isOpen) = (true, false)
      case .notDone: break
      case .unknown: (change.isDue, change.isOpen) = (true, true)
      }
    }
    return dropOver([path])
  }

  /// A change whose commit had no known outcome, or none of ours, took effect after all.
  package mutating func note(_ path: RelativePath) {
    if changes[path] == nil { add(path, path.isRoot ? .folder : .written) }
    update(path) { ($0.isDue, $0.isOpen) = (true, false) }
  }

  /// Whatever was told may not have been heard.
  package mutating func noteEverything() { note(.root) }

  /// Everything due, for one entry; `sent` or `notSent` follows.
  package mutating func take() -> JournalNews {
    var news = JournalNews()
    for (path, change) in changes where change.isDue {
      news.insert(path, change.place)
      update(path) { ($0.isDue, $0.isSent) = (false, true) }
    }
    return news
  }

  /// The entry stands in the journal.
  /// - Returns: to be taken out of the store.
  package mutating func sent() -> [Row] {
    let paths = changes.filter(\.value.isSent).map(\.key)
    for path in paths { update(path) { $0.isSent = false } }
    return dropOver(paths)
  }

  /// It does not, or nobody reads it there.
  package mutating func notSent() {
    for path in changes.filter(\.value.isSent).map(\.key) { update(path) { ($0.isDue, $0.isSent) = (true, false) } }
  }

  /// Above the limit: one row for all that are told, which are to be taken out of the store after it was stored.
  package mutating func collapsed() -> (stored: Row, dropped: [Row])? {
    guard changes.count > limit else { return nil }
    noteEverything()
    let due = changes.filter { $0.value.isDue && !$0.key.isRoot }.map(\.key)
    for path in due { update(path) { $0.isDue = false } }
    update(.root) { $0.isStored = true }
    return (Row(path: .root, place: .folder, number: changes[.root]!.number), dropOver(due))
  }

  private mutating func update(_ path: RelativePath, _ body: (inout Change) -> Void) {
    guard var change = changes[path] else { return }
    let wasDue = change.isDue
    body(&change)
    changes[path] = change
    dueCount += (change.isDue ? 1 : 0) - (wasDue ? 1 : 0)
  }

  private mutating func dropOver(_ paths: [RelativePath]) -> [Row] {
    paths.compactMap { path in
      guard let change = changes[path], change.isOver else { return nil }
      changes[path] = nil
      return Row(path: path, place: change.place, number: change.number)
    }
  }
}
