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
        continuationToken: previous?.token, maximumKeys: limit)
    }
    var result = mapped(page.objects, undecodable: page.undecodableKeys, after: previous?.lastKey ?? startKey)
    if page.isTruncated {
      guard let token = page.nextContinuationToken, token != previous?.token else {
        throw RemoteFailure(.server, "\(location): the server cut the listing off and does not say how to go on")
      }
      let last = page.objects.last?.key ?? previous?.lastKey ?? startKey ?? ""
      result.continuation = Continuation(lastKey: last, token: token).text
    }
    return result
  }

  private func mapped(_ objects: [S3ListPage.Object], undecodable: [String], after start: String?) -> RemotePage {
    var page = RemotePage(entries: [])
    page.entries.reserveCapacity(objects.count)
    var previous = start
    for object in objects {
      if let previous, !previous.utf8.lexicographicallyPrecedes(object.key.utf8) { page.isOrdered = false }
      previous = object.key
      switch keys.path(ofKey: object.key) {
      case .success(let path):
        if path.isDirectory, object.size > 0 {
          page.problems.append(
            report(object.key, "is a folder by its name but holds \(object.size) bytes, which a folder cannot"))
        } else {
          page.entries.append(RemoteListing(path: path, stamp: RemoteStamp(object)))
        }
      case .failure(.reserved), .failure(.empty): break
      case .failure(let problem): page.problems.append(report(object.key, problem.explanation))
      }
    }
    page.problems += undecodable.map { report($0, "is not valid UTF-8 in the listing") }
    return page
  }

  private func report(_ key: String, _ reason: String) -> PathReport {
    let name = String(key.utf8.dropFirst(keys.prefix.utf8.count)) ?? key
    return PathReport(name: ReadableName.of(key.utf8.starts(with: keys.prefix.utf8) ? name : key), reason: reason)
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
