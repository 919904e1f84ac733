internal import AWSKit
internal import SyncEngine
internal import SyncModel

extension RemoteTree {
  private var asideFolder: String { "\(keys.prefix)\(ReservedNames.state)/aside/\(node)/" }

  /// Keeps a version that is about to be replaced or deleted without a condition.
  func copyAside(_ key: String, _ head: S3ObjectHead) async throws {
    // Nothing is in it that could be lost.
    guard let size = head.size, size > 0 else { return }
    let name = asideName(of: key, time: head.date?.seconds ?? 0)
    let source = S3CopySource(bucket: bucket, key: key, versionID: head.versionID, ifMatch: head.etag)
    try await performing(.prepare, name) {
      if size <= CopyRoute.largestCopy {
        _ = try await client.copyObject(
          from: source, bucket: bucket, key: name, additionalHeaders: settings.protection, condition: nil,
          retry: .idempotent)
      } else {
        _ = try await copyInParts(
          source, head: head, to: name, headers: aside(head), condition: nil)
      }
    }
  }

  private func aside(_ head: S3ObjectHead) -> S3ObjectHeaders {
    var headers = S3ObjectHeaders(carryingOver: head, encryption: settings.encryption)
    headers.additional += settings.access
    return headers
  }

  /// The path is part of the name, so that a person finds it again.
  private func asideName(of key: String, time: Int64) -> String {
    let unique = "\(time)-\(String(UInt32.random(in: .min ... .max), radix: 16))/"
    let path = key.utf8.dropFirst(keys.prefix.utf8.count)
    let room = KeyMapping.maximumKeyLength - asideFolder.utf8.count - unique.utf8.count
    // The end says more than the beginning, and the cut must not halve a character.
    let end = path.suffix(room).drop { $0 & 0xC0 == 0x80 || $0 == UInt8(ascii: "/") }
    return asideFolder + unique + (String(end) ?? "")
  }

  /// Seconds since 1970. Not Last-Modified: some servers keep the source's.
  private func asideTime(of name: String) -> Int64? {
    String(name.utf8.dropFirst(asideFolder.utf8.count).prefix { $0 != UInt8(ascii: "-") }).flatMap { Int64($0) }
  }

  /// Removes what this node copied aside longer ago than the retention of its trash. Cheap: one LIST
  /// where there is nothing.
  ///
  /// - Returns: how many objects were removed.
  @discardableResult
  package func removeExpiredAside(olderThan retention: Duration) async throws -> Int {
    // A server that keeps to every condition never had a copy made.
    guard capabilities.canWrite, safetyLevel != .conditional else { return 0 }
    var removed = 0
    var token: String?
    repeat {
      let page = try await performing(.list, asideFolder) {
        try await client.listObjectsV2(bucket: bucket, prefix: asideFolder, continuationToken: token)
      }
      guard let now = page.date else { break }
      let limit = now.seconds - retention.components.seconds
      let expired = page.objects.filter { asideTime(of: $0.key).map { $0 < limit } ?? false }
      for object in expired {
        _ = try await performing(.tidy, object.key) { try await client.deleteObject(bucket: bucket, key: object.key) }
      }
      removed += expired.count
      token = page.isTruncated ? page.nextContinuationToken : nil
    } while token != nil
    return removed
  }
}
