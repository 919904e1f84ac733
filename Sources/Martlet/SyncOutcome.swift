import SyncEngine
import SyncModel

/// How a run ended.
public struct SyncOutcome: Hashable, Sendable {
  /// Paths not in sync at the end, and why.
  public var unsynced: [StatusReport.Problem] = []
  /// Why deletions did not cross.
  public var deletionsHalted: String?
  /// Those of them that no event has told of before.
  package var untold: [StatusReport.Problem] = []
  /// Changes by kind.
  public var committed: [String: Int] = [:]
  public var conflicts = 0
  /// Whether all that is not in sync are objects in archive classes, which nobody restored.
  package var leavesOnlyArchived = false
  /// Paths with versions that differ and that an option such as `--size-only` leaves as they are.
  public var leftApart = 0
  /// What the CloudFront distribution has not heard of yet; the next run tells it.
  public var invalidationLeft: String?

  public var isInSync: Bool { unsynced.isEmpty && deletionsHalted == nil }

  package init() {}

  /// Tells apart the paths that were left alone since their objects lie in archive classes.
  mutating func note(archived isArchived: (String) -> Bool, isIgnored: Bool) {
    leavesOnlyArchived =
      deletionsHalted == nil && !unsynced.isEmpty && unsynced.allSatisfy { isArchived($0.path) }
    guard isIgnored else { return }
    unsynced.removeAll { isArchived($0.path) }
    untold.removeAll { isArchived($0.path) }
  }

  init(_ summary: RunSummary, reports: [StatusReport.Problem]) {
    unsynced = StatusReport.Problem.merged(summary.unsynced, reports)
    let told = Set(reports.map { RelativePath(unchecked: $0.path) })
    untold = unsynced.filter { !told.contains(RelativePath(unchecked: $0.path)) }
    deletionsHalted = summary.deletionsHalted
    committed = summary.committed.named
    conflicts = summary.conflicts
  }
}

extension Dictionary where Key == CommittedChange, Value == Int {
  var named: [String: Int] { .init(uniqueKeysWithValues: map { ($0.key.rawValue, $0.value) }) }
}
