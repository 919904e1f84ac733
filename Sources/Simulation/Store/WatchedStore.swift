import SyncEngine
import SyncModel

/// The store port with a look at every call: crash points.
final class WatchedStore: BaseStorePort, Sendable {
  private let store: SimStore
  private let life: NodeLife

  init(_ store: SimStore, life: NodeLife) {
    self.store = store
    self.life = life
  }

  var revision: Int64 { store.revision }

  func row(_ path: RelativePath) async throws -> BaseRecord? { try await store.row(path) }

  func rows(after path: RelativePath?, limit: Int) async throws -> [BaseRecord] {
    try await store.rows(after: path, limit: limit)
  }

  func entries(below directory: RelativePath, after path: RelativePath?, limit: Int) async throws -> [BaseEntry] {
    try await store.entries(below: directory, after: path, limit: limit)
  }

  func entries(mount: MountID, inode: UInt64) async throws -> [BaseEntry] {
    try await store.entries(mount: mount, inode: inode)
  }

  func leafCount() async throws -> Int { try await store.leafCount() }

  func apply(_ changes: [BaseChange]) async throws -> Int64 {
    try await life.call("store " + Self.name(of: changes)) { try await store.apply(changes) }
  }

  /// By the change that matters most.
  private static func name(of changes: [BaseChange]) -> String {
    var name = "close"
    for change in changes {
      switch change {
      case .openIntent(let intent): return "open " + intent.kind.rawValue
      case .record: return "record"
      case .forget: name = "forget"
      case .recordIfAbsent, .closeIntent: break
      }
    }
    return name
  }

  func dropTombstones(through revision: Int64) async throws { try await store.dropTombstones(through: revision) }
  func intents() async throws -> [Intent] { try await store.intents() }
  func spill(_ paths: [RelativePath]) async throws { try await store.spill(paths) }
  func unspill(limit: Int) async throws -> [RelativePath] { try await store.unspill(limit: limit) }
  func value(_ key: String) async throws -> String? { try await store.value(key) }
  func setValue(_ value: String?, for key: String) async throws { try await store.setValue(value, for: key) }
}
