import GRDB
import SyncEngine
import SyncModel

/// Base entries and tombstones, clustered by path.
///
/// Paths are TEXT with SQLite's BINARY collation: `memcmp` over UTF-8, which is the tree's order.
enum EntryTable {
  static let schema = """
    CREATE TABLE entry (
      path TEXT NOT NULL COLLATE BINARY PRIMARY KEY,
      -- 0: tombstone, else EntryKind
      kind INTEGER NOT NULL,
      revision INTEGER NOT NULL,
      mount INTEGER, inode INTEGER, size INTEGER, modified INTEGER, changed INTEGER, mode INTEGER,
      -- bit 0: provisional, bit 1: local content changed, bit 2: left apart
      flags INTEGER,
      etag TEXT, remoteSize INTEGER, lastModified INTEGER, versionID TEXT,
      contentSize INTEGER, crc64 INTEGER,
      metadataKind INTEGER, metadataMode INTEGER, metadataModified INTEGER
    ) WITHOUT ROWID;
    CREATE INDEX entryByInode ON entry (inode, mount) WHERE kind <> 0;
    CREATE INDEX tombstoneByRevision ON entry (revision) WHERE kind = 0;
    """

  /// A condition of the index must be repeated by its query, to the letter.
  private static let isApart = "flags & 4 <> 0"

  static let apartSchema = "CREATE INDEX entryApart ON entry (path) WHERE \(isApart);"

  /// User and group, each 32 bits: of the local stamp, and as the object carries it.
  static let ownerSchema = """
    ALTER TABLE entry ADD COLUMN owner INTEGER;
    ALTER TABLE entry ADD COLUMN metadataOwner INTEGER;
    """

  // MARK: Reading

  private static let columns = """
    path, kind, revision, mount, inode, size, modified, changed, mode, flags, etag, remoteSize, lastModified, \
    versionID, contentSize, crc64, metadataKind, metadataMode, metadataModified, owner, metadataOwner
    """

  static func record(_ path: RelativePath, in database: Database) throws -> BaseRecord? {
    let statement = try database.cachedStatement(sql: "SELECT \(columns) FROM entry WHERE path = ?")
    return try decodeAll(statement, [path.string]).first
  }

  static func records(after path: RelativePath?, limit: Int, in database: Database) throws -> [BaseRecord] {
    let comparison = path == nil ? ">=" : ">"
    let statement = try database.cachedStatement(
      sql: "SELECT \(columns) FROM entry WHERE path \(comparison) ? ORDER BY path LIMIT ?")
    return try decodeAll(statement, [path?.string ?? "", limit])
  }

  static func entries(
    below directory: RelativePath, after path: RelativePath?, limit: Int, in database: Database
  ) throws -> [BaseEntry] {
    let prefix = RelativePath(unchecked: directory.asDirectoryPrefix)
    let start = max(path ?? prefix, prefix).string
    if directory.isRoot {
      let statement = try database.cachedStatement(
        sql: "SELECT \(columns) FROM entry WHERE path > ? AND kind <> 0 ORDER BY path LIMIT ?")
      return try decodeAll(statement, [start, limit]).compactMap(\.entry)
    }
    // Everything that starts with “directory/” sorts before “directory0”: `0` follows `/` in ASCII.
    let end = directory.asLeaf.string + "0"
    let statement = try database.cachedStatement(
      sql: "SELECT \(columns) FROM entry WHERE path > ? AND path < ? AND kind <> 0 ORDER BY path LIMIT ?")
    return try decodeAll(statement, [start, end, limit]).compactMap(\.entry)
  }

  static func entries(mount: MountID, inode: UInt64, in database: Database) throws -> [BaseEntry] {
    let statement = try database.cachedStatement(
      sql: "SELECT \(columns) FROM entry WHERE inode = ? AND mount = ? AND kind <> 0 ORDER BY path")
    let arguments: StatementArguments = [Int64(bitPattern: inode), Int64(bitPattern: mount.value)]
    return try decodeAll(statement, arguments).compactMap(\.entry)
  }

  /// Only the rows that count are read.
  static func leftApart(limit: Int, in database: Database) throws -> (count: Int, first: [RelativePath]) {
    let counting = try database.cachedStatement(sql: "SELECT count(*) FROM entry WHERE \(isApart)")
    let count = try Int.fetchOne(counting) ?? 0
    if count == 0 { return (0, []) }
    let statement = try database.cachedStatement(
      sql: "SELECT path FROM entry WHERE \(isApart) ORDER BY path LIMIT ?")
    return (count, try String.fetchAll(statement, arguments: [limit]).map(RelativePath.init(unchecked:)))
  }

  private static func decodeAll(_ statement: Statement, _ arguments: StatementArguments) throws -> [BaseRecord] {
    let cursor = try Row.fetchCursor(statement, arguments: arguments)
    var records: [BaseRecord] = []
    while try cursor.next() != nil { records.append(try EntryRow.decode(statement.sqliteStatement)) }
    return records
  }

  // MARK: Writing

  static func write(_ entry: BaseEntry, in database: Database, _ counters: inout Counters) throws {
    let previous = try kind(of: entry.path, in: database)
    let statement = try database.cachedStatement(
      sql: "INSERT OR REPLACE INTO entry (\(columns)) VALUES (\(EntryRow.placeholders))")
    try statement.execute(arguments: EntryRow.arguments(entry, revision: counters.revision))
    counters.leaves += leaves(Int64(entry.local.kind.rawValue)) - leaves(previous)
  }

  static func writeIfAbsent(_ entry: BaseEntry, in database: Database, _ counters: inout Counters) throws {
    if let previous = try kind(of: entry.path, in: database), previous != tombstone { return }
    try write(entry, in: database, &counters)
  }

  /// Leaves a tombstone also where there was no entry: the path changed at this revision.
  static func bury(_ path: RelativePath, in database: Database, _ counters: inout Counters) throws {
    let previous = try kind(of: path, in: database)
    let statement = try database.cachedStatement(
      sql: "INSERT OR REPLACE INTO entry (path, kind, revision) VALUES (?, \(tombstone), ?)")
    try statement.execute(arguments: [path.string, counters.revision])
    counters.leaves -= leaves(previous)
  }

  /// Drops a bounded number; true if there may be more.
  static func dropTombstones(through revision: Int64, in database: Database) throws -> Bool {
    let chunk = 10_000
    let statement = try database.cachedStatement(
      sql: """
        DELETE FROM entry WHERE path IN
          (SELECT path FROM entry WHERE kind = \(tombstone) AND revision <= ? LIMIT \(chunk))
        """)
    try statement.execute(arguments: [revision])
    return database.changesCount == chunk
  }

  static let tombstone: Int64 = 0

  private static func kind(of path: RelativePath, in database: Database) throws -> Int64? {
    let statement = try database.cachedStatement(sql: "SELECT kind FROM entry WHERE path = ?")
    return try Int64.fetchOne(statement, arguments: [path.string])
  }

  private static func leaves(_ kind: Int64?) -> Int {
    kind == Int64(EntryKind.file.rawValue) || kind == Int64(EntryKind.symlink.rawValue) ? 1 : 0
  }
}
