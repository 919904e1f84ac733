package import SyncModel

/// The persisted base, intents and small values of one root and prefix.
///
/// A write is complete when the function returns: it survives `kill -9`; after a power loss the store
/// holds a consistent earlier state, with every change that `mustOutlivePowerLoss`. Every function
/// throws where the store cannot be read or written.
package protocol BaseStorePort: Sendable {
  /// Counts the changes of rows; a page or directory read remembers it when its request is sent.
  var revision: Int64 { get }

  func row(_ path: RelativePath) async throws -> BaseRecord?

  /// Up to `limit` records after `path`, in tree order, tombstones included: short keyset reads.
  func rows(after path: RelativePath?, limit: Int) async throws -> [BaseRecord]

  /// Up to `limit` entries below `directory`, after `path`, without tombstones.
  func entries(below directory: RelativePath, after path: RelativePath?, limit: Int) async throws -> [BaseEntry]

  /// Entries whose local side is this inode: renames and hard links.
  func entries(mount: MountID, inode: UInt64) async throws -> [BaseEntry]

  /// Leaves in the base, for the deletion guard.
  func leafCount() async throws -> Int

  /// All changes in one transaction; returns its revision.
  @discardableResult
  func apply(_ changes: [BaseChange]) async throws -> Int64

  /// Drops tombstones at or below this revision.
  func dropTombstones(through revision: Int64) async throws

  /// Open intents, oldest first.
  func intents() async throws -> [Intent]

  /// Dirty paths that did not fit in memory.
  func spill(_ paths: [RelativePath]) async throws
  /// Takes up to `limit` spilled paths out, in order.
  func unspill(limit: Int) async throws -> [RelativePath]

  func value(_ key: String) async throws -> String?
  func setValue(_ value: String?, for key: String) async throws
}

/// What the store has about a path: an entry, or the trace of one that was dropped.
package enum BaseRecord: Hashable, Sendable {
  case entry(BaseEntry)
  case tombstone(RelativePath, revision: Int64)

  package var path: RelativePath {
    switch self {
    case .entry(let entry): entry.path
    case .tombstone(let path, _): path
    }
  }

  package var revision: Int64 {
    switch self {
    case .entry(let entry): entry.revision
    case .tombstone(_, let revision): revision
    }
  }

  package var entry: BaseEntry? {
    if case .entry(let entry) = self { entry } else { nil }
  }
}

package enum BaseChange: Hashable, Sendable {
  /// Writes the row; the store sets its revision.
  case record(BaseEntry)
  /// Writes the row only if the path has none: parents that a commit implies.
  case recordIfAbsent(BaseEntry)
  /// Drops the row and leaves a tombstone.
  case forget(RelativePath)
  case openIntent(Intent)
  case closeIntent(Intent.ID)
}

extension BaseChange {
  /// Other changes may be undone by a power loss: what they tell is found out again.
  package var mustOutlivePowerLoss: Bool {
    switch self {
    // Nothing else tells what lies in the bucket.
    case .openIntent(let intent) where intent.kind == .multipart: true
    // With the row alone, what is gone on one side would have been deleted by others: also what a power loss gives
    // back, or what somebody puts there since.
    case .openIntent(let intent): intent.kind == .remove || intent.kind == .delete
    // A row that came back would prove a deletion that nobody made.
    case .forget: true
    case .record, .recordIfAbsent, .closeIntent: false
    }
  }
}
