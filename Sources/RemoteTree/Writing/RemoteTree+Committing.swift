internal import AWSKit
internal import SyncEngine
internal import SyncModel

extension RemoteTree {
  /// Sends the one request by which a change to `key` takes effect: with the condition where the server
  /// keeps to it, else between looks at what stands there, what it displaces being copied aside.
  ///
  /// - Parameters:
  ///   - crc64: of the new content, where it is known.
  ///   - write: sends it under this condition, nil for none.
  func committing(
    _ key: String, replacing expected: RemoteStamp?, isConditional: Bool, crc64: UInt64?,
    write: (S3Condition?) async throws -> RemoteStamp
  ) async throws -> RemoteStamp {
    try requireWrites(key)
    if isConditional {
      return try await writing(key, replacing: expected) {
        try await write(expected.map { .ifMatch($0.etag) } ?? .ifAbsent)
      }
    }
    try await prepareUnconditional(key, replacing: expected)
    let stamp = try await writing(key, replacing: expected) { try await write(nil) }
    return try await afterWrite(key) {
      if let head = try await headIfPresent(key) {
        let object = try object(head, key: key)
        if try await isOurs(object, key, stamp, crc64) { return object.stamp }
      }
      throw RemoteFailure(
        .raced, "\(RemoteCall.write.resource(bucket: bucket, key: key)) was changed by somebody else right after us")
    }
  }

  /// Some servers give an object another ETag later than in the reply to its completion.
  private func isOurs(
    _ object: RemoteObject, _ key: String, _ stamp: RemoteStamp, _ crc64: UInt64?
  ) async throws -> Bool {
    if object.stamp.etag == stamp.etag { return true }
    guard let crc64 else { return false }
    return try await holds(key: key, object, Fingerprint(size: stamp.size, crc64: crc64))
  }

  /// Looks at what a write has made. A look that fails must not pass for a write that did not take place.
  func afterWrite<Result: Sendable>(_ key: String, _ look: () async throws -> Result) async throws -> Result {
    do {
      return try await look()
    } catch let failure as RemoteFailure where failure.code == .raced || failure.code == .conditionFailed {
      throw failure
    } catch let failure as RemoteFailure {
      throw RemoteFailure(.outcomeUnknown, failure.message)
    } catch let error as S3Error {
      throw RemoteFailure(
        .outcomeUnknown, RemoteFailure(error, of: .read, bucket: bucket, key: key).message)
    }
  }

  /// What a server without conditions is asked instead: the victim is copied aside, then the key is looked
  /// at as late as possible.
  func prepareUnconditional(_ key: String, replacing expected: RemoteStamp?) async throws {
    guard let expected else {
      guard try await headIfPresent(key) == nil else {
        throw RemoteFailure(
          .conditionFailed, "\(RemoteCall.write.resource(bucket: bucket, key: key)) exists already")
      }
      return
    }
    let head = try await headExpecting(expected, key)
    try await copyAside(key, head)
    try await headExpecting(expected, key)
  }

  /// A missing object is not the version that a replacement expects either.
  private func writing(
    _ key: String, replacing expected: RemoteStamp?, _ write: () async throws -> RemoteStamp
  ) async throws -> RemoteStamp {
    try await performing(.write, key) {
      do {
        return try await write()
      } catch let error as S3Error where error.kind == .noSuchKey && expected != nil {
        throw RemoteFailure(
          .conditionFailed, "\(RemoteCall.write.resource(bucket: bucket, key: key)) does not exist any more")
      }
    }
  }

  func requireWrites(_ key: String) throws {
    guard capabilities.canWrite else {
      throw RemoteFailure(
        .permission,
        "\(RemoteCall.write.resource(bucket: bucket, key: key)): the prefix is used read-only, since writing below "
          + "\(location) was not allowed at the start; grant s3:PutObject and s3:DeleteObject and start again")
    }
  }
}
