import SyncEngine
import SyncModel

/// What changed in a folder of the bucket, going by the base: for news that name no keys.
struct FolderNews: Sendable {
  let remote: any RemoteTreePort
  let store: any BaseStorePort

  private static let rowLimit = 1000

  /// Tells the paths whose objects are not those of the base, some at a time. A listing that is older than the base
  /// names too many.
  ///
  /// Throws where the folder cannot be listed, or not in order.
  func find(in folder: RelativePath, _ tell: ([RelativePath]) async -> Void) async throws {
    var rows = Rows(store: store, folder: folder)
    var continuation: String?
    repeat {
      let page = try await remote.list(folder, after: nil, continuation: continuation, limit: nil)
      guard page.isOrdered else { throw RemoteFailure(.server, "the listing of “\(folder)” is not in order") }
      continuation = page.continuation
      var found: Set<RelativePath> = []
      for listed in page.entries {
        while let row = try await rows.next(before: listed.path) { found.formUnion(Self.absent(row)) }
        let known = try await rows.take(listed.path)
        if !(known?.remote.map { listed.stamp.isSameVersion(as: $0) } ?? false) { found.insert(listed.path) }
      }
      if continuation == nil {
        while let row = try await rows.next(before: nil) { found.formUnion(Self.absent(row)) }
      }
      if !found.isEmpty { await tell(found.sorted()) }
    } while continuation != nil
  }

  /// With its last object a folder goes that nothing else names. Folders without a marker are not listed.
  private static func absent(_ row: BaseEntry) -> [RelativePath] {
    row.remote == nil ? [] : [row.path] + row.path.ancestors
  }

  /// The rows of the base below the folder, in order.
  private struct Rows {
    let store: any BaseStorePort
    let folder: RelativePath
    var some: ArraySlice<BaseEntry> = []
    var last: RelativePath?
    var isAtEnd = false

    /// The next row, if its path comes before this one; nil: any.
    mutating func next(before path: RelativePath?) async throws -> BaseEntry? {
      guard let first = try await first(), path.map({ first.path < $0 }) ?? true else { return nil }
      some.removeFirst()
      return first
    }

    mutating func take(_ path: RelativePath) async throws -> BaseEntry? {
      guard let first = try await first(), first.path == path else { return nil }
      some.removeFirst()
      return first
    }

    private mutating func first() async throws -> BaseEntry? {
      if some.isEmpty, !isAtEnd {
        some = try await store.entries(below: folder, after: last, limit: FolderNews.rowLimit)[...]
        isAtEnd = some.count < FolderNews.rowLimit
        last = some.last?.path
      }
      return some.first
    }
  }
}
