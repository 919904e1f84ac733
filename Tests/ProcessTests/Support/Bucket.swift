import AWSKit
import Logging
import NIOCore

/// A bucket of a test server as an independent party uses it.
struct Bucket: Sendable {
  let client: S3Client
  let name: String
  let transport: HTTPTransport

  /// Those of `martlet serve-s3`; the other servers take any.
  static let credentials = AWSCredentials(accessKeyID: "embedded", secretAccessKey: "embedded-secret")

  init(_ name: String, url: String) throws {
    self.name = name
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    transport = try HTTPTransport()
    let cache = CredentialCache(
      provider: StaticCredentialProvider(Self.credentials), now: AWSTimestamp.systemNow, logger: logger)
    client = S3Client(
      configuration: S3Client.Configuration(endpoint: try S3Endpoint(url: url, region: "us-east-1")),
      credentials: cache, transport: transport, logger: logger)
  }

  struct Object: Hashable, Sendable {
    var etag: String
    var size: Int64
    var lastModified: AWSTimestamp?
  }

  /// All objects below a prefix.
  func objects(_ prefix: String = "") async throws -> [PathKey: Object] {
    var objects: [PathKey: Object] = [:]
    var token: String?
    repeat {
      let page = try await client.listObjectsV2(bucket: name, prefix: prefix, continuationToken: token)
      for object in page.objects {
        objects[PathKey(object.key)] = Object(etag: object.etag, size: object.size, lastModified: object.lastModified)
      }
      token = page.isTruncated ? page.nextContinuationToken : nil
    } while token != nil
    return objects
  }

  func put(_ key: String, _ bytes: some Sequence<UInt8>, metadata: [String: String] = [:]) async throws {
    _ = try await client.putObject(
      bucket: name, key: key, body: .bytes(ByteBuffer(bytes: bytes)), headers: S3ObjectHeaders(metadata: metadata))
  }

  func get(_ key: String) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    try await client.getObject(bucket: name, key: key) { bytes += Array($0.readableBytesView) }
    return bytes
  }

  func delete(_ key: String) async throws { try await client.deleteObject(bucket: name, key: key) }

  /// Deletes everything below a prefix.
  func empty(_ prefix: String = "") async throws {
    var keys = try await objects(prefix).keys.map(\.text)
    // At once: one by one some would be looked for while others are there.
    while !keys.isEmpty {
      let some = keys.prefix(1_000)
      _ = try await client.deleteObjects(bucket: name, objects: some.map { S3ObjectToDelete(key: $0) })
      keys.removeFirst(some.count)
    }
  }

  /// The keys of unfinished multipart uploads.
  func unfinishedUploads() async throws -> [String] {
    try await client.listMultipartUploads(bucket: name).uploads.map(\.key)
  }

  func close() async throws { try await transport.shutdown() }
}
