import Foundation
import NIOConcurrencyHelpers

/// Knows every content that a user ever completed and what became of it through users: who replaced which version
/// knowing it. What is left must be found at the end (I1).
final class TortureLedger: Sendable {
  struct Event: CustomStringConvertible {
    /// Since the start of the run.
    var time: Duration
    var who: String
    var what: String
    var contents: [ContentID]
    var paths: [String]

    var description: String {
      let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
      return "\(String(format: "%9.3f", seconds)) \(who): \(what)"
        + (contents.isEmpty ? "" : " [\(contents.map(\.description).joined(separator: ", "))]")
    }
  }

  private struct State {
    var events: [Event] = []
    var completed: [ContentID: Int] = [:]
    /// The last event that gave a content up.
    var superseded: [ContentID: Int] = [:]
    /// States in between, which a snapshot may rightly hold but need not.
    var passing: Set<ContentID> = [.empty]
    /// Where users moved what: from, to.
    var moves: [(from: String, to: String)] = []
    /// A user replaced or deleted what stood at a path, which a node had exchanged for another version in that very
    /// moment. By event.
    var unseen: [(path: String, event: Int)] = []
    var counts: [String: Int] = [:]
  }

  private let state = NIOLockedValueBox(State())
  private let start = ContinuousClock.now

  @discardableResult
  func note(_ who: String, _ what: String, _ contents: [ContentID] = [], paths: [String] = []) -> Int {
    state.withLockedValue { state in
      state.events.append(
        Event(time: ContinuousClock.now - start, who: who, what: what, contents: contents, paths: paths))
      return state.events.count - 1
    }
  }

  func count(_ action: String) { state.withLockedValue { $0.counts[action, default: 0] += 1 } }

  func completes(_ content: ContentID, at path: String, _ who: String, _ how: String) {
    let event = note(who, "\(how) \(path), which now holds", [content], paths: [path])
    state.withLockedValue { $0.completed[content] = $0.completed[content] ?? event }
  }

  /// A writer whose base was this content replaced or deleted it.
  func supersedes(_ content: ContentID, at path: String, _ who: String, _ how: String) {
    let event = note(who, "\(how) \(path), knowing", [content], paths: [path])
    state.withLockedValue { $0.superseded[content] = event }
  }

  func passes(_ content: ContentID) { state.withLockedValue { _ = $0.passing.insert(content) } }

  func moves(_ from: String, to: String, _ who: String) {
    note(who, "mv \(from) \(to)", paths: [from, to])
    state.withLockedValue { $0.moves.append((from, to)) }
  }

  func unseen(at path: String, _ who: String, _ how: String) {
    let event = note(who, "\(how) \(path), whose version was another in that moment", paths: [path])
    state.withLockedValue { $0.unseen.append((path, event)) }
  }

  var counts: [String: Int] { state.withLockedValue { $0.counts } }
  var completed: Int { state.withLockedValue { $0.completed.count } }
  var superseded: Int { state.withLockedValue { $0.superseded.count } }
  var unseenCount: Int { state.withLockedValue { $0.unseen.count } }

  /// Whether users ever made such a content, also on the way to another.
  func knows(_ content: ContentID) -> Bool {
    state.withLockedValue { $0.completed[content] != nil || $0.passing.contains(content) }
  }

  /// What nobody gave up.
  func owed() -> Set<ContentID> {
    state.withLockedValue { state in
      Set(state.completed.keys.filter { state.superseded[$0] == nil && $0 != .empty })
    }
  }

  /// Whether a user may have replaced this content unseen.
  func mayBeUnseen(_ content: ContentID) -> Bool {
    state.withLockedValue { state in
      guard let since = state.completed[content] else { return false }
      let places = Self.places(of: content, state)
      return state.unseen.contains { $0.event > since && places.contains($0.path) }
    }
  }

  /// What happened to a content and at its places.
  func story(of content: ContentID) -> String {
    state.withLockedValue { state in
      let places = Self.places(of: content, state)
      let since = state.completed[content] ?? 0
      let lines = state.events.enumerated().filter { index, event in
        event.contents.contains(content)
          || index > since && (event.paths.isEmpty || event.paths.contains { places.contains($0) })
      }
      let shown = lines.prefix(60).map { "  \($0.element)" }.joined(separator: "\n")
      return "\(content), at \(places.sorted().joined(separator: ", ")):\n\(shown)"
    }
  }

  private static func places(of content: ContentID, _ state: State) -> Set<String> {
    var places = Set(state.events.filter { $0.contents.contains(content) }.flatMap(\.paths))
    for (from, to) in state.moves {
      for place in places where place == from || place.hasPrefix(from + "/") {
        places.insert(to + place.dropFirst(from.count))
      }
    }
    return places
  }
}
