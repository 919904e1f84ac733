import FoundationEssentials
import GRDB
import SyncEngine
import SyncModel

/// The one row of counters.
enum CounterTable {
  static let schema = """
    CREATE TABLE counters (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, leaves INTEGER NOT NULL);
    INSERT INTO counters VALUES (1, 0, 0);
    """

  static func read(_ database: Database) throws -> Counters {
    guard let row = try Row.fetchOne(database, sql: "SELECT revision, leaves FROM counters WHERE id = 1") else {
      throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "the row of counters is missing")
    }
    return Counters(revision: row[0], leaves: row[1])
  }

  static func write(_ counters: Counters, in database: Database) throws {
    let statement = try database.cachedStatement(sql: "UPDATE counters SET revision = ?, leaves = ? WHERE id = 1")
    try statement.execute(arguments: [counters.revision, counters.leaves])
  }
}

/// Open intents as JSON, in the order in which they were first written.
enum IntentTable {
  static let schema = """
    CREATE TABLE intent (sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL);
    """

  static func write(_ intent: Intent, in database: Database) throws {
    let body = String(decoding: try JSONEncoder().encode(intent), as: UTF8.self)
    let statement = try database.cachedStatement(
      sql: "INSERT INTO intent (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body")
    try statement.execute(arguments: [intent.id.value, body])
  }

  static func delete(_ id: Intent.ID, in database: Database) throws {
    try database.cachedStatement(sql: "DELETE FROM intent WHERE id = ?").execute(arguments: [id.value])
  }

  static func all(in database: Database) throws -> [Intent] {
    let statement = try database.cachedStatement(sql: "SELECT body FROM intent ORDER BY sequence")
    let decoder = JSONDecoder()
    return try String.fetchAll(statement).map { try decoder.decode(Intent.self, from: Data($0.utf8)) }
  }
}

/// Dirty paths that did not fit in memory, each once.
enum SpillTable {
  static let schema = "CREATE TABLE spilled (path TEXT NOT NULL COLLATE BINARY PRIMARY KEY) WITHOUT ROWID;"

  static func insert(_ paths: [RelativePath], in database: Database) throws {
    let statement = try database.cachedStatement(sql: "INSERT OR IGNORE INTO spilled VALUES (?)")
    for path in paths { try statement.execute(arguments: [path.string]) }
  }

  static func take(limit: Int, in database: Database) throws -> [RelativePath] {
    let select = try database.cachedStatement(sql: "SELECT path FROM spilled ORDER BY path LIMIT ?")
    let paths = try String.fetchAll(select, arguments: [limit])
    guard let last = paths.last else { return [] }
    try database.cachedStatement(sql: "DELETE FROM spilled WHERE path <= ?").execute(arguments: [last])
    return paths.map(RelativePath.init(unchecked:))
  }
}

/// Small values by name: node id, root id, what the server was found to be able to do.
enum ValueTable {
  static let schema = "CREATE TABLE value (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"

  static func value(_ key: String, in database: Database) throws -> String? {
    try String.fetchOne(database.cachedStatement(sql: "SELECT value FROM value WHERE key = ?"), arguments: [key])
  }

  static func set(_ value: String?, for key: String, in database: Database) throws {
    if let value {
      try database.cachedStatement(sql: "INSERT OR REPLACE INTO value VALUES (?, ?)").execute(arguments: [key, value])
    } else {
      try database.cachedStatement(sql: "DELETE FROM value WHERE key = ?").execute(arguments: [key])
    }
  }
}
