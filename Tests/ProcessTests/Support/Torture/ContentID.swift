import Checksums
import Foundation

/// A content by what tells it from all others.
struct ContentID: Hashable, CustomStringConvertible {
  var size: Int64
  var crc64: UInt64

  static let empty = ContentID(size: 0, crc64: CRC64NVME.checksum(UnsafeRawBufferPointer(start: nil, count: 0)))

  var description: String { "\(String(crc64, radix: 16))/\(size)" }
}

/// A content as it grows.
struct GrowingContent {
  private var crc = CRC64NVME()
  private var size: Int64 = 0

  var id: ContentID { ContentID(size: size, crc64: crc.value) }

  mutating func append(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { crc.update($0) }
    size += Int64(bytes.count)
  }

  /// Goes on from what an open file holds; nil where it cannot be read.
  init?(reading file: Int32) {
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = pread(file, &buffer, buffer.count, off_t(size))
      guard count >= 0 else { return nil }
      if count == 0 { return }
      buffer.withUnsafeBytes { crc.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      size += Int64(count)
    }
  }

  init() {}
}

extension ContentID {
  /// Nil where it cannot be read.
  init?(of path: String) {
    let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    self.init(reading: file)
  }

  init?(reading file: Int32) {
    guard let content = GrowingContent(reading: file) else { return nil }
    self = content.id
  }
}
