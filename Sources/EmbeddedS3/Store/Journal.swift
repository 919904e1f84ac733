import Foundation
import Glibc

/// The append-only index of a data folder: one JSON line per change.
///
/// A line is written in one call before the change is seen by anybody, so a killed server finds at its next start
/// every change that it had acknowledged. It is not synced to the disk: power loss may cost the newest changes.
final class Journal: Sendable {
  private let path: String
  private let descriptor: CInt

  /// Opens the journal at `path` for appending, replacing its lines by `records`, which is what is left of them.
  init(path: String, compactedTo records: [JournalRecord]) throws {
    let temporary = "\(path).new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw BlobError(path: temporary, step: "create", errno: errno) }
    self.path = path
    self.descriptor = descriptor
    try self.append(records)
    guard rename(temporary, path) == 0 else { throw BlobError(path: path, step: "replace", errno: errno) }
  }

  deinit {
    close(self.descriptor)
  }

  func append(_ records: [JournalRecord]) throws {
    let encoder = JSONEncoder()
    var lines = Data()
    for record in records {
      lines.append(try encoder.encode(record))
      lines.append(UInt8(ascii: "\n"))
    }
    try lines.withUnsafeBytes { try writeFully(self.descriptor, $0, path: self.path) }
  }

  /// The records of an earlier run. A last line without its end is what a kill cut off; nobody was told of it.
  static func read(path: String) throws -> [JournalRecord] {
    guard let data = FileManager.default.contents(atPath: path) else { return [] }
    let decoder = JSONDecoder()
    let complete = data.prefix(through: data.lastIndex(of: UInt8(ascii: "\n")) ?? data.startIndex - 1)
    return try complete.split(separator: UInt8(ascii: "\n")).map { line in
      do {
        return try decoder.decode(JournalRecord.self, from: line)
      } catch {
        throw EmbeddedS3Error.damagedData(
          "\(path) is damaged: remove the data folder to start with an empty store", cause: error)
      }
    }
  }
}
