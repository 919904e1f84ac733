internal import AWSKit
internal import SyncEngine

extension S3Error {
  /// Whether what was refused is the reading of a version by its id, which takes a permission of its own.
  var deniesVersions: Bool { permissions.contains { $0.action == "s3:GetObjectVersion" } }
}

extension RemoteFailure {
  init(_ error: S3Error, of call: RemoteCall, bucket: String, key: String?) {
    let resource = call.resource(bucket: bucket, key: key)
    if error.outcomeUnknown, call.isCommit {
      self.init(.outcomeUnknown, "\(resource): \(Self.summary(error)); whether the change took place is looked up")
      return
    }
    switch error.kind {
    case .preconditionFailed: self.init(.conditionFailed, "\(resource) is not the expected version any more")
    case .conditionalRequestConflict: self.init(.raced, "\(resource) is being written by somebody else")
    case .noSuchKey, .noSuchVersion: self.init(.notFound, "\(resource) does not exist")
    case .noSuchUpload: self.init(.uploadGone, "\(resource): the server does not know the unfinished upload")
    case .noSuchBucket:
      self.init(
        .configuration, "there is no bucket “\(bucket)”: check the S3 URI, --endpoint-url and --region")
    case .accessDenied:
      self.init(.permission, call.denial(error, bucket: bucket, key: key))
    case .invalidCredentials where error.isRetryable:
      self.init(.unreachable, "the server does not take the credentials that were given out last (\(Self.code(error)))")
    case .invalidCredentials:
      self.init(
        .configuration,
        "the server does not take the credentials (\(Self.code(error))): check --profile, "
          + "the AWS_… variables and --endpoint-url")
    case .noCredentials where error.isRetryable:
      self.init(.unreachable, "requests cannot be signed at the moment: \(error.message)")
    case .noCredentials: self.init(.configuration, "requests cannot be signed: \(error.message)")
    case .clockSkewed:
      self.init(.configuration, "the server finds the clock of this machine wrong (\(Self.code(error))): set it")
    case .wrongRegion:
      self.init(.configuration, "the bucket “\(bucket)” is in another region: give it with --region")
    case .throttled: self.init(.throttled, "\(resource): the server asks to slow down")
    case .cannotConnect:
      self.init(.unreachable, "no connection to the server (\(error.message)): check the network and --endpoint-url")
    case .connectionLost, .timedOut: self.init(.unreachable, "\(resource): \(Self.summary(error))")
    case .truncatedBody, .checksumMismatch, .badDigest: self.init(.corrupted, "\(resource): \(Self.summary(error))")
    case .invalidRange: self.init(.conditionFailed, "\(resource) is shorter than it was when it was listed")
    case .invalidObjectState:
      self.init(.notPossible, "\(resource) lies in an archive class: restore it first")
    case .serverFailure, .malformedReply: self.init(.server, "\(resource): \(Self.summary(error))")
    // Entity too large, not implemented, rejected, invalid arguments, and what later kinds may be added.
    default: self.init(.notPossible, "\(resource) is refused by the server: \(Self.summary(error))")
    }
  }

  private static func code(_ error: S3Error) -> String {
    error.code.isEmpty ? error.kind.description : error.code
  }

  private static func summary(_ error: S3Error) -> String {
    var details = error.code
    if let requestID = error.requestID { details += details.isEmpty ? "" : ", request \(requestID)" }
    return details.isEmpty ? error.message : "\(error.message) (\(details))"
  }
}
