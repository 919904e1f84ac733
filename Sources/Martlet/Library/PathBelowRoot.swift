import SyncModel

extension Configuration {
  /// The path that a user means, relative to the root or absolute; the root for empty text and `.`.
  ///
  /// - Throws: ``MartletError`` with ``MartletError/Code/notSynced`` for what lies outside the root or has no such name.
  func path(below text: String) throws(MartletError) -> RelativePath {
    var rest = Substring(text)
    if text.utf8.first == UInt8(ascii: "/") {
      let roots = [FileCalls.absolute(root), FileCalls.resolved(root) ?? root]
      guard let root = roots.first(where: { Self.lies(text, in: $0) }) else {
        throw MartletError(.notSynced, "“\(text)” lies outside the folder “\(root)”")
      }
      rest = Substring(text.utf8.dropFirst(root.utf8.count))
      while rest.utf8.first == UInt8(ascii: "/") { rest = Substring(rest.utf8.dropFirst()) }
    }
    while rest.utf8.starts(with: "./".utf8) { rest = Substring(rest.utf8.dropFirst(2)) }
    if rest.isEmpty || rest.utf8.elementsEqual(".".utf8) { return .root }
    do {
      return try RelativePath(validating: String(rest))
    } catch {
      throw MartletError(.notSynced, "“\(text)” \(error.explanation)")
    }
  }

  private static func lies(_ path: String, in root: String) -> Bool {
    let folder = root.utf8.last == UInt8(ascii: "/") ? root : root + "/"
    return path.utf8.elementsEqual(root.utf8) || path.utf8.starts(with: folder.utf8)
  }
}
