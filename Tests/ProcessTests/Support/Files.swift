import Foundation

/// Writes a file as most programs do: in place.
func write(_ path: String, _ text: String, append: Bool = false) throws {
  try write(path, Array(text.utf8), append: append)
}

func write(_ path: String, _ bytes: [UInt8], append: Bool = false) throws {
  let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
  if access(folder, F_OK) != 0 { try makeFolder(folder) }
  let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC), 0o644)
  guard file >= 0 else { throw FileFailure("open", path) }
  defer { close(file) }
  var offset = 0
  while offset < bytes.count {
    let count = bytes.withUnsafeBytes { write(file, $0.baseAddress! + offset, bytes.count - offset) }
    guard count > 0 else { throw FileFailure("write", path) }
    offset += count
  }
}

func makeFolder(_ path: String) throws {
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
}

func move(_ from: String, _ to: String) throws {
  guard rename(from, to) == 0 else { throw FileFailure("rename", from) }
}

func remove(_ path: String) throws {
  guard unlink(path) == 0 else { throw FileFailure("unlink", path) }
}

func link(_ path: String, to target: String) throws {
  guard symlink(target, path) == 0 else { throw FileFailure("symlink", path) }
}

/// Empty where it is no link.
func linkTarget(_ path: String) -> [UInt8] {
  var buffer = [CChar](repeating: 0, count: 4096)
  let length = readlink(path, &buffer, buffer.count)
  return buffer.prefix(max(0, length)).map(UInt8.init(bitPattern:))
}

func exists(_ path: String) -> Bool {
  var status = stat()
  return lstat(path, &status) == 0
}

/// Nil where there is no such file.
func read(_ path: String) -> [UInt8]? { FileManager.default.contents(atPath: path).map(Array.init) }

func text(_ path: String) -> String? { read(path).map { String(decoding: $0, as: UTF8.self) } }

struct FileFailure: Error, CustomStringConvertible {
  let description: String

  init(_ call: String, _ path: String) { description = "\(call) \(path): \(String(cString: strerror(errno)))" }
}

/// Bytes that no two seeds share and no compressor shrinks.
func noise(_ count: Int, seed: UInt64) -> [UInt8] {
  var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
  var bytes = [UInt8](repeating: 0, count: count)
  bytes.withUnsafeMutableBytes { buffer in
    var offset = 0
    while offset < count {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      withUnsafeBytes(of: state) { word in
        let length = min(8, count - offset)
        buffer.baseAddress!.advanced(by: offset).copyMemory(from: word.baseAddress!, byteCount: length)
      }
      offset += 8
    }
  }
  return bytes
}
