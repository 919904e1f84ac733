/// The regular expressions of `mobius3`: `--exclude-local` and `--exclude-remote`.
package struct PathPatterns: Hashable, Sendable {
  /// Of the local path as it was given; a path that matches is neither uploaded nor deleted on either side.
  package var local: PythonPattern?
  /// Of the key below the prefix, a marker's with its slash; what matches is not downloaded.
  package var remote: PythonPattern?
  /// What the local path of an entry begins with.
  private let root: [Unicode.Scalar]

  /// `root` is the folder as the user named it.
  package init(local: PythonPattern? = nil, remote: PythonPattern? = nil, root: String = "") {
    self.local = local
    self.remote = remote
    let root = Self.normalised(root)
    self.root = Array((root == "/" || root == "//" ? root : root == "." ? "" : root + "/").unicodeScalars)
  }

  package var isEmpty: Bool { local == nil && remote == nil }

  /// As the text of Python's `PurePosixPath`, which `mobius3` compares: without empty parts, `.` and a slash at the end.
  package static func normalised(_ path: String) -> String {
    let parts = path.utf8.split(separator: UInt8(ascii: "/")).filter { !$0.elementsEqual(".".utf8) }
    let body = parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    let slashes = path.utf8.prefix { $0 == UInt8(ascii: "/") }.count
    // POSIX leaves open what two slashes mean, and Python leaves them.
    let start = slashes == 0 ? "" : slashes == 2 ? "//" : "/"
    return body.isEmpty && start.isEmpty ? "." : start + body
  }

  var identity: String {
    var text = ""
    if let local {
      let root = String(String.UnicodeScalarView(root))
      text += "l\(local.source.utf8.count):\(local.source)@\(root)"
    }
    if let remote { text += "r\(remote.source.utf8.count):\(remote.source)" }
    return text
  }

  func keepsLocal(_ path: RelativePath) -> Bool {
    local?.matchesStart(of: root + Array(path.asLeaf.string.unicodeScalars)) ?? false
  }

  func keepsAway(_ path: RelativePath) -> Bool { remote?.matchesStart(of: path.string.unicodeScalars) ?? false }
}
