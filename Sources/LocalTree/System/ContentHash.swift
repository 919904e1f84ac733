internal import CLinux
internal import Checksums
internal import SyncModel

extension Descriptor {
  /// Reads the whole file, or so many bytes of it.
  func fingerprint(upTo end: Int64 = .max) throws -> Fingerprint {
    var crc = CRC64NVME()
    let size = try forEachChunk(upTo: end) { chunk, _ in crc.update(chunk) }
    return Fingerprint(size: size, crc64: crc.value)
  }

  /// Reads from the start to the end, or to `end`; returns the length.
  @discardableResult
  func forEachChunk(upTo end: Int64 = .max, _ body: (UnsafeRawBufferPointer, _ offset: Int64) throws -> Void) throws
    -> Int64
  {
    let capacity = min(1 << 20, max(4096, Int(clamping: try status().size) + 1))
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 4096)
    defer { buffer.deallocate() }
    var offset: Int64 = 0
    while true {
      let room = min(buffer.count, Int(clamping: end - offset))
      let count = try read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<room]))
      if count > 0 { try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]), offset) }
      offset += Int64(count)
      if count < room || offset == end { return offset }
    }
  }
}

extension Fingerprint {
  init(of bytes: [UInt8]) {
    self.init(size: Int64(bytes.count), crc64: bytes.withUnsafeBytes { CRC64NVME.checksum($0) })
  }
}
