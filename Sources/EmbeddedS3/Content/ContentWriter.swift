import Glibc
import NIOCore

/// Takes the bytes of one body as they arrive and turns them into ``Content``.
///
/// In memory a body becomes segments of 1 MiB, in a folder one file. Writes to the file go to the page cache at the speed
/// of memory; a thread hop for each would cost more than it saves on a loopback server.
struct ContentWriter: ~Copyable {
  private static let segmentSize = 1 << 20

  private var segments: [Content.Segment] = []
  private var tail = ByteBuffer()
  private var remaining: Int?
  private var file: OpenFile?
  private var size = 0

  private struct OpenFile {
    var blob: BlobFile
    var descriptor: CInt
  }

  /// - Parameter expectedSize: the body's size where it is known, so that nothing is allocated in vain.
  init(folder: BlobFolder?, expectedSize: Int?) throws {
    self.remaining = expectedSize
    guard let folder else { return }
    let blob = folder.create()
    let descriptor = open(blob.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw BlobError(path: blob.path, step: "create", errno: errno) }
    self.file = OpenFile(blob: blob, descriptor: descriptor)
  }

  deinit {
    if let file { close(file.descriptor) }
  }

  mutating func write(_ buffer: ByteBuffer) throws {
    self.size += buffer.readableBytes
    if let file {
      try buffer.withUnsafeReadableBytes { try writeFully(file.descriptor, $0, path: file.blob.path) }
      return
    }
    var buffer = buffer
    while buffer.readableBytes > 0 {
      if self.tail.capacity == 0 {
        let capacity = min(self.remaining ?? Self.segmentSize, Self.segmentSize)
        self.tail = ByteBufferAllocator().buffer(capacity: max(capacity, buffer.readableBytes.clamped(to: 1...4096)))
      }
      let room = max(Self.segmentSize - self.tail.readableBytes, 1)
      if var slice = buffer.readSlice(length: min(room, buffer.readableBytes)) {
        self.remaining = self.remaining.map { max($0 - slice.readableBytes, 0) }
        self.tail.writeBuffer(&slice)
      }
      if self.tail.readableBytes >= Self.segmentSize { self.flush() }
    }
  }

  private mutating func flush() {
    self.segments.append(.memory(self.tail))
    self.tail = ByteBuffer()
  }

  consuming func finish() -> Content {
    if let file { return Content(segments: [.file(file.blob, offset: 0, length: self.size)]) }
    self.flush()
    return Content(segments: self.segments)
  }
}

extension Int {
  fileprivate func clamped(to range: ClosedRange<Int>) -> Int {
    Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
  }
}

/// Writes all bytes, however many calls it takes.
func writeFully(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, path: String) throws {
  var done = 0
  while done < bytes.count {
    let count = write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
    if count < 0 {
      if errno == EINTR { continue }
      throw BlobError(path: path, step: "write", errno: errno)
    }
    done += count
  }
}
