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
  /// Since the start.
  public var conflicts = 0
  /// Whether nothing failed, and all that is not in sync was passed over, as the AWS CLI does with a warning: objects
  /// in archive classes, and what is no file that can be read.
  package var leavesOnlyPassedOver = false
  /// Paths with versions that differ and that an option such as `--size-only` leaves as they are.
  public var leftApart = 0
  /// What the CloudFront distribution has not heard of yet; the next run tells it.
  public var invalidationLeft: String?

  /// Nothing is left to be synced.
  public var isInSync: Bool { unsynced.isEmpty && deletionsHalted == nil }

  package init() {}

  /// Tells apart the paths that were left alone since their objects lie in archive classes, or were passed over.
  ///
  /// - Parameter isIgnored: archived ones count as in sync.
  mutating func note(archived isArchived: (String) -> Bool, isIgnored: Bool, passedOver: (String) -> Bool) {
    if isIgnored {
      unsynced.removeAll { isArchived($0.path) }
      untold.removeAll { isArchived($0.path) }
    }
    leavesOnlyPassedOver =
      deletionsHalted == nil && !unsynced.isEmpty && unsynced.allSatisfy { isArchived($0.path) || passedOver($0.path) }
  }

  /// Links in the folder that are as they should be, since nothing of these names is in the bucket.
  mutating func drop(_ paths: Set<String>) {
    unsynced.removeAll { paths.contains($0.path) }
    untold.removeAll { paths.contains($0.path) }
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
