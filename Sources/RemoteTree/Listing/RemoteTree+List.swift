internal import AWSKit
package import SyncEngine
package import SyncModel

extension RemoteTree {
  /// The page includes the marker of `directory` itself. Reserved names and the prefix's own marker are
  /// left out.
  package func list(
    _ directory: RelativePath, after start: RelativePath?, continuation: String?, limit: Int?
  ) async throws -> RemotePage {
    let prefix = directory.isRoot ? keys.prefix : try key(of: directory.asDirectory)
    let startKey = try start.map { try key(of: $0) }
    let previous = try continuation.map { text in
      guard let continuation = Continuation(text) else {
        throw RemoteFailure(.server, "\(location): the listing cannot be continued from “\(ReadableName.of(text))”")
      }
      return continuation
    }
    let page = try await performing(.list, prefix) {
      try await client.listObjectsV2(
        bucket: bucket, prefix: prefix, startAfter: previous == nil ? startKey : nil,
        continuationToken: previous?.token,
        maximumKeys: [limit, settings.pageSize].compactMap(\.self).min())
    }
    archived.note(page.objects)
    var result = RemotePage(page.objects, keys: keys, after: previous?.lastKey ?? startKey)
    result.problems += page.undecodableKeys.map {
      PathReport(name: ReadableName.of($0), reason: "is not valid UTF-8 in the listing")
    }
    if page.isTruncated {
      guard let token = page.nextContinuationToken, token != previous?.token else {
        throw RemoteFailure(.server, "\(location): the server cut the listing off and does not say how to go on")
      }
      let last = page.objects.last?.key ?? previous?.lastKey ?? startKey ?? ""
      result.continuation = Continuation(lastKey: last, token: token).text
    }
    return result
  }
}

extension RemotePage {
  /// - Parameter start: the key after which the page has to begin.
  init(_ objects: [S3ListPage.Object], keys: KeyMapping, after start: String?) {
    self.init(entries: [])
    entries.reserveCapacity(objects.count)
    var previous = start
    for object in objects {
      if let previous, !previous.utf8.lexicographicallyPrecedes(object.key.utf8) { isOrdered = false }
      previous = object.key
      switch keys.path(ofKey: object.key) {
      case .success(let path) where path.isDirectory && object.size > 0:
        problems.append(
          keys.report(object.key, "is a folder by its name but holds \(object.size) bytes, which a folder cannot"))
      case .success(let path): entries.append(RemoteListing(path: path, stamp: RemoteStamp(object)))
      case .failure(.reserved), .failure(.empty): break
      case .failure(let problem): problems.append(keys.report(object.key, problem.explanation))
      }
    }
  }
}

extension KeyMapping {
  fileprivate func report(_ key: String, _ reason: String) -> PathReport {
    let isBelow = key.utf8.starts(with: prefix.utf8)
    let name = isBelow ? String(key.utf8.dropFirst(prefix.utf8.count)) ?? key : key
    return PathReport(name: ReadableName.of(name), reason: reason)
  }
}

extension RemoteStamp {
  init(_ object: S3ListPage.Object) {
    self.init(etag: object.etag, size: object.size, lastModified: Timestamp(object.lastModified))
  }
}

extension Timestamp {
  init(_ time: AWSTimestamp) {
    self.init(seconds: time.seconds, nanoseconds: Int64(time.nanoseconds))
  }
}
