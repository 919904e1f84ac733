import Glibc
import NIOConcurrencyHelpers
import NIOCore

/// A numbered file in the data folder that holds the bytes of one body.
///
/// The file is unlinked when the last version, part or reply that refers to it is gone, unless its folder was closed
/// meanwhile: then the bytes stay for the next start.
final class BlobFile: Sendable {
  let number: UInt64
  let path: String
  private let folder: BlobFolder

  init(number: UInt64, path: String, folder: BlobFolder) {
    self.number = number
    self.path = path
    self.folder = folder
  }

  deinit {
    if !self.folder.isClosed { unlink(self.path) }
  }

  /// Reads exactly `length` bytes from `offset` on. Blocks.
  func read(offset: Int, length: Int) throws -> ByteBuffer {
    let descriptor = open(self.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw BlobError(path: self.path, step: "open", errno: errno) }
    defer { close(descriptor) }
    var buffer = ByteBufferAllocator().buffer(capacity: length)
    while buffer.readableBytes < length {
      let position = offset + buffer.readableBytes
      var failure: Int32 = 0
      let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: length - buffer.readableBytes) { bytes in
        let wanted = min(bytes.count, length - (position - offset))
        let count = pread(descriptor, bytes.baseAddress, wanted, off_t(position))
        if count < 0 { failure = errno }
        return max(count, 0)
      }
      if failure == EINTR { continue }
      guard count > 0 else { throw BlobError(path: self.path, step: "read", errno: failure) }
    }
    return buffer
  }
}

/// A failed call on a file of the data folder.
struct BlobError: Error, CustomStringConvertible {
  var path: String
  var step: String
  var errno: Int32

  var description: String {
    "cannot \(self.step) \(self.path): \(self.errno == 0 ? "file too short" : String(cString: strerror(self.errno)))"
  }
}
