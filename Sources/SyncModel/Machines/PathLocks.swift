/// Lets operations on different paths run at once and those on the same path one after the other, in the order
/// in which they asked.
///
/// A request gets all its paths at once and waits only for requests that came before it, so there is no
/// deadlock, whatever paths two operations share. A leaf and the directory of its name are one lock.
package struct PathLocks: Sendable {
  package typealias ID = UInt64

  package enum Scope: Hashable, Sendable {
    /// The paths themselves.
    case exact
    /// Everything below them too.
    case subtree
  }

  private struct Request: Sendable {
    var paths: [RelativePath]
    var scope: Scope
    /// How many earlier requests must end first.
    var waitsFor: Int
    var dependents: [ID] = []
    var isAbandoned = false
  }

  private struct Place: Sendable {
    /// The last request for this path; each one waits for the one before it.
    var last: ID?
    var lastSubtree: ID?
    /// How often live requests lie below, each with its number of paths.
    var below: [ID: Int] = [:]

    var isVacant: Bool { last == nil && lastSubtree == nil && below.isEmpty }
  }

  private var requests: [ID: Request] = [:]
  private var places: [RelativePath: Place] = [:]

  package init() {}

  /// No request was granted or waits.
  package var isEmpty: Bool { requests.isEmpty }

  /// True if the locks are held now; else `release` of another request grants them.
  ///
  /// - Precondition: `id` has no request that is not released.
  package mutating func request(_ id: ID, _ paths: [RelativePath], scope: Scope = .exact) -> Bool {
    precondition(requests[id] == nil, "the same operation asks for locks twice")
    let paths = Set(paths.map(\.asLeaf)).sorted()
    var earlier: Set<ID> = []
    for path in paths { earlier.formUnion(conflicts(at: path, scope)) }
    for other in earlier { requests[other]!.dependents.append(id) }
    for path in paths { register(id, at: path, scope) }
    requests[id] = Request(paths: paths, scope: scope, waitsFor: earlier.count)
    return earlier.isEmpty
  }

  /// Gives the locks back, or gives up waiting; returns the requests that hold theirs now, in the order of asking.
  package mutating func release(_ id: ID) -> [ID] {
    guard var request = requests[id] else { return [] }
    if request.waitsFor > 0 {
      // Those behind rely on it to wait for those before: it leaves when its turn comes.
      request.isAbandoned = true
      requests[id] = request
      return []
    }
    requests[id] = nil
    for path in request.paths { unregister(id, at: path) }
    var granted: [ID] = []
    for dependent in request.dependents {
      requests[dependent]!.waitsFor -= 1
      guard requests[dependent]!.waitsFor == 0 else { continue }
      if requests[dependent]!.isAbandoned {
        granted += release(dependent)
      } else {
        granted.append(dependent)
      }
    }
    return granted
  }
}

extension PathLocks {
  private func conflicts(at path: RelativePath, _ scope: Scope) -> Set<ID> {
    var result: Set<ID> = []
    if let place = places[path] {
      if let last = place.last { result.insert(last) }
      if scope == .subtree { result.formUnion(place.below.keys) }
    }
    for directory in Self.directories(above: path) {
      if let subtree = places[directory]?.lastSubtree { result.insert(subtree) }
    }
    return result
  }

  private mutating func register(_ id: ID, at path: RelativePath, _ scope: Scope) {
    places[path, default: Place()].last = id
    if scope == .subtree { places[path]!.lastSubtree = id }
    for directory in Self.directories(above: path) { places[directory, default: Place()].below[id, default: 0] += 1 }
  }

  private mutating func unregister(_ id: ID, at path: RelativePath) {
    update(path) { place in
      if place.last == id { place.last = nil }
      if place.lastSubtree == id { place.lastSubtree = nil }
    }
    for directory in Self.directories(above: path) {
      update(directory) { place in
        let count = place.below[id]! - 1
        place.below[id] = count == 0 ? nil : count
      }
    }
  }

  private mutating func update(_ path: RelativePath, _ change: (inout Place) -> Void) {
    let index = places.index(forKey: path)!
    change(&places.values[index])
    if places.values[index].isVacant { places.remove(at: index) }
  }

  /// Every directory that holds the path, as the key of its lock; the root too.
  private static func directories(above path: RelativePath) -> [RelativePath] {
    path.isRoot ? [] : path.ancestors.map(\.asLeaf) + [.root]
  }
}
