package import AWSKit
internal import NIOCore
package import SyncModel

/// Small objects below `.martlet/` in the prefix, which no node takes for files.
package struct ScratchObjects: Sendable {
  let client: S3Client
  let bucket: String
  /// Ends in a slash.
  let folder: String
  /// What every object has to carry, such as encryption.
  private let headers: S3ObjectHeaders

  package init(client: S3Client, location: S3Location, headers: S3ObjectHeaders) {
    self.client = client
    bucket = location.bucket
    folder = "\(location.prefix)\(ReservedNames.state)/"
    self.headers = headers
  }

  func key(_ name: String) -> String { folder + name }

  /// - Returns: the ETag.
  func put(_ name: String, _ text: String, condition: S3Condition? = nil) async throws -> String? {
    try await client.putObject(
      bucket: bucket, key: key(name), body: .bytes(ByteBuffer(string: text)), headers: headers, condition: condition
    ).etag
  }

  /// What identifies the version that stands there; nil where none does.
  func version(_ name: String) async throws -> (etag: String, modified: AWSTimestamp?)? {
    do {
      let head = try await client.headObject(bucket: bucket, key: key(name))
      return (head.etag ?? "", head.lastModified)
    } catch let error as S3Error where error.kind == .noSuchKey {
      return nil
    }
  }

  /// Deletes this version; nothing where another one stands there by now.
  func delete(_ name: String, ifMatch etag: String) async throws {
    do {
      try await client.deleteObject(bucket: bucket, key: key(name), ifMatch: etag)
    } catch let error as S3Error where [.noSuchKey, .preconditionFailed].contains(error.kind) {
    } catch let error as S3Error where error.kind == .notImplemented {
      guard try await version(name)?.etag == etag else { return }
      try await client.deleteObject(bucket: bucket, key: key(name))
    }
  }
}
