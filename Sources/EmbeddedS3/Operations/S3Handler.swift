import AWSKit
import HummingbirdCore

/// Performs one call on the store. The request is authenticated, its faults are chosen.
struct S3Handler: Sendable {
  let store: ObjectStore
  let region: String

  /// A call under way.
  struct Call: Sendable {
    var request: S3Request
    var operation: S3Operation
    var verified: SignatureVerifier.Verified
    var body: RequestBody

    /// The router made sure of them for the calls that need them.
    var bucket: String { self.request.bucket ?? "" }
    var key: ObjectKey { self.request.key ?? ObjectKey("") }

    func header(_ name: String) -> String? { self.request.header(name) }

    /// Nil for the current version.
    var versionID: String? { self.request.parameter("versionId") }
  }

  func perform(_ call: Call) async throws -> S3Reply {
    switch call.operation {
    case .listBuckets: self.listBuckets()
    case .createBucket: try await self.createBucket(call)
    case .deleteBucket: try self.deleteBucket(call)
    case .headBucket: try self.headBucket(call)
    case .getBucketLocation: try self.getBucketLocation(call)
    case .getBucketVersioning: try self.getBucketVersioning(call)
    case .putBucketVersioning: try await self.putBucketVersioning(call)
    case .listObjects, .listObjectsV2: try self.listObjects(call)
    case .listObjectVersions: try self.listObjectVersions(call)
    case .listMultipartUploads: try self.listMultipartUploads(call)
    case .deleteObjects: try await self.deleteObjects(call)
    case .getObject, .headObject: try self.getObject(call)
    case .putObject: try await self.putObject(call)
    case .copyObject: try self.copyObject(call)
    case .deleteObject: try self.deleteObject(call)
    case .getObjectTagging: try self.getObjectTagging(call)
    case .putObjectTagging: try await self.putObjectTagging(call)
    case .deleteObjectTagging: try self.deleteObjectTagging(call)
    case .getObjectAcl: try self.getObjectAcl(call)
    case .createMultipartUpload: try self.createMultipartUpload(call)
    case .uploadPart: try await self.uploadPart(call)
    case .uploadPartCopy: try self.uploadPartCopy(call)
    case .completeMultipartUpload: try await self.completeMultipartUpload(call)
    case .abortMultipartUpload: try self.abortMultipartUpload(call)
    case .listParts: try self.listParts(call)
    }
  }

  func receive(_ call: Call, algorithm: ChecksumAlgorithm? = nil) async throws -> BodyReceiver.Received {
    try await BodyReceiver(folder: self.store.folder)
      .receive(call.request, call.body, call.verified, algorithm: algorithm)
  }

  /// An XML request body, nil when it is empty.
  func document(_ call: Call) async throws -> XMLNode? {
    let bytes = try await BodyReceiver(folder: nil).collect(
      call.request, call.body, call.verified, describesBody: call.operation != .completeMultipartUpload)
    guard !bytes.isEmpty else { return nil }
    do {
      return try XMLNode(parsing: bytes)
    } catch {
      throw S3Error.malformedXML
    }
  }

  /// `If-Match` and `If-None-Match` of a write. S3 knows only `*` for the latter.
  func writeConditions(_ request: S3Request) throws -> WriteConditions {
    guard !request.ignoresConditions else { return .none }
    let conditions = WriteConditions(
      ifMatch: request.header("if-match"), ifNoneMatch: request.header("if-none-match"))
    if let ifNoneMatch = conditions.ifNoneMatch, ifNoneMatch != "*" { throw S3Error.notImplemented("If-None-Match") }
    if conditions.ifMatch != nil, conditions.ifNoneMatch != nil { throw S3Error.notImplemented("If-None-Match") }
    return conditions
  }

  /// Runs `body` with the note that a conditional write of `key` is under way.
  func asPendingWrite<Result: Sendable>(
    _ call: Call, if conditions: WriteConditions, _ body: (UInt64?) async throws -> Result
  ) async throws -> Result {
    guard !conditions.isEmpty else { return try await body(nil) }
    let id = self.store.beginWrite(call.key, in: call.bucket)
    defer { self.store.endWrite(id) }
    return try await body(id)
  }
}
