/// How well the writes of others are kept apart from ours on this server; for the log and for `status`.
package enum SafetyLevel: Hashable, Sendable {
  /// Every change is conditional on the version that the plan saw.
  case conditional
  /// These changes are only looked at before and after: two writers of one key at one moment may
  /// overwrite each other.
  case singleWriterPerKey(Set<Change>)
  /// Nothing is written.
  case readOnly

  /// A kind of change that a server may know no condition for.
  package enum Change: String, Hashable, Sendable, CaseIterable, Comparable {
    case creation = "creating files"
    case replacement = "replacing files"
    case largeCreation = "creating large files"
    case largeReplacement = "replacing large files"
    case deletion = "deleting files"
    case largeRename = "renaming large files"

    package static func < (left: Self, right: Self) -> Bool { left.order < right.order }
    private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  /// One word or two.
  package var name: String {
    switch self {
    case .conditional: "conditional"
    case .singleWriterPerKey: "single writer per key"
    case .readOnly: "read-only"
    }
  }

  /// A sentence.
  package var explanation: String {
    switch self {
    case .conditional:
      "Every write is conditional on the version it replaces: concurrent writers cannot overwrite each other."
    case .singleWriterPerKey(let changes):
      "Single writer per key: the server knows no conditions for \(changes.sorted().map(\.rawValue).joined(separator: ", ")). "
        + "What such a write replaces is first copied below .martlet/aside/ in the bucket, but two nodes that "
        + "write the same key at the same moment may overwrite each other."
    case .readOnly: "Read-only: nothing is written to the bucket."
    }
  }
}

extension ServerCapabilities {
  package var safetyLevel: SafetyLevel {
    guard canWrite else { return .readOnly }
    var changes: Set<SafetyLevel.Change> = []
    if !putIfAbsent { changes.insert(.creation) }
    if !putIfMatch { changes.insert(.replacement) }
    if !completeIfAbsent { changes.insert(.largeCreation) }
    if !completeIfMatch { changes.insert(.largeReplacement) }
    if !deleteIfMatch, !deleteObjectsIfMatch { changes.insert(.deletion) }
    if !copyIfAbsent, !completeIfAbsent { changes.insert(.largeRename) }
    return changes.isEmpty ? .conditional : .singleWriterPerKey(changes)
  }
}
