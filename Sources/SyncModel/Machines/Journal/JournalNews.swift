/// Where something changed, as nodes tell each other; each place once.
package struct JournalNews: Hashable, Sendable {
  package enum Place: UInt8, Hashable, Sendable {
    /// A key that was written.
    case written
    /// A key that was deleted.
    case removed
    /// A folder with anything in it; the root is everything.
    case folder
  }

  package private(set) var places: [RelativePath: Place] = [:]

  package init() {}

  package static let everything: JournalNews = {
    var news = JournalNews()
    news.insert(.root, .folder)
    return news
  }()

  package var isEmpty: Bool { places.isEmpty }
  package var isEverything: Bool { places[.root] == .folder }

  /// What is said last of a key counts; a folder takes in the marker of its name.
  package mutating func insert(_ path: RelativePath, _ place: Place) {
    if isEverything { return }
    if path.isRoot {
      places = [.root: .folder]
    } else if places[path] != .folder {
      places[path] = place
    }
  }

  package mutating func formUnion(_ other: JournalNews) {
    for (path, place) in other.places { insert(path, place) }
  }

  /// Whether whoever hears this looks at the key.
  package func covers(_ path: RelativePath) -> Bool {
    if isEverything || places[path] != nil { return true }
    return path.ancestors.contains { places[$0] == .folder }
  }

  /// In order, without what lies in a folder that is named as well.
  package var sorted: [(path: RelativePath, place: Place)] {
    var result: [(path: RelativePath, place: Place)] = []
    var folder: RelativePath?
    for path in places.keys.sorted() {
      if let folder, path.isBelow(folder) { continue }
      let place = places[path]!
      if place == .folder { folder = path }
      result.append((path, place))
    }
    return result
  }

  /// The same with fewer places: the folders that hold the most of them stand for these; where none holds two, the
  /// deepest places are lifted.
  package func shortened() -> JournalNews {
    let sorted = sorted
    var counts: [RelativePath: Int] = [:]
    for (path, _) in sorted { counts[path.parent ?? .root, default: 0] += 1 }
    let most = counts.values.max() ?? 0
    let depth = sorted.map(\.path.depth).max() ?? 0
    var shorter = JournalNews()
    for (path, place) in sorted {
      let parent = path.parent ?? .root
      let isLifted = most > 1 ? counts[parent]! >= max(2, most / 2) : path.depth == depth
      if isLifted { shorter.insert(parent, .folder) } else { shorter.insert(path, place) }
    }
    return shorter
  }
}

extension RelativePath {
  fileprivate var depth: Int { asLeaf.string.utf8.count { $0 == UInt8(ascii: "/") } + (isRoot ? 0 : 1) }
}
