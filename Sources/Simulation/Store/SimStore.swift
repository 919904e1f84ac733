package import SyncEngine
package import SyncModel

/// What the store keeps on disk; outlives crashes.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class SimDatabase: @unchecked Sendable {
  package fileprivate(set) var records: [RelativePath: BaseRecord] = [:]
  /// Paths of `records` in tree order.
  fileprivate var order: [RelativePath] = []
  package fileprivate(set) var revision: Int64 = 0
  package fileprivate(set) var intents: [Intent] = []
  fileprivate var spilled: [RelativePath] = []
  fileprivate var values: [String: String] = [:]

  package init() {}

  fileprivate func position(after path: RelativePath) -> Int {
    var low = 0
    var high = order.count
    while low < high {
      let middle = (low + high) / 2
      if path < order[middle] { high = middle } else { low = middle + 1 }
    }
    return low
  }

  fileprivate func set(_ record: BaseRecord) {
    if records.updateValue(record, forKey: record.path) == nil {
      order.insert(record.path, at: position(after: record.path))
    }
  }

  fileprivate func remove(_ path: RelativePath) {
    guard records.removeValue(forKey: path) != nil else { return }
    order.remove(at: position(after: path) - 1)
  }
}

/// The store port of one run of a node: a transaction is applied wholly or not at all, and stays.
package final class SimStore: BaseStorePort, Sendable {
  private let database: SimDatabase
  private let life: NodeLife

  package init(database: SimDatabase, life: NodeLife) {
    self.database = database
    self.life = life
  }

  package var revision: Int64 { database.revision }

  package func row(_ path: RelativePath) async throws -> BaseRecord? {
    try await life.step()
    return database.records[path]
  }

  package func rows(after path: RelativePath?, limit: Int) async throws -> [BaseRecord] {
    try await life.step()
    let start = path.map(database.position) ?? 0
    return database.order[start...].prefix(limit).map { database.records[$0]! }
  }

  package func entries(below directory: RelativePath, after path: RelativePath?, limit: Int) async throws
    -> [BaseEntry]
  {
    try await life.step()
    let start = database.position(after: path ?? directory)
    return database.order[start...].lazy.filter { $0.isBelow(directory) }
      .compactMap { self.database.records[$0]?.entry }.prefix(limit).map { $0 }
  }

  package func entries(mount: MountID, inode: UInt64) async throws -> [BaseEntry] {
    try await life.step()
    return database.order.compactMap { database.records[$0]?.entry }
      .filter { $0.local.mount == mount && $0.local.inode == inode }
  }

  package func leafCount() async throws -> Int {
    try await life.step()
    return database.records.values.count { $0.entry != nil && !$0.path.isDirectory }
  }

  package func apply(_ changes: [BaseChange]) async throws -> Int64 {
    try await life.step()
    database.revision += 1
    for change in changes {
      switch change {
      case .record(let entry): record(entry)
      case .recordIfAbsent(let entry): if database.records[entry.path]?.entry == nil { record(entry) }
      case .forget(let path):
        if database.records[path] != nil { database.set(.tombstone(path, revision: database.revision)) }
      case .openIntent(let intent):
        database.intents.removeAll { $0.id == intent.id }
        database.intents.append(intent)
      case .closeIntent(let id): database.intents.removeAll { $0.id == id }
      }
    }
    let revision = database.revision
    try await life.step()
    return revision
  }

  private func record(_ entry: BaseEntry) {
    var entry = entry
    entry.revision = database.revision
    database.set(.entry(entry))
  }

  package func dropTombstones(through revision: Int64) async throws {
    try await life.step()
    for path in database.order {
      if case .tombstone(_, let written)? = database.records[path], written <= revision { database.remove(path) }
    }
  }

  package func intents() async throws -> [Intent] {
    try await life.step()
    return database.intents
  }

  package func spill(_ paths: [RelativePath]) async throws {
    try await life.step()
    database.spilled.append(contentsOf: paths)
  }

  package func unspill(limit: Int) async throws -> [RelativePath] {
    try await life.step()
    let taken = Array(database.spilled.prefix(limit))
    database.spilled.removeFirst(taken.count)
    return taken
  }

  package func value(_ key: String) async throws -> String? {
    try await life.step()
    return database.values[key]
  }

  package func setValue(_ value: String?, for key: String) async throws {
    try await life.step()
    database.values[key] = value
  }
}
