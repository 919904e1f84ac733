import GRDB

/// How the file is opened, and its schema.
enum DatabaseFile {
  static func open(path: String) throws -> DatabaseQueue {
    let queue = try DatabaseQueue(
      path: path, configuration: configuration(isNetworkFileSystem: NetworkFileSystem.holds(path)))
    let migrator = migrator
    if try queue.read(migrator.hasBeenSuperseded) { throw BaseStoreError.newer(path: path) }
    try migrator.migrate(queue)
    return queue
  }

  static func configuration(isNetworkFileSystem: Bool) -> Configuration {
    var configuration = Configuration()
    configuration.label = "martlet.base"
    configuration.foreignKeysEnabled = false
    // A crashed predecessor's locks are gone with it; what waits here is a tool somebody opened the file with.
    configuration.busyMode = .timeout(5)
    if isNetworkFileSystem {
      // WAL needs memory shared through the file system; the lock of a network mount is taken once and kept.
      configuration.prepareDatabase { database in
        try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
        try database.execute(sql: "PRAGMA journal_mode = TRUNCATE")
      }
    } else {
      configuration.journalMode = .wal
      configuration.prepareDatabase { database in
        try database.execute(sql: "PRAGMA synchronous = NORMAL")
        try database.execute(sql: "PRAGMA cache_size = -\(cacheKibibytes)")
        try database.execute(sql: "PRAGMA journal_size_limit = \(walBytes)")
      }
    }
    return configuration
  }

  /// A power loss leaves an earlier consistent state; nearly all rows can be found out again from it.
  static func syncAtCheckpoints(in database: Database) throws {
    guard try !isSyncedAlways(database) else { return }
    try database.execute(sql: "PRAGMA synchronous = NORMAL")
  }

  /// For what cannot be found out again; outside a transaction.
  static func syncEveryCommit(in database: Database) throws {
    try database.execute(sql: "PRAGMA synchronous = FULL")
  }

  /// Without a write-ahead log every commit must be synced, or the file may be damaged.
  private static func isSyncedAlways(_ database: Database) throws -> Bool {
    try String.fetchOne(database, sql: "PRAGMA journal_mode") != "wal"
  }

  /// Page cache; holds the inner pages of a base of a few million rows.
  private static let cacheKibibytes = 16 * 1024
  /// To which the write-ahead log shrinks after a large transaction.
  private static let walBytes = 32 * 1024 * 1024

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator().disablingDeferredForeignKeyChecks()
    migrator.registerMigration("1") { database in
      try database.execute(sql: EntryTable.schema)
      try database.execute(sql: CounterTable.schema)
      try database.execute(sql: IntentTable.schema)
      try database.execute(sql: SpillTable.schema)
      try database.execute(sql: ValueTable.schema)
    }
    migrator.registerMigration("2") { try $0.execute(sql: EntryTable.apartSchema) }
    migrator.registerMigration("3") { try $0.execute(sql: OutboxTable.schema) }
    migrator.registerMigration("4") { try $0.execute(sql: EntryTable.ownerSchema) }
    return migrator
  }
}
