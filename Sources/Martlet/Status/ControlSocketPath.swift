import Glibc

/// Where the control socket of a state directory is.
///
/// A socket's path has at most 107 bytes (unix(7)), and not every file system holds sockets: then it lies
/// in a runtime folder, and `control.path` in the state directory says where.
package struct ControlSocketPath: Sendable {
  static let longest = 107

  let stateDirectory: String

  /// In the state directory, where it fits.
  var preferred: String? {
    let path = stateDirectory + "/control.sock"
    return path.utf8.count <= Self.longest ? path : nil
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
    return preferred ?? stateDirectory + "/control.sock"
  }
}
