/// What is wrong with the world for a while, and is nobody's single call.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class Weather: @unchecked Sendable {
  enum Kind: String, CaseIterable {
    /// The node is suspended: nothing of it runs.
    case asleep
    /// Another volume stands in the place of the root.
    case rootLost
    /// Nothing of this node reaches the server.
    case unreachable
    /// The node's permission is gone.
    case forbidden
    /// The bucket is gone.
    case bucketGone
    /// Listings show nothing, as of another bucket with the same name.
    case emptyListing
    /// Pages come in no order, keys twice.
    case disorder
    /// No message comes through the node's feed; those of this time are lost.
    case feedSilent
  }

  private struct Spell {
    var kind: Kind
    /// Nil: for all.
    var node: String?
    var from: Int64
    var until: Int64
  }

  private let executor: SimExecutor
  private var spells: [Spell] = []
  private var isFine = false

  package init(executor: SimExecutor) { self.executor = executor }

  func plan(_ kind: Kind, of node: String?, from: Int64, lasting: Int64) {
    spells.append(Spell(kind: kind, node: node, from: from, until: from + lasting))
  }

  /// When the last sleeper wakes up, virtual nanoseconds.
  var endOfSleep: Int64 { spells.filter { $0.kind == .asleep }.map(\.until).max() ?? 0 }

  /// From now on nothing is wrong.
  func clear() { isFine = true }

  /// Virtual time at which it ends; nil: it is not so.
  func end(of kind: Kind, at node: String) -> Int64? {
    if isFine || spells.isEmpty { return nil }
    let now = executor.now
    var end: Int64?
    for spell in spells where spell.from <= now && now < spell.until && spell.kind == kind {
      if spell.node == nil || spell.node == node { end = max(end ?? 0, spell.until) }
    }
    return end
  }

  func has(_ kind: Kind, at node: String) -> Bool { end(of: kind, at: node) != nil }
}
