import GRDB
import SyncModel

/// Changes of the bucket that other nodes have not been told of, by path.
enum OutboxTable {
  static let schema = """
    CREATE TABLE outbox (path TEXT NOT NULL COLLATE BINARY PRIMARY KEY, place INTEGER NOT NULL, number INTEGER NOT NULL)
    WITHOUT ROWID;
    """

  static func write(_ row: JournalOutbox.Row, in database: Database) throws {
    try database.cachedStatement(sql: "INSERT OR REPLACE INTO outbox VALUES (?, ?, ?)")
      .execute(arguments: [row.path.string, row.place.rawValue, row.number])
  }

  /// A row that was written later stays.
  static func delete(_ rows: [JournalOutbox.Row], in database: Database) throws {
    let statement = try database.cachedStatement(sql: "DELETE FROM outbox WHERE path = ? AND number <= ?")
    for row in rows { try statement.execute(arguments: [row.path.string, row.number]) }
  }

  static func all(in database: Database) throws -> [JournalOutbox.Row] {
    let statement = try database.cachedStatement(sql: "SELECT path, place, number FROM outbox ORDER BY number")
    return try Row.fetchAll(statement).map { row in
      JournalOutbox.Row(
        path: RelativePath(unchecked: row[0]), place: JournalNews.Place(rawValue: row[1]) ?? .written, number: row[2])
    }
  }
}
