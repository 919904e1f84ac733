internal import AWSKit
internal import SyncEngine
package import SyncModel

extension RemoteTree {
  package func delete(_ path: RelativePath, expecting expected: RemoteStamp) async throws {
    try await deleteObject(try key(of: path), expecting: expected)
  }

  func deleteObject(_ key: String, expecting expected: RemoteStamp) async throws {
    try requireWrites(key)
    if capabilities.deleteIfMatch {
      _ = try await performing(.delete, key) {
        try await client.deleteObject(bucket: bucket, key: key, ifMatch: expected.etag, retry: .unprocessedOnly)
      }
    } else if capabilities.deleteObjectsIfMatch {
      try await performing(.delete, key) {
        let object = S3ObjectToDelete(key: key, etag: expected.etag)
        let result = try await client.deleteObjects(bucket: bucket, objects: [object], retry: .unprocessedOnly)
        if let failure = result.failures.first { throw failure.error }
      }
    } else {
      try await deleteUnconditionally(key, expecting: expected)
    }
  }

  private func deleteUnconditionally(_ key: String, expecting expected: RemoteStamp) async throws {
    guard try await headIfPresent(key) != nil else {
      throw RemoteFailure(.notFound, "\(RemoteCall.delete.resource(bucket: bucket, key: key)) does not exist")
    }
    try await prepareUnconditional(key, replacing: expected)
    _ = try await performing(.delete, key) {
      try await client.deleteObject(bucket: bucket, key: key, retry: .unprocessedOnly)
    }
    try await afterWrite(key) {
      guard try await headIfPresent(key) == nil else {
        throw RemoteFailure(
          .raced, "\(RemoteCall.delete.resource(bucket: bucket, key: key)) was written again by somebody else")
      }
    }
  }
}
