internal import Glibc

/// Small files, read anew each time.
enum TextFile {
  /// Nil when there is no such file.
  /// - Parameter ifReachable: nil as well where this user may not enter its folder, such as another user's home.
  /// - Throws: ``CredentialError`` with the path when it cannot be read or is longer than a megabyte.
  static func read(_ path: String, ifReachable: Bool = false) throws(CredentialError) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      let failure = failure(path)
      var status = stat()
      if ifReachable, errno == EACCES, stat(path, &status) != 0 { return nil }
      throw failure
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw failure(path) }
      if count == 0 { break }
      bytes += buffer[..<count]
      guard bytes.count <= 1 << 20 else { throw CredentialError("cannot read \(path): it is longer than 1 MiB") }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CredentialError("cannot read \(path): it is not UTF-8")
    }
    return text
  }

  private static func failure(_ path: String) -> CredentialError {
    CredentialError("cannot read \(path): \(String(cString: strerror(errno)))")
  }
}
