/// The files that make up one SQLite database: `X`, its log `X-wal` or rollback journal `X-journal`, and the shared
/// memory `X-shm`, which is worth nothing on another machine.
///
/// https://www.sqlite.org/tempfiles.html
package enum DatabaseFiles {
  private static let suffixes = ["-wal", "-journal"]
  private static let sharedMemory = "-shm"
  /// Other files may well end in `-shm`: only names that say what they are count.
  private static let extensions = [".db", ".db3", ".sqlite", ".sqlite3"]

  /// Every database begins with this: section 1.3 of https://www.sqlite.org/fileformat2.html.
  package static let header = Array("SQLite format 3\0".utf8)

  /// The name of a shared memory that is never synced, on any node.
  package static func isSharedMemory(_ path: RelativePath) -> Bool {
    let name = path.string.utf8
    guard ends(name, with: sharedMemory) else { return false }
    return extensions.contains { ends(name.dropLast(sharedMemory.utf8.count), with: $0) }
  }

  /// The other files that hold a part of what the database at `path` holds, where it is one.
  ///
  /// - Parameter beginning: The first bytes of its content, at least as many as `header` has.
  package static func companions(of path: RelativePath, beginning: some Sequence<UInt8>) -> [RelativePath] {
    guard !path.isDirectory else { return [] }
    if let suffix = suffixes.first(where: { ends(path.name.utf8, with: $0) && path.name.utf8.count > $0.utf8.count }) {
      let database = String(path.name.dropLast(suffix.count))
      return ([""] + suffixes.filter { $0 != suffix }).map { sibling(of: path, database + $0) }
    }
    guard beginning.starts(with: header) else { return [] }
    return suffixes.map { sibling(of: path, path.name + $0) }
  }

  private static func sibling(of path: RelativePath, _ name: String) -> RelativePath {
    (path.parent ?? .root).appending(name)
  }

  private static func ends(_ text: some BidirectionalCollection<UInt8>, with suffix: String) -> Bool {
    text.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
  }
}
