import GRDB

/// Why the base database could not be opened, read or written.
package struct BaseStoreError: Error, CustomStringConvertible {
  package enum Code: Hashable, Sendable {
    /// The file is not a database, or its pages contradict each other.
    case damaged
    /// A newer version of Martlet wrote it.
    case newer
    /// Another process has it open.
    case locked
    case noSpace
    /// Permissions, a read-only or failing disk.
    case inputOutput
  }

  package var code: Code
  /// Names the file and says what to do.
  package var message: String
  package var cause: (any Error)?

  package var description: String { message }
}

extension BaseStoreError {
  init(_ error: any Error, path: String) {
    if let known = error as? BaseStoreError {
      self = known
      return
    }
    let code = Code(error)
    let reason = (error as? DatabaseError).map { $0.message ?? $0.resultCode.description } ?? "\(error)"
    self.init(code: code, message: "the base database \(path) \(code.explanation(reason))", cause: error)
  }

  static func newer(path: String) -> BaseStoreError {
    BaseStoreError(
      code: .newer,
      message: "the base database \(path) was written by a newer version of Martlet; run that version, or move the "
        + "file away to start from an empty base")
  }
}

extension BaseStoreError.Code {
  fileprivate init(_ error: any Error) {
    switch (error as? DatabaseError)?.resultCode {
    case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_SCHEMA, .SQLITE_ERROR: self = .damaged
    case .SQLITE_BUSY, .SQLITE_LOCKED: self = .locked
    case .SQLITE_FULL: self = .noSpace
    case .some: self = .inputOutput
    // Not from SQLite: a row or an intent that does not decode.
    case .none: self = .damaged
    }
  }

  fileprivate func explanation(_ reason: String) -> String {
    switch self {
    case .damaged, .newer:
      "is damaged (\(reason)); stop Martlet, move the file away together with its -wal and -shm files and start "
        + "again: what is equal on both sides is adopted, what differs is kept on both sides"
    case .locked: "is in use by another process (\(reason)); end that process and start again"
    case .noSpace: "cannot be written, the disk is full; free some space"
    case .inputOutput: "cannot be read or written (\(reason)); check the permissions of its folder and the disk"
    }
  }
}
