package import AWSKit
internal import SyncModel

/// Which of S3's conditions a server keeps to. S3-compatible servers differ, and some ignore a condition
/// without a word, so ``CapabilityProbe`` tries each. Kept per endpoint and bucket.
package struct ServerCapabilities: Hashable, Sendable, Codable {
  /// Counts the meanings of this record; an older one is not decoded, so that the server is probed again.
  package static let currentVersion = 1

  /// Whether anything may be written below the prefix.
  package var canWrite = true
  /// Takes ETags in conditions as the standard wants them, in quotes.
  package var quotesETags = true
  /// Takes CRC64NVME checksums on PutObject.
  package var checksums = true
  /// Takes CRC64NVME checksums in multipart uploads.
  package var multipartChecksums = true
  /// The ETag of an object written in one part is the MD5 of its content.
  package var etagIsMD5 = true
  /// Keeps `key/` markers apart from the key without the slash; file servers in S3's clothes do not.
  package var markers = true
  package var putIfAbsent = true
  package var putIfMatch = true
  package var completeIfAbsent = true
  package var completeIfMatch = true
  /// Of CopyObject and UploadPartCopy.
  package var copySourceIfMatch = true
  /// `If-None-Match: *` on the destination of CopyObject.
  package var copyIfAbsent = true
  /// `If-Match` on the destination of CopyObject.
  package var copyIfMatch = true
  package var deleteIfMatch = true
  /// An ETag per key in DeleteObjects.
  package var deleteObjectsIfMatch = true
  package var getIfMatch = true
  private var version = currentVersion

  /// Amazon S3.
  package static let full = ServerCapabilities()

  /// Nothing is known, nothing is written: for use with read-only permissions.
  package static let none: ServerCapabilities = {
    var capabilities = ServerCapabilities()
    capabilities.canWrite = false
    return capabilities
  }()

  init() {}

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    version = try values.decode(Int.self, forKey: .version)
    guard version == Self.currentVersion else {
      throw DecodingError.dataCorruptedError(forKey: .version, in: values, debugDescription: "version \(version)")
    }
    canWrite = try values.decode(Bool.self, forKey: .canWrite)
    quotesETags = try values.decode(Bool.self, forKey: .quotesETags)
    checksums = try values.decode(Bool.self, forKey: .checksums)
    multipartChecksums = try values.decode(Bool.self, forKey: .multipartChecksums)
    etagIsMD5 = try values.decode(Bool.self, forKey: .etagIsMD5)
    markers = try values.decode(Bool.self, forKey: .markers)
    putIfAbsent = try values.decode(Bool.self, forKey: .putIfAbsent)
    putIfMatch = try values.decode(Bool.self, forKey: .putIfMatch)
    completeIfAbsent = try values.decode(Bool.self, forKey: .completeIfAbsent)
    completeIfMatch = try values.decode(Bool.self, forKey: .completeIfMatch)
    copySourceIfMatch = try values.decode(Bool.self, forKey: .copySourceIfMatch)
    copyIfAbsent = try values.decode(Bool.self, forKey: .copyIfAbsent)
    copyIfMatch = try values.decode(Bool.self, forKey: .copyIfMatch)
    deleteIfMatch = try values.decode(Bool.self, forKey: .deleteIfMatch)
    deleteObjectsIfMatch = try values.decode(Bool.self, forKey: .deleteObjectsIfMatch)
    getIfMatch = try values.decode(Bool.self, forKey: .getIfMatch)
  }

  /// The client as this server wants it. Checksums that the user has turned off stay off.
  package func configured(_ client: S3Client) -> S3Client {
    var client = client
    client.configuration.etagQuoting = quotesETags ? .quoted : .unquoted
    if !checksums, client.configuration.checksums == .whenSupported { client.configuration.checksums = .contentMD5 }
    return client
  }
}

extension ServerCapabilities {
  func putHonours(_ expected: RemoteStamp?) -> Bool { expected == nil ? putIfAbsent : putIfMatch }
  func completeHonours(_ expected: RemoteStamp?) -> Bool { expected == nil ? completeIfAbsent : completeIfMatch }
  func copyHonours(_ expected: RemoteStamp?) -> Bool { expected == nil ? copyIfAbsent : copyIfMatch }
}
