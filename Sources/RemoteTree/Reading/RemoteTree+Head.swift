internal import AWSKit
internal import Checksums
package import SyncEngine
package import SyncModel

extension RemoteTree {
  package func head(_ path: RelativePath) async throws -> RemoteHead? {
    let key = try key(of: path)
    if !settings.readsArchived, let storageClass = archived.resting(key, now: client.configuration.now()) {
      throw isArchived(key, storageClass)
    }
    guard let head = try await headIfPresent(key) else { return nil }
    archived.note(key, storageClass: head.storageClass, restore: head.restore)
    return RemoteHead(object: try object(head, key: key), serverTime: try date(of: head, key: key))
  }

  package func proveAbsent(_ path: RelativePath) async throws -> Bool {
    let key = path.isRoot ? keys.prefix : try key(of: path)
    let page = try await performing(.list, key) {
      try await client.listObjectsV2(bucket: bucket, prefix: key, maximumKeys: 1)
    }
    if path.isDirectory {
      return page.objects.isEmpty && page.undecodableKeys.isEmpty && !page.isTruncated
    }
    // Of all keys that start with it, the key itself comes first.
    return !page.objects.contains { $0.key.utf8.elementsEqual(key.utf8) }
      && (!page.isTruncated || !page.objects.isEmpty)
  }

  /// HEAD; nil only if there certainly is no such key. The 404 of a HEAD has no body, so that it could as
  /// well mean that the bucket is gone: GET says.
  func headIfPresent(_ key: String, _ other: S3Client? = nil) async throws -> S3ObjectHead? {
    let client = other ?? client
    return try await performing(.read, key) {
      do {
        return try await client.headObject(bucket: bucket, key: key)
      } catch let error as S3Error where error.kind == .noSuchKey {}
      do {
        return try await client.getObject(bucket: bucket, key: key) { _ in throw ObjectAppeared() }
      } catch let error as S3Error where error.code == "NoSuchKey" {
        return nil
      } catch is ObjectAppeared {
        return try await client.headObject(bucket: bucket, key: key)
      }
    }
  }

  /// - Throws: `.conditionFailed` unless the object is exactly the version `stamp`.
  @discardableResult
  func headExpecting(
    _ stamp: RemoteStamp, _ key: String, _ client: S3Client? = nil
  ) async throws -> S3ObjectHead {
    let head = try await headIfPresent(key, client)
    guard let head, try object(head, key: key).stamp.isSameVersion(as: stamp) else {
      throw RemoteFailure(
        .conditionFailed, "\(RemoteCall.read.resource(bucket: bucket, key: key)) is not the expected version any more")
    }
    return head
  }

  func object(_ head: S3ObjectHead, key: String) throws -> RemoteObject {
    guard let etag = head.etag, let size = head.size, let modified = head.lastModified else {
      throw RemoteFailure(
        .server, "\(RemoteCall.read.resource(bucket: bucket, key: key)): the reply lacks ETag, length or Last-Modified")
    }
    var metadata = EntryMetadata(user: head.metadata, isMarker: key.utf8.last == UInt8(ascii: "/"))
    if !settings.keepsOwner { metadata.owner = nil }
    let stamp = RemoteStamp(
      etag: etag, size: size, lastModified: Timestamp(modified), versionID: head.versionID)
    return RemoteObject(stamp: stamp, metadata: metadata, crc64: head.fullObjectCRC64)
  }

  private func date(of head: S3ObjectHead, key: String) throws -> Timestamp {
    guard let date = head.date else {
      throw RemoteFailure(
        .server, "\(RemoteCall.read.resource(bucket: bucket, key: key)): the reply lacks the header Date")
    }
    return Timestamp(date)
  }
}

/// A key was absent in one reply and present in the next.
private struct ObjectAppeared: Error {}

extension S3ObjectHead {
  var fullObjectCRC64: UInt64? {
    checksums.type == .composite ? nil : checksums.crc64nvme.flatMap { UInt64(awsBase64: $0) }
  }
}
