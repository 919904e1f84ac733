internal import SyncModel

/// Joins the two halves of renames by their cookie. They need not be adjacent; a first half without a second
/// one left the tree.
struct RenamePairing {
  struct Half: Hashable {
    var path: RelativePath
    var isDirectory: Bool
    /// Of the directory that was moved, where it is watched.
    var watch: Int32?
  }

  private var waiting: [UInt32: (half: Half, since: Int64)] = [:]
  /// Nanoseconds. The kernel queues both halves within one rename; this is for a slow reader of the queue.
  static let patience: Int64 = 100_000_000

  mutating func left(_ half: Half, cookie: UInt32, now: Int64) { waiting[cookie] = (half, now) }

  /// The first half of this second one; nil where it came from outside.
  mutating func arrived(cookie: UInt32) -> Half? { waiting.removeValue(forKey: cookie)?.half }

  /// Halves whose other one does not come any more, in order of their paths.
  mutating func expired(now: Int64) -> [Half] {
    let cookies = waiting.filter { now - $0.value.since >= Self.patience }.keys
    return cookies.compactMap { waiting.removeValue(forKey: $0)?.half }.sorted { $0.path < $1.path }
  }

  /// When `expired` has something next.
  var deadline: Int64? { waiting.values.map { $0.since + Self.patience }.min() }
}
