extension ObjectStore {
  /// What a listing asks for.
  struct ListQuery {
    var prefix = ObjectKey("")
    /// Empty for none.
    var delimiter: [UInt8] = []
    var limit = 1000
    /// The first key that may appear.
    var start = ObjectKey("")
    /// A common prefix up to this one was shown on an earlier page, or lies before `start-after`.
    var after: ObjectKey?
  }

  /// A page in key order, keys and common prefixes merged.
  struct ListPage<Item> {
    var items: [(key: ObjectKey, item: Item)] = []
    var commonPrefixes: [ObjectKey] = []
    var isTruncated = false
    /// The last key or common prefix on the page.
    var last: ObjectKey?
  }

  /// Current objects only.
  func listObjects(_ query: ListQuery, in bucket: String) throws -> ListPage<ObjectVersion> {
    try self.read { state in
      try state.bucket(bucket).objects.list(query) { versions in
        versions.first.flatMap { $0.object == nil ? nil : $0 }
      }
    }
  }

  /// A version as ListObjectVersions shows it.
  struct ListedVersion {
    var version: ObjectVersion
    var isLatest: Bool
  }

  /// Where ListObjectVersions goes on: after version `versionID` of `key`, or after all of `key`.
  struct VersionMarker {
    var key: ObjectKey
    var versionID: String?
  }

  /// All versions and delete markers, newest first within a key.
  func listVersions(
    _ query: ListQuery, after marker: VersionMarker?, in bucket: String
  ) throws -> (page: ListPage<ListedVersion>, next: VersionMarker?) {
    try self.read { state in
      var page = ListPage<ListedVersion>()
      var next: VersionMarker?
      var count = 0
      try state.bucket(bucket).objects.walk(query) { step in
        if count == query.limit {
          page.isTruncated = query.limit > 0
          return false
        }
        switch step {
        case .commonPrefix(let prefix):
          page.commonPrefixes.append(prefix)
          next = VersionMarker(key: prefix, versionID: nil)
          count += 1
        case .key(let key, let versions):
          var index = 0
          if let marker, marker.key == key, let id = marker.versionID {
            index = (versions.firstIndex { $0.versionID == id } ?? -1) + 1
          }
          while index < versions.count {
            guard count < query.limit else {
              page.isTruncated = true
              return false
            }
            page.items.append((key, ListedVersion(version: versions[index], isLatest: index == 0)))
            next = VersionMarker(key: key, versionID: versions[index].versionID)
            count += 1
            index += 1
          }
        }
        return true
      }
      return (page, page.isTruncated ? next : nil)
    }
  }
}

/// A stop on the way through a listing.
enum ListStep<Value> {
  case key(ObjectKey, Value)
  case commonPrefix(ObjectKey)
}

extension SortedMap where Key == ObjectKey {
  /// Goes through keys and common prefixes in order until `visit` returns false. The keys below a common prefix are
  /// jumped over, however many they are.
  func walk(_ query: ObjectStore.ListQuery, _ visit: (ListStep<Value>) -> Bool) {
    self.scan(from: Swift.max(query.start, query.prefix)) { key, value in
      guard key.hasPrefix(query.prefix) else { return .stop }
      if let common = key.commonPrefix(after: query.prefix, delimiter: query.delimiter) {
        let isNew = query.after.map { common > $0 } ?? true
        guard !isNew || visit(.commonPrefix(common)) else { return .stop }
        guard let next = common.successorOfPrefix else { return .stop }
        return .seek(next)
      }
      return visit(.key(key, value)) ? .next : .stop
    }
  }

  /// One page of the values that `transform` lets through.
  func list<Item>(
    _ query: ObjectStore.ListQuery, _ transform: (Value) -> Item?
  ) -> ObjectStore.ListPage<Item> {
    var page = ObjectStore.ListPage<Item>()
    guard query.limit > 0 else { return page }
    // A common prefix counts only if something below it is shown, so those are looked for one by one.
    self.scan(from: Swift.max(query.start, query.prefix)) { key, value in
      guard key.hasPrefix(query.prefix) else { return .stop }
      guard let item = transform(value) else { return .next }
      let commonPrefix = key.commonPrefix(after: query.prefix, delimiter: query.delimiter)
      if let commonPrefix, let after = query.after, commonPrefix <= after {
        return commonPrefix.successorOfPrefix.map { .seek($0) } ?? .stop
      }
      guard page.items.count + page.commonPrefixes.count < query.limit else {
        page.isTruncated = true
        return .stop
      }
      page.last = commonPrefix ?? key
      if let commonPrefix {
        page.commonPrefixes.append(commonPrefix)
        return commonPrefix.successorOfPrefix.map { .seek($0) } ?? .stop
      }
      page.items.append((key, item))
      return .next
    }
    return page
  }
}
