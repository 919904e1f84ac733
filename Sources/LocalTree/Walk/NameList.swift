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

  /// - Parameter leadsToDirectory: Whether the link of a name counts as the directory that it leads to.
  init(of directory: Descriptor, leadsToDirectory: ((String) -> Bool)? = nil) throws {
    try directory.forEachName { name, type in
      var type = Int(type)
      if type == DT_UNKNOWN { type = Self.type(of: String(decoding: name, as: UTF8.self), in: directory) }
      let isDirectory =
        type == DT_DIR
        || type == DT_LNK && (leadsToDirectory.map { $0(String(decoding: name, as: UTF8.self)) } ?? false)
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

  private static func type(of name: String, in directory: Descriptor) -> Int {
    switch try? directory.status(of: name).kind {
    case .directory: Int(DT_DIR)
    case .symlink: Int(DT_LNK)
    default: Int(DT_REG)
    }
  }

  /// The name as bytes, a directory's with its slash.
  func withBytes<Result>(_ entry: Entry, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    try bytes.withUnsafeBufferPointer {
      try body(UnsafeBufferPointer(rebasing: $0[Int(entry.offset)..<Int(entry.offset) + Int(entry.length)]))
    }
  }
}
