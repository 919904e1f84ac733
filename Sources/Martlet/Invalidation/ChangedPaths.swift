import AWSKit

/// The paths of one invalidation, each once: as long as they fit they themselves, then the longest common `/*`.
/// Bounded, whatever changes.
struct ChangedPaths: Hashable, Sendable {
  private enum State: Hashable, Sendable {
    case each(Set<String>)
    /// One path with a wildcard at its end.
    case common(String)
  }

  private var state = State.each([])

  init(_ paths: [String] = []) { insert(paths) }

  /// Encoded paths; one that ends in `/*` takes all others in.
  mutating func insert(_ paths: some Collection<String>) {
    switch state {
    case .each(var each):
      // Taken out, so that the set is not copied.
      state = .each([])
      each.formUnion(paths)
      state = .each(each)
      if each.count > InvalidationPath.limit || paths.contains(where: { $0.hasSuffix("/*") }) { collapse() }
    case .common(let common): state = .common(InvalidationPath.common([common] + paths) ?? common)
    }
  }

  /// To the longest common `/*`.
  mutating func collapse() {
    if case .each(let each) = state, let common = InvalidationPath.common(each) { state = .common(common) }
  }

  var isEmpty: Bool { state == .each([]) }

  /// In order.
  var all: [String] {
    switch state {
    case .each(let each): each.sorted()
    case .common(let common): [common]
    }
  }
}
