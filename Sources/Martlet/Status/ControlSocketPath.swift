import Glibc

/// Where the control socket of a state directory is.
///
/// In the state directory; not every file system holds sockets: then it lies in a runtime folder, and `control.path` in
/// the state directory says where.
package struct ControlSocketPath: Sendable {
  /// Bytes of a socket's address. Linux takes 107 (unix(7)), NIO 103 as on macOS.
  static let longest = 103

  let stateDirectory: String

  var preferred: String { stateDirectory + "/control.sock" }

  /// What a socket is bound or connected to: its path, which where it is too long leads through a descriptor of the
  /// folder. That is to be closed afterwards.
  static func address(of path: String) -> (path: String, folder: CInt?) {
    guard path.utf8.count > longest, let slash = path.lastIndex(of: "/") else { return (path, nil) }
    let folder = open(String(path[..<slash]), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    return folder < 0 ? (path, nil) : ("/proc/self/fd/\(folder)\(path[slash...])", folder)
  }

  var pointer: String { stateDirectory + "/control.path" }

  /// In a folder of this user only; created here.
  func fallback() throws -> String {
    let user = getuid()
    let runtime = "/run/user/\(user)"
    let folder = (FileCalls.isDirectory(runtime) ? runtime : "/tmp") + "/martlet-\(user)"
    mkdir(folder, 0o700)
    var status = stat()
    // Somebody else may have been there first: /tmp belongs to everybody.
    guard lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == user,
      status.st_mode & 0o077 == 0
    else {
      throw MartletError(
        .state, "\(folder) is not a folder of this user alone; remove it, or use a shorter --state-dir")
    }
    return folder + "/" + hexDigest(stateDirectory).prefix(16) + ".sock"
  }

  /// What a client connects to.
  package var current: String {
    if let text = FileCalls.readText(pointer)?.split(separator: "\n").first { return String(text) }
    return preferred
  }
}
