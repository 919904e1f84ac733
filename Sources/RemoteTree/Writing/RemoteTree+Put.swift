internal import AWSKit
internal import NIOCore
package import SyncEngine
package import SyncModel

extension RemoteTree {
  package func put(
    _ path: RelativePath, _ content: SmallContent, metadata: EntryMetadata, replacing expected: RemoteStamp?
  ) async throws -> RemoteStamp {
    let key = try key(of: path)
    if path.isDirectory, !capabilities.markers {
      throw RemoteFailure(
        .notPossible,
        "\(RemoteCall.write.resource(bucket: bucket, key: key)): the server cannot hold folder markers; "
          + "use --directories none")
    }
    try requireWrites(key)
    return try await putObject(
      key, content.bytes, crc64: content.fingerprint.crc64,
      headers: settings.headers(metadata, key: key, replacing: expected == nil ? [:] : try await userMetadata(of: key)),
      replacing: expected)
  }

  /// What stands at the key now; empty where nothing does, or where it may not be seen.
  func userMetadata(of key: String) async throws -> [String: String] {
    do { return try await headIfPresent(key)?.metadata ?? [:] } catch let failure as RemoteFailure
      where failure.code == .permission
    { return [:] }
  }

  func putObject(
    _ key: String, _ bytes: [UInt8], crc64: UInt64, headers: S3ObjectHeaders, replacing expected: RemoteStamp?
  ) async throws -> RemoteStamp {
    let body = S3Body.bytes(ByteBuffer(bytes: bytes), crc64nvme: crc64)
    return try await committing(
      key, replacing: expected, isConditional: capabilities.putHonours(expected), crc64: crc64
    ) { condition in
      let result = try await client.putObject(
        bucket: bucket, key: key, body: body, headers: headers, condition: condition, retry: .unprocessedOnly)
      return try await stamp(of: result, key: key, size: body.length)
    }
  }

  /// The version that a write has made.
  func stamp(of result: S3WriteResult, key: String, size: Int64) async throws -> RemoteStamp {
    guard let etag = result.etag, let date = result.date else {
      return try await afterWrite(key) {
        try object(try await client.headObject(bucket: bucket, key: key), key: key).stamp
      }
    }
    return RemoteStamp(etag: etag, size: size, lastModified: Timestamp(date), versionID: result.versionID)
  }
}
