internal import AWSKit
internal import SyncEngine

/// What a request was for: what its failures are called, and what they ask the user for.
struct RemoteCall {
  /// The permission that it takes.
  let action: String
  /// Whether it is a commit: a lost reply leaves the question whether it took place.
  let isCommit: Bool

  static let list = RemoteCall(action: "s3:ListBucket", isCommit: false)
  static let read = RemoteCall(action: "s3:GetObject", isCommit: false)
  static let readAccess = RemoteCall(action: "s3:GetObjectAcl", isCommit: false)
  static let readTags = RemoteCall(action: "s3:GetObjectTagging", isCommit: false)
  /// A write that may be repeated: parts, copies aside, scratch objects.
  static let prepare = RemoteCall(action: "s3:PutObject", isCommit: false)
  /// What is begun and never told of stays in the bucket.
  static let begin = RemoteCall(action: "s3:PutObject", isCommit: true)
  static let write = RemoteCall(action: "s3:PutObject", isCommit: true)
  static let delete = RemoteCall(action: "s3:DeleteObject", isCommit: true)
  static let tidy = RemoteCall(action: "s3:DeleteObject", isCommit: false)
  static let listUploads = RemoteCall(action: "s3:ListBucketMultipartUploads", isCommit: false)
  static let abort = RemoteCall(action: "s3:AbortMultipartUpload", isCommit: false)

  func resource(bucket: String, key: String?) -> String {
    "s3://\(bucket)/" + (key.map(ReadableName.of) ?? "")
  }

  /// What to say of a refusal.
  func denial(_ error: S3Error, bucket: String, key: String?) -> String {
    let own = AWSPermission(action, on: resource(bucket: bucket, key: key))
    let missing = error.permissions.isEmpty ? [own] : error.permissions
    return missing.alternatives + " is denied: "
      + (missing[0].isInAWS
        ? "add it to the policy; `martlet iam-policy` prints what is needed"
        : "allow it to these credentials, or use others (--profile)")
  }
}

extension RemoteTree {
  /// Runs requests about one key; what fails in them is told in the port's terms.
  func performing<Result: Sendable>(
    _ call: RemoteCall, _ key: String?, isolation: isolated (any Actor)? = #isolation,
    _ requests: () async throws -> Result
  ) async throws -> Result {
    do {
      return try await requests()
    } catch let error as S3Error {
      throw RemoteFailure(error, of: call, bucket: bucket, key: key)
    }
  }
}
