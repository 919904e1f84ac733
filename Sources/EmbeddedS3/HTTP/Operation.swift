import HTTPTypes

/// The calls that the server knows, by their names in the S3 API.
package enum S3Operation: String, Sendable, Codable, CaseIterable {
  case listBuckets = "ListBuckets"
  case createBucket = "CreateBucket"
  case deleteBucket = "DeleteBucket"
  case headBucket = "HeadBucket"
  case getBucketLocation = "GetBucketLocation"
  case getBucketVersioning = "GetBucketVersioning"
  case putBucketVersioning = "PutBucketVersioning"
  case listObjects = "ListObjects"
  case listObjectsV2 = "ListObjectsV2"
  case listObjectVersions = "ListObjectVersions"
  case listMultipartUploads = "ListMultipartUploads"
  case deleteObjects = "DeleteObjects"
  case getObject = "GetObject"
  case headObject = "HeadObject"
  case putObject = "PutObject"
  case copyObject = "CopyObject"
  case deleteObject = "DeleteObject"
  case getObjectTagging = "GetObjectTagging"
  case putObjectTagging = "PutObjectTagging"
  case deleteObjectTagging = "DeleteObjectTagging"
  case getObjectAcl = "GetObjectAcl"
  case createMultipartUpload = "CreateMultipartUpload"
  case uploadPart = "UploadPart"
  case uploadPartCopy = "UploadPartCopy"
  case completeMultipartUpload = "CompleteMultipartUpload"
  case abortMultipartUpload = "AbortMultipartUpload"
  case listParts = "ListParts"

  /// Query parameters that name a call of S3 which this server does not have.
  private static let unknownSubresources: Set<String> = [
    "accelerate", "analytics", "attributes", "cors", "encryption", "intelligent-tiering", "inventory", "legal-hold",
    "lifecycle", "logging", "metrics", "notification", "object-lock", "ownershipControls", "policy", "policyStatus",
    "publicAccessBlock", "replication", "requestPayment", "restore", "retention", "select", "torrent", "website",
  ]

  /// The call that a request means. Throws for methods and subresources that the server does not have.
  init(_ request: S3Request) throws {
    if let name = request.parameters.first(where: { Self.unknownSubresources.contains($0.name) })?.name {
      throw S3Error.notImplemented(name)
    }
    let operation: S3Operation? =
      if request.bucket == nil {
        request.method == .get ? .listBuckets : nil
      } else if request.key == nil {
        Self.onBucket(request)
      } else {
        Self.onObject(request)
      }
    guard let operation else { throw S3Error.methodNotAllowed }
    self = operation
  }

  private static func onBucket(_ request: S3Request) -> S3Operation? {
    switch request.method {
    case .get:
      if request.has("location") { return .getBucketLocation }
      if request.has("versioning") { return .getBucketVersioning }
      if request.has("versions") { return .listObjectVersions }
      if request.has("uploads") { return .listMultipartUploads }
      return request.parameter("list-type") == "2" ? .listObjectsV2 : .listObjects
    case .head: return .headBucket
    case .put: return request.has("versioning") ? .putBucketVersioning : .createBucket
    case .delete: return .deleteBucket
    case .post: return request.has("delete") ? .deleteObjects : nil
    default: return nil
    }
  }

  private static func onObject(_ request: S3Request) -> S3Operation? {
    let isCopy = request.header("x-amz-copy-source") != nil
    switch request.method {
    case .get:
      if request.has("uploadId") { return .listParts }
      if request.has("tagging") { return .getObjectTagging }
      return request.has("acl") ? .getObjectAcl : .getObject
    case .head: return .headObject
    case .put:
      if request.has("uploadId") { return isCopy ? .uploadPartCopy : .uploadPart }
      if request.has("tagging") { return .putObjectTagging }
      guard !request.has("acl") else { return nil }
      return isCopy ? .copyObject : .putObject
    case .delete:
      if request.has("uploadId") { return .abortMultipartUpload }
      return request.has("tagging") ? .deleteObjectTagging : .deleteObject
    case .post:
      if request.has("uploads") { return .createMultipartUpload }
      return request.has("uploadId") ? .completeMultipartUpload : nil
    default: return nil
    }
  }
}
