import Glibc

/// The few file calls that the state directory needs; blocking, before anything is in a hurry.
enum FileCalls {
  /// The text of the last failed call.
  static var lastError: String { String(cString: strerror(errno)) }

  static func status(_ path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }

  static func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  static func isDirectory(_ path: String) -> Bool {
    status(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
  }

  /// Throws where files cannot be made in an existing directory; what is not there is told of elsewhere.
  static func checkWritable(_ path: String) throws(MartletError) {
    guard access(path, R_OK | W_OK | X_OK) != 0, errno == EACCES || errno == EROFS else { return }
    throw MartletError(
      .root, "the folder “\(path)” cannot be read and written (\(lastError)): change its mode, owner or mount")
  }

  /// Creates the directory and its missing parents with this mode; an existing one is left as it is.
  static func makeDirectories(_ path: String, mode: mode_t) -> Bool {
    if isDirectory(path) { return true }
    if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
      guard makeDirectories(String(path[..<slash]), mode: mode) else { return false }
    }
    return mkdir(path, mode) == 0 || errno == EEXIST && isDirectory(path)
  }

  /// A small text file; nil where there is none.
  static func readText(_ path: String, limit: Int = 64 * 1024) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { Glibc.close(file) }
    var bytes = [UInt8](repeating: 0, count: limit)
    let count = read(file, &bytes, limit)
    return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
  }

  /// Replaces a small text file in one step.
  static func writeText(_ text: String, to path: String) -> Bool {
    let temporary = path + ".new"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { return false }
    let bytes = Array(text.utf8)
    let isWritten = write(file, bytes, bytes.count) == bytes.count
    let isClosed = Glibc.close(file) == 0
    guard isWritten, isClosed, rename(temporary, path) == 0 else {
      unlink(temporary)
      return false
    }
    return true
  }

  /// The absolute path without links; nil where it does not exist.
  static func resolved(_ path: String) -> String? {
    guard let buffer = realpath(path, nil) else { return nil }
    defer { free(buffer) }
    return String(cString: buffer)
  }

  static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    guard let buffer = getcwd(nil, 0) else { return path }
    defer { free(buffer) }
    return String(cString: buffer) + "/" + path
  }

  static var hostName: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "node" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
