internal import CLinux
internal import Glibc
internal import SyncModel

/// The names of one directory in S3's order, in one buffer: a folder of a million files costs some
/// twenty bytes a name.
struct NameList {
  struct Entry {
    var offset: UInt32
    /// Includes the slash that ends a directory's name.
    var length: UInt16
    var isDirectory: Bool
  }

  private var bytes: [UInt8] = []
  private(set) var entries: [Entry] = []

  init(of directory: Descriptor) throws {
    try directory.forEachName { name, type in
      let isDirectory =
        type == UInt8(DT_DIR)
        || type == UInt8(DT_UNKNOWN)
          && (try? directory.status(of: String(decoding: name, as: UTF8.self)).kind) == .directory
      entries.append(
        Entry(offset: UInt32(bytes.count), length: UInt16(name.count + (isDirectory ? 1 : 0)), isDirectory: isDirectory)
      )
      bytes.append(contentsOf: name)
      if isDirectory { bytes.append(UInt8(ascii: "/")) }
      return true
    }
    bytes.withUnsafeBytes { bytes in
      entries.sort { left, right in
        let (l, r) = (Int(left.length), Int(right.length))
        let order = memcmp(bytes.baseAddress! + Int(left.offset), bytes.baseAddress! + Int(right.offset), min(l, r))
        return order < 0 || order == 0 && l < r
      }
    }
  }

  /// The name as bytes, a directory's with its slash.
  func withBytes<Result>(_ entry: Entry, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    try bytes.withUnsafeBufferPointer {
      try body(UnsafeBufferPointer(rebasing: $0[Int(entry.offset)..<Int(entry.offset) + Int(entry.length)]))
    }
  }
}
