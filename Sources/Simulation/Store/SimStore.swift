package import SyncEngine
package import SyncModel

/// What the store keeps on disk; outlives crashes.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class SimDatabase: @unchecked Sendable {
  fileprivate struct State {
    var records: [RelativePath: BaseRecord] = [:]
    /// Of `records`.
    var leafCount = 0
    /// Paths of `records` in tree order.
    var order: [RelativePath] = []
    var revision: Int64 = 0
    var intents: [Intent] = []
    var spilled: [RelativePath] = []
    var values: [String: String] = [:]
  }

  fileprivate var state = State()
  /// States before transactions that a power loss may undo, oldest first; the last ones, where they are kept.
  private var undoable: [State] = []
  private var keepsStates = false

  package init() {}

  package var records: [RelativePath: BaseRecord] { state.records }
  package var revision: Int64 { state.revision }
  var leafCount: Int { state.leafCount }
  package var intents: [Intent] { state.intents }
  var values: [String: String] { state.values }

  /// From now on a power loss finds something to undo.
  func expectPowerLoss() { keepsStates = true }

  /// The store is a consistent earlier state afterwards.
  func losePower(_ generator: inout SeededGenerator) { losePower(undoing: generator.below(undoable.count + 1)) }

  /// - Parameter count: transactions that are lost, at most; those that had to be durable are not.
  func losePower(undoing count: Int) {
    if count > 0, let earlier = undoable.suffix(count).first { state = earlier }
    undoable = []
  }

  fileprivate func begin() { if keepsStates { undoable = undoable.suffix(63) + [state] } }

  /// What was written until now survives a power loss.
  fileprivate func makeDurable() { undoable = [] }

  fileprivate func position(after path: RelativePath) -> Int {
    var low = 0
    var high = state.order.count
    while low < high {
      let middle = (low + high) / 2
      if path < state.order[middle] { high = middle } else { low = middle + 1 }
    }
    return low
  }

  fileprivate func set(_ record: BaseRecord) {
    let before = state.records.updateValue(record, forKey: record.path)
    if before == nil { state.order.insert(record.path, at: position(after: record.path)) }
    state.leafCount += (record.isLeaf ? 1 : 0) - (before?.isLeaf == true ? 1 : 0)
  }

  fileprivate func remove(_ path: RelativePath) {
    guard let before = state.records.removeValue(forKey: path) else { return }
    if before.isLeaf { state.leafCount -= 1 }
    state.order.remove(at: position(after: path) - 1)
  }
}

extension BaseRecord {
  fileprivate var isLeaf: Bool { entry != nil && !path.isDirectory }
}

/// The store port of one run of a node: a transaction is applied wholly or not at all, and stays unless the power
/// is lost.
package final class SimStore: BaseStorePort, Sendable {
  private let database: SimDatabase
  private let life: NodeLife

  package init(database: SimDatabase, life: NodeLife) {
    self.database = database
    self.life = life
  }

  package var revision: Int64 { database.state.revision }

  package func row(_ path: RelativePath) async throws -> BaseRecord? {
    try await life.step()
    return database.state.records[path]
  }

  package func rows(after path: RelativePath?, limit: Int) async throws -> [BaseRecord] {
    try await life.step()
    let start = path.map(database.position) ?? 0
    return database.state.order[start...].prefix(limit).map { database.state.records[$0]! }
  }

  package func entries(below directory: RelativePath, after path: RelativePath?, limit: Int) async throws
    -> [BaseEntry]
  {
    try await life.step()
    let start = database.position(after: path ?? directory)
    return database.state.order[start...].lazy.filter { $0.isBelow(directory) }
      .compactMap { self.database.state.records[$0]?.entry }.prefix(limit).map { $0 }
  }

  package func entries(mount: MountID, inode: UInt64) async throws -> [BaseEntry] {
    try await life.step()
    return database.state.records.values.lazy.compactMap(\.entry)
      .filter { $0.local.mount == mount && $0.local.inode == inode }
      .sorted { $0.path < $1.path }
  }

  package func leafCount() async throws -> Int {
    try await life.step()
    return database.leafCount
  }

  package func apply(_ changes: [BaseChange]) async throws -> Int64 {
    try await life.step()
    database.begin()
    database.state.revision += 1
    for change in changes {
      switch change {
      case .record(let entry): record(entry)
      case .recordIfAbsent(let entry): if database.state.records[entry.path]?.entry == nil { record(entry) }
      case .forget(let path):
        if database.state.records[path] != nil { database.set(.tombstone(path, revision: database.state.revision)) }
      case .openIntent(let intent):
        database.state.intents.removeAll { $0.id == intent.id }
        database.state.intents.append(intent)
      case .closeIntent(let id): database.state.intents.removeAll { $0.id == id }
      }
    }
    if changes.contains(where: \.mustOutlivePowerLoss) { database.makeDurable() }
    let revision = database.state.revision
    try await life.step()
    return revision
  }

  private func record(_ entry: BaseEntry) {
    var entry = entry
    entry.revision = database.state.revision
    database.set(.entry(entry))
  }

  package func dropTombstones(through revision: Int64) async throws {
    try await life.step()
    let old = database.state.records.values.filter { record in
      if case .tombstone(_, let written) = record { written <= revision } else { false }
    }
    for record in old { database.remove(record.path) }
  }

  package func intents() async throws -> [Intent] {
    try await life.step()
    return database.state.intents
  }

  package func spill(_ paths: [RelativePath]) async throws {
    try await life.step()
    database.state.spilled.append(contentsOf: paths)
  }

  package func unspill(limit: Int) async throws -> [RelativePath] {
    try await life.step()
    let taken = Array(database.state.spilled.prefix(limit))
    database.state.spilled.removeFirst(taken.count)
    return taken
  }

  package func value(_ key: String) async throws -> String? {
    try await life.step()
    return database.state.values[key]
  }

  package func setValue(_ value: String?, for key: String) async throws {
    try await life.step()
    database.state.values[key] = value
  }
}
