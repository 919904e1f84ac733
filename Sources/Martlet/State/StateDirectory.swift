import Glibc
package import SyncModel

/// Where the state of one root and prefix lives: database, lock, control socket.
///
/// `ROOT/.martlet/REMOTE/`, or `STATE-DIR/REMOTE/`; keyed by endpoint, bucket and prefix and not by node, so
/// that state that travels with a volume is found again.
package struct StateDirectory: Sendable {
  package let path: String

  package var database: String { path + "/base.sqlite" }
  var lock: String { path + "/lock" }
  package var controlSocket: ControlSocketPath { ControlSocketPath(stateDirectory: path) }

  init(path: String) { self.path = path }

  /// Directories below the parent that hold state.
  package static func all(root: String, stateDirectory: String?) -> [StateDirectory] {
    let parent = stateDirectory ?? root + "/.martlet"
    guard let folder = opendir(parent) else { return [] }
    defer { closedir(folder) }
    var found: [StateDirectory] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      let state = StateDirectory(path: parent + "/" + name)
      if FileCalls.status(state.database) != nil { found.append(state) }
    }
    return found.sorted { $0.path < $1.path }
  }

  /// A readable part and a hash of what must not be confused.
  package static func remoteID(endpoint: String, location: S3Location) -> String {
    let readable = location.bucket.utf8.map { byte in
      let isPlain = byte < 128 && (Character(UnicodeScalar(byte)).isLetter || Character(UnicodeScalar(byte)).isNumber)
      return isPlain || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") ? Character(UnicodeScalar(byte)) : "_"
    }
    let identity = "\(endpoint)\u{0}\(location.bucket)\u{0}\(location.prefix)"
    return String(readable.prefix(63)) + "-" + hexDigest(identity).prefix(16)
  }

  /// Nobody else gets in: the database names every file.
  func create() throws {
    let parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    guard FileCalls.makeDirectories(parent, mode: 0o700), FileCalls.makeDirectories(path, mode: 0o700) else {
      throw MartletError(
        .state,
        "cannot create \(path): \(FileCalls.lastError); make it writable, or name another --state-dir")
    }
  }
}
