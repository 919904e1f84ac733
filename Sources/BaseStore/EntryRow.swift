import GRDB
import GRDBSQLite
import SyncEngine
import SyncModel

/// A record as columns. The order is that of `EntryTable.columns`.
enum EntryRow {
  static let placeholders = Array(repeating: "?", count: 21).joined(separator: ",")

  private static let provisional: Int64 = 1
  private static let localChanged: Int64 = 2
  private static let apart: Int64 = 4

  static func arguments(_ entry: BaseEntry, revision: Int64) -> StatementArguments {
    let local = entry.local
    let flags =
      (entry.isProvisional ? provisional : 0) | (entry.isLocalChanged ? localChanged : 0)
      | (entry.isApart ? apart : 0)
    return [
      entry.path.string, local.kind.rawValue, revision,
      Int64(bitPattern: local.mount.value), Int64(bitPattern: local.inode), local.size, local.modified.nanoseconds,
      local.changed.nanoseconds, local.mode, flags,
      entry.remote?.etag, entry.remote?.size, entry.remote?.lastModified.nanoseconds, entry.remote?.versionID,
      entry.fingerprint?.size, (entry.fingerprint?.crc64).map { Int64(bitPattern: $0) },
      entry.metadata.kind.rawValue, entry.metadata.mode, entry.metadata.modified?.nanoseconds,
      local.owner?.packed, entry.metadata.owner?.packed,
    ]
  }

  /// - Parameter statement: at the row.
  static func decode(_ statement: SQLiteStatement) throws -> BaseRecord {
    let fields = RowFields(statement: statement)
    let path = RelativePath(unchecked: try fields.text(0))
    let revision = try fields.integer(2)
    let rawKind = try fields.integer(1)
    if rawKind == EntryTable.tombstone { return .tombstone(path, revision: revision) }
    let local = LocalStamp(
      kind: try fields.kind(1), mount: MountID(UInt64(bitPattern: try fields.integer(3))),
      inode: UInt64(bitPattern: try fields.integer(4)), size: try fields.integer(5),
      modified: Timestamp(nanoseconds: try fields.integer(6)), changed: Timestamp(nanoseconds: try fields.integer(7)),
      mode: UInt32(truncatingIfNeeded: try fields.integer(8)),
      owner: try fields.integerIfAny(19).map(Owner.init(packed:)))
    let metadata = EntryMetadata(
      kind: try fields.kind(16), mode: try fields.integerIfAny(17).map(UInt32.init(truncatingIfNeeded:)),
      modified: try fields.integerIfAny(18).map(Timestamp.init(nanoseconds:)),
      owner: try fields.integerIfAny(20).map(Owner.init(packed:)))
    let flags = try fields.integer(9)
    return .entry(
      BaseEntry(
        path: path, local: local, remote: try remoteStamp(fields), fingerprint: try fingerprint(fields),
        metadata: metadata, isProvisional: flags & provisional != 0, isLocalChanged: flags & localChanged != 0,
        isApart: flags & apart != 0, revision: revision))
  }

  private static func remoteStamp(_ fields: RowFields) throws -> RemoteStamp? {
    guard let etag = try fields.textIfAny(10) else { return nil }
    return RemoteStamp(
      etag: etag, size: try fields.integer(11), lastModified: Timestamp(nanoseconds: try fields.integer(12)),
      versionID: try fields.textIfAny(13))
  }

  private static func fingerprint(_ fields: RowFields) throws -> Fingerprint? {
    guard let size = try fields.integerIfAny(14) else { return nil }
    return Fingerprint(size: size, crc64: UInt64(bitPattern: try fields.integer(15)))
  }
}

extension Owner {
  fileprivate init(packed: Int64) {
    self.init(user: UInt32(truncatingIfNeeded: packed >> 32), group: UInt32(truncatingIfNeeded: packed))
  }

  fileprivate var packed: Int64 { Int64(bitPattern: UInt64(user) << 32 | UInt64(group)) }
}

/// Reads columns without trusting them: GRDB's subscripts trap on a value of another type, which a
/// damaged file may hold, and its values take most of the time of a pass over the rows.
private struct RowFields {
  var statement: SQLiteStatement

  func integerIfAny(_ column: Int) throws -> Int64? {
    switch sqlite3_column_type(statement, Int32(column)) {
    case SQLITE_INTEGER: return sqlite3_column_int64(statement, Int32(column))
    case SQLITE_NULL: return nil
    default: throw mismatch(column)
    }
  }

  func integer(_ column: Int) throws -> Int64 {
    guard let value = try integerIfAny(column) else { throw mismatch(column) }
    return value
  }

  func textIfAny(_ column: Int) throws -> String? {
    switch sqlite3_column_type(statement, Int32(column)) {
    case SQLITE_TEXT:
      // Before its length: sqlite.org/c3ref/column_blob.html.
      guard let text = sqlite3_column_text(statement, Int32(column)) else { throw mismatch(column) }
      let length = Int(sqlite3_column_bytes(statement, Int32(column)))
      return String(decoding: UnsafeBufferPointer(start: text, count: length), as: UTF8.self)
    case SQLITE_NULL: return nil
    default: throw mismatch(column)
    }
  }

  func text(_ column: Int) throws -> String {
    guard let value = try textIfAny(column) else { throw mismatch(column) }
    return value
  }

  func kind(_ column: Int) throws -> EntryKind {
    guard let raw = UInt8(exactly: try integer(column)), let kind = EntryKind(rawValue: raw) else {
      throw mismatch(column)
    }
    return kind
  }

  private func mismatch(_ column: Int) -> DatabaseError {
    DatabaseError(resultCode: .SQLITE_CORRUPT, message: "column \(column) of a base entry has an unexpected value")
  }
}
