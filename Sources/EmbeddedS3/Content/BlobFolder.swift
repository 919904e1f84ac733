import Glibc
import NIOConcurrencyHelpers

/// The folder of numbered body files. Numbers are never used twice, so odd keys cannot matter.
final class BlobFolder: Sendable {
  let path: String
  private let state: NIOLockedValueBox<State>

  private struct State {
    var next: UInt64 = 1
    var isClosed = false
  }

  /// Creates the folder if it is not there.
  init(path: String) throws {
    self.path = path
    self.state = NIOLockedValueBox(State())
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
      throw BlobError(path: path, step: "create", errno: errno)
    }
  }

  var isClosed: Bool { self.state.withLockedValue { $0.isClosed } }

  /// From now on files stay when their last reference goes.
  func close() {
    self.state.withLockedValue { $0.isClosed = true }
  }

  /// A new file's handle; the file itself does not exist yet.
  func create() -> BlobFile {
    let number = self.state.withLockedValue { state in
      defer { state.next += 1 }
      return state.next
    }
    return self.file(number)
  }

  /// The handle of an existing file; later new files get higher numbers.
  func adopt(_ number: UInt64) -> BlobFile {
    self.state.withLockedValue { $0.next = max($0.next, number + 1) }
    return self.file(number)
  }

  private func file(_ number: UInt64) -> BlobFile {
    BlobFile(number: number, path: "\(self.path)/\(number)", folder: self)
  }

  /// Removes the files that `numbers` does not name: bodies of requests that were cut off by a crash.
  func removeAll(except numbers: Set<UInt64>) throws {
    guard let directory = opendir(self.path) else { throw BlobError(path: self.path, step: "read", errno: errno) }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard let number = UInt64(name) else { continue }
      self.state.withLockedValue { $0.next = max($0.next, number + 1) }
      if !numbers.contains(number) { unlink("\(self.path)/\(name)") }
    }
  }
}
