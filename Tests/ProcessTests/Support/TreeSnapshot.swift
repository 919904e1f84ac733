import Checksums
import Foundation

/// A path as the bytes it is made of: strings that look alike are not the same name.
struct PathKey: Hashable, Comparable, CustomStringConvertible {
  let bytes: [UInt8]

  init(_ path: String) { bytes = Array(path.utf8) }

  static func < (left: Self, right: Self) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  var description: String {
    text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? $0.escaped(asASCII: true) : String($0) }.joined()
  }
}

/// What a folder holds, as far as it has to be the same on every node.
struct TreeSnapshot {
  enum Content: Hashable {
    case file(size: Int64, crc64: UInt64)
    case link(target: [UInt8])
    case directory
    case unreadable
    case other
  }

  struct Entry: Hashable, CustomStringConvertible {
    var content: Content
    /// Of files only.
    var mode: UInt32 = 0
    /// Of files only.
    var microseconds: Int64 = 0

    var description: String {
      switch content {
      case .file(let size, let crc):
        "file of \(size) bytes, crc \(String(crc, radix: 16)), mode \(String(mode, radix: 8)), mtime \(microseconds)"
      case .link(let target): "link to \(String(decoding: target, as: UTF8.self))"
      case .directory: "directory"
      case .unreadable: "unreadable file"
      case .other: "neither file, link nor directory"
      }
    }
  }

  var entries: [PathKey: Entry] = [:]

  /// - Parameters:
  ///   - root: what Martlet keeps for itself in it, or at the top of mounts in it, does not count.
  ///   - reading: false takes sizes for contents.
  init(_ root: String, reading: Bool = true) {
    for name in names(in: root) { add(root, name, reading) }
  }

  private mutating func add(_ root: String, _ relative: String, _ reading: Bool) {
    let path = root + "/" + relative
    var status = stat()
    guard !relative.hasSuffix("/.martlet"), relative != ".martlet", lstat(path, &status) == 0 else { return }
    switch status.st_mode & S_IFMT {
    case S_IFDIR:
      entries[PathKey(relative)] = Entry(content: .directory)
      for name in names(in: path) { add(root, relative + "/" + name, reading) }
    case S_IFLNK:
      entries[PathKey(relative)] = Entry(content: .link(target: linkTarget(path)))
    case S_IFREG:
      let crc: UInt64? = reading ? checksum(path) : 0
      entries[PathKey(relative)] = Entry(
        content: crc.map { .file(size: Int64(status.st_size), crc64: $0) } ?? .unreadable,
        mode: status.st_mode & 0o7777,
        microseconds: Int64(status.st_mtim.tv_sec) * 1_000_000 + Int64(status.st_mtim.tv_nsec) / 1000)
    default:
      entries[PathKey(relative)] = Entry(content: .other)
    }
  }

  subscript(path: String) -> Entry? { entries[PathKey(path)] }

  /// Without some paths and what is below them.
  func without(_ paths: [String]) -> TreeSnapshot {
    var copy = self
    copy.entries = entries.filter { key, _ in
      !paths.contains { key.bytes == Array($0.utf8) || key.bytes.starts(with: Array("\($0)/".utf8)) }
    }
    return copy
  }

  /// Without directories, modes and times.
  var onlyContents: TreeSnapshot {
    var copy = self
    copy.entries = entries.filter { $1.content != .directory }.mapValues { Entry(content: $0.content) }
    return copy
  }

  var fileCount: Int {
    entries.values.count { entry in if case .file = entry.content { true } else { false } }
  }

  /// Every content of a file.
  var contents: Set<Content> { Set(entries.values.map(\.content)) }

  /// Nil where the two are the same, else the first differences.
  func difference(from other: TreeSnapshot, names: (String, String) = ("first", "second")) -> String? {
    var lines: [String] = []
    for path in Set(entries.keys).union(other.entries.keys).sorted() where entries[path] != other.entries[path] {
      let (mine, theirs) = (entries[path], other.entries[path])
      lines.append(
        "\(path): \(names.0) \(mine.map { "\($0)" } ?? "has nothing"), \(names.1) \(theirs.map { "\($0)" } ?? "has nothing")"
      )
    }
    guard !lines.isEmpty else { return nil }
    return "\(lines.count) differences: " + lines.prefix(12).joined(separator: "; ")
  }
}

/// The CRC64NVME of a file's content, nil where it cannot be read.
func checksum(_ path: String) -> UInt64? {
  let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
  guard file >= 0 else { return nil }
  defer { close(file) }
  var crc = CRC64NVME()
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
  defer { buffer.deallocate() }
  while true {
    let count = read(file, buffer.baseAddress, buffer.count)
    guard count >= 0 else { return nil }
    if count == 0 { return crc.value }
    crc.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
  }
}

/// As of a file with this content.
func content(_ bytes: some Sequence<UInt8>) -> TreeSnapshot.Content {
  let bytes = Array(bytes)
  return .file(size: Int64(bytes.count), crc64: bytes.withUnsafeBytes { CRC64NVME.checksum($0) })
}
