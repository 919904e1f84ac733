import AWSKit
import Checksums
import Logging
import NIOCore
import SyncEngine
import SyncModel

@testable import RemoteTree

/// A bucket of its own on a server, seen through a remote tree and through a bare client.
struct Fixture: Sendable {
  let client: S3Client
  let bucket: String
  let tree: RemoteTree
  let prefix: String

  static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  /// - Parameter capabilities: nil: probe.
  init(
    endpoint: String, transport: HTTPTransport, prefix: String = "p/", capabilities: ServerCapabilities? = .full,
    bucket: String? = nil, accessKey: String = "testing", secretKey: String = "testing"
  ) async throws {
    var configuration = S3Client.Configuration(endpoint: try S3Endpoint(url: endpoint, region: "us-east-1"))
    configuration.retry.baseDelay = .milliseconds(1)
    configuration.retry.throttledBaseDelay = .milliseconds(1)
    let credentials = CredentialCache(
      provider: StaticCredentialProvider(AWSCredentials(accessKeyID: accessKey, secretAccessKey: secretKey)),
      now: AWSTimestamp.systemNow, logger: Self.logger)
    client = S3Client(
      configuration: configuration, credentials: credentials, transport: transport, logger: Self.logger)
    self.bucket = bucket ?? "b-" + String(UInt32.random(in: .min ... .max), radix: 16)
    self.prefix = prefix
    if bucket == nil { try await client.createBucket(self.bucket) }
    let location = S3Location(bucket: self.bucket, prefix: prefix)
    let known: ServerCapabilities
    if let capabilities {
      known = capabilities
    } else {
      known = try await CapabilityProbe(client: client, location: location, logger: Self.logger).run()
    }
    tree = RemoteTree(client: client, location: location, node: "n1", capabilities: known, logger: Self.logger)
  }

  func with(_ capabilities: ServerCapabilities) -> RemoteTree {
    RemoteTree(client: client, location: tree.location, node: "n1", capabilities: capabilities, logger: Self.logger)
  }

  func with(
    _ settings: ObjectSettings = ObjectSettings(), capabilities: ServerCapabilities = .full,
    plan: TransferPlan = TransferPlan(),
    _ configure: (inout S3Client.Configuration) -> Void = { _ in }
  ) -> RemoteTree {
    var client = client
    configure(&client.configuration)
    return RemoteTree(
      client: client, location: tree.location, node: "n1", capabilities: capabilities, settings: settings,
      plan: plan, logger: Self.logger)
  }

  /// Puts an object as somebody else would.
  func plant(_ key: String, _ text: String = "", headers: S3ObjectHeaders = S3ObjectHeaders()) async throws {
    _ = try await client.putObject(
      bucket: bucket, key: prefix + key, body: .bytes(ByteBuffer(string: text)), headers: headers)
  }

  /// Sends an object in parts, as clients without CRC64NVME do.
  func plant(_ key: String, _ source: PatternSource, inPartsOf partSize: Int) async throws {
    var client = client
    client.configuration.checksums = .none
    let upload = try await client.createMultipartUpload(bucket: bucket, key: prefix + key)
    var parts: [S3CompletedPart] = []
    for start in stride(from: 0, to: source.bytes.count, by: partSize) {
      let bytes = source.bytes[start..<min(start + partSize, source.bytes.count)]
      let part = try await client.uploadPart(
        bucket: bucket, key: prefix + key, uploadID: upload.uploadID, partNumber: parts.count + 1,
        body: .bytes(ByteBuffer(bytes: bytes)))
      parts.append(S3CompletedPart(number: parts.count + 1, etag: part.etag ?? ""))
    }
    _ = try await client.completeMultipartUpload(
      bucket: bucket, key: prefix + key, uploadID: upload.uploadID, parts: parts)
  }

  func text(_ key: String) async throws -> String {
    var text = ByteBuffer()
    _ = try await client.getObject(bucket: bucket, key: prefix + key) { text.writeImmutableBuffer($0) }
    return String(buffer: text)
  }

  /// Keys below the prefix, reserved ones included.
  func keys() async throws -> [String] {
    try await client.listObjectsV2(bucket: bucket, prefix: prefix).objects.map {
      String($0.key.dropFirst(prefix.count))
    }
  }
}

extension SmallContent {
  /// A content as the local tree reads it.
  init(_ text: String) {
    let bytes = Array(text.utf8)
    self.init(
      bytes: bytes, fingerprint: Fingerprint(bytes),
      stamp: LocalStamp(
        kind: .file, mount: MountID(1), inode: 1, size: Int64(bytes.count), modified: Timestamp(seconds: 1),
        changed: Timestamp(seconds: 1), mode: 0o644), isProvisional: false)
  }
}

extension Fingerprint {
  init(_ bytes: [UInt8]) {
    self.init(size: Int64(bytes.count), crc64: bytes.withUnsafeBytes { CRC64NVME.checksum($0) })
  }
}

/// Bytes that look random and are the same in each run.
struct PatternSource: ContentSource {
  let bytes: [UInt8]
  var size: Int64 { Int64(bytes.count) }

  init(count: Int, seed: UInt64 = 1) {
    var state = seed
    var words = [UInt64](repeating: 0, count: count / 8 + 1)
    words.withUnsafeMutableBufferPointer { words in
      for index in 0..<words.count {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        words[index] = state
      }
    }
    bytes = words.withUnsafeBytes { Array($0.prefix(count)) }
  }

  func read(at offset: Int64, count: Int) -> [UInt8] { Array(bytes[Int(offset)..<Int(offset) + count]) }
}

extension RelativePath: ExpressibleByStringLiteral {
  public init(stringLiteral value: String) { self.init(unchecked: value) }
}

let sampleMetadata = EntryMetadata(
  kind: .file, mode: 0o640, modified: Timestamp(seconds: 1_763_680_000, nanoseconds: 123_456_789))
