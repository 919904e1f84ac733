package import SyncEngine
package import SyncModel

/// The base of one root and prefix in an SQLite file.
///
/// All requests go through one connection and are coalesced: what queues up while a transaction runs
/// becomes the next transaction, reads and writes in the order they came. A caller waits for its own
/// commit only, and many concurrent callers share one.
package final class BaseStore: Sendable {
  /// The database file, as opened.
  package let path: String
  private let lane: DatabaseLane

  /// Opens or creates the file; its folder must exist. Blocking.
  ///
  /// Throws `BaseStoreError`, which names the file and says what to do.
  package init(path: String) throws {
    self.path = path
    lane = try DatabaseLane(path: path)
  }

  /// Waits for what is queued, then closes the file. Later requests fail. Blocking.
  package func close() throws {
    try lane.close()
  }
}

extension BaseStore: BaseStorePort {
  package var revision: Int64 { lane.revision }

  package func row(_ path: RelativePath) async throws -> BaseRecord? {
    try await lane.read { try EntryTable.record(path, in: $0) }
  }

  package func rows(after path: RelativePath?, limit: Int) async throws -> [BaseRecord] {
    try await lane.read { try EntryTable.records(after: path, limit: limit, in: $0) }
  }

  package func entries(below directory: RelativePath, after path: RelativePath?, limit: Int) async throws
    -> [BaseEntry]
  {
    try await lane.read { try EntryTable.entries(below: directory, after: path, limit: limit, in: $0) }
  }

  package func entries(mount: MountID, inode: UInt64) async throws -> [BaseEntry] {
    try await lane.read { try EntryTable.entries(mount: mount, inode: inode, in: $0) }
  }

  package func leafCount() async throws -> Int { lane.leafCount }

  @discardableResult
  package func apply(_ changes: [BaseChange]) async throws -> Int64 {
    try await lane.write(isDurable: changes.contains(where: \.mustOutlivePowerLoss)) { database, counters in
      if changes.contains(where: \.changesRow) { counters.revision += 1 }
      for change in changes {
        switch change {
        case .record(let entry): try EntryTable.write(entry, in: database, &counters)
        case .recordIfAbsent(let entry): try EntryTable.writeIfAbsent(entry, in: database, &counters)
        case .forget(let path): try EntryTable.bury(path, in: database, &counters)
        case .openIntent(let intent): try IntentTable.write(intent, in: database)
        case .closeIntent(let id): try IntentTable.delete(id, in: database)
        }
      }
      return counters.revision
    }
  }

  package func dropTombstones(through revision: Int64) async throws {
    while try await lane.write({ database, _ in try EntryTable.dropTombstones(through: revision, in: database) }) {}
  }

  package func intents() async throws -> [Intent] {
    try await lane.read { try IntentTable.all(in: $0) }
  }

  package func spill(_ paths: [RelativePath]) async throws {
    try await lane.write { database, _ in try SpillTable.insert(paths, in: database) }
  }

  package func unspill(limit: Int) async throws -> [RelativePath] {
    try await lane.write { database, _ in try SpillTable.take(limit: limit, in: database) }
  }

  package func value(_ key: String) async throws -> String? {
    try await lane.read { try ValueTable.value(key, in: $0) }
  }

  package func setValue(_ value: String?, for key: String) async throws {
    try await lane.write { database, _ in try ValueTable.set(value, for: key, in: database) }
  }

  /// How many paths have versions that were left as they are, and the first of them in tree order.
  package func leftApart(limit: Int) async throws -> (count: Int, first: [RelativePath]) {
    try await lane.read { try EntryTable.leftApart(limit: limit, in: $0) }
  }

  /// What an earlier run changed in the bucket and others have not been told of, oldest first.
  package func outbox() async throws -> [JournalOutbox.Row] {
    try await lane.read { try OutboxTable.all(in: $0) }
  }

  package func putInOutbox(_ row: JournalOutbox.Row) async throws {
    try await lane.write { database, _ in try OutboxTable.write(row, in: database) }
  }

  package func takeFromOutbox(_ rows: [JournalOutbox.Row]) async throws {
    try await lane.write { database, _ in try OutboxTable.delete(rows, in: database) }
  }

  /// Survives a power loss, too.
  package func setDurableValue(_ value: String?, for key: String) async throws {
    try await lane.write(isDurable: true) { database, _ in try ValueTable.set(value, for: key, in: database) }
  }
}

extension BaseChange {
  fileprivate var changesRow: Bool {
    switch self {
    case .record, .recordIfAbsent, .forget: true
    case .openIntent, .closeIntent: false
    }
  }
}
