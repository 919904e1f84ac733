import Glibc
import SyncModel

/// What the AWS CLI passes over with a warning, and nothing has failed: entries that are no files, that cannot be
/// read, links that lead nowhere or back, keys that are no names below a folder.
struct PassedOver {
  let root: String
  /// Otherwise links travel as links, and one that is left may have failed.
  let followsLinks: Bool

  /// - Parameter name: of a path that was left alone, as it is reported; a folder's may end in a slash.
  func includes(_ name: String) -> Bool {
    // The root itself, whatever is wrong with it.
    if name.isEmpty || name == "/" { return false }
    let relative: RelativePath
    do { relative = try RelativePath(validating: name).asLeaf } catch {
      // A name that is too long is one that a download fails with.
      if case .componentTooLong = error { return false }
      return true
    }
    let path = root + "/" + relative.string
    var status = stat()
    guard lstat(path, &status) == 0 else { return errno == EACCES }
    if status.st_mode & S_IFMT == S_IFLNK { return followsLinks && isPassedOver(linkAt: path) }
    return isPassedOver(path, status)
  }

  private func isPassedOver(linkAt path: String) -> Bool {
    var status = stat()
    // A folder behind a link would have been walked.
    guard stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else { return true }
    return isPassedOver(path, status)
  }

  private func isPassedOver(_ path: String, _ status: stat) -> Bool {
    switch status.st_mode & S_IFMT {
    case S_IFREG: access(path, R_OK) != 0
    case S_IFDIR: access(path, R_OK | X_OK) != 0
    default: true
    }
  }
}
