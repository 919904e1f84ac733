import AWSKit
import SyncEngine
import Testing

@testable import RemoteTree

@Suite struct FailureTests {
  struct Row: Sendable, CustomStringConvertible {
    var kind: S3Error.Kind
    var code: RemoteFailure.Code
    var says: String
    var description: String { kind.description }
  }

  static let rows: [Row] = [
    Row(kind: .preconditionFailed, code: .conditionFailed, says: "s3://b/k\\nx"),
    Row(kind: .conditionalRequestConflict, code: .raced, says: "s3://b/k\\nx"),
    Row(kind: .noSuchKey, code: .notFound, says: "does not exist"),
    Row(kind: .noSuchVersion, code: .notFound, says: "does not exist"),
    Row(kind: .noSuchUpload, code: .uploadGone, says: "s3://b/k\\nx"),
    Row(kind: .noSuchBucket, code: .configuration, says: "S3 URI"),
    Row(kind: .accessDenied, code: .permission, says: "s3:PutObject on s3://b/k\\nx is denied"),
    Row(kind: .invalidCredentials, code: .configuration, says: "--profile"),
    Row(kind: .noCredentials, code: .configuration, says: "cannot be signed"),
    Row(kind: .clockSkewed, code: .configuration, says: "clock"),
    Row(kind: .wrongRegion, code: .configuration, says: "--region"),
    Row(kind: .throttled, code: .throttled, says: "slow down"),
    Row(kind: .cannotConnect, code: .unreachable, says: "--endpoint-url"),
    Row(kind: .connectionLost, code: .unreachable, says: "s3://b/k\\nx"),
    Row(kind: .timedOut, code: .unreachable, says: "s3://b/k\\nx"),
    Row(kind: .truncatedBody, code: .corrupted, says: "s3://b/k\\nx"),
    Row(kind: .checksumMismatch, code: .corrupted, says: "s3://b/k\\nx"),
    Row(kind: .badDigest, code: .corrupted, says: "s3://b/k\\nx"),
    Row(kind: .invalidRange, code: .conditionFailed, says: "shorter"),
    Row(kind: .invalidObjectState, code: .notPossible, says: "restore"),
    Row(kind: .entityTooLarge, code: .notPossible, says: "why"),
    Row(kind: .notImplemented, code: .notPossible, says: "why"),
    Row(kind: .rejected, code: .notPossible, says: "why"),
    Row(kind: .invalidArgument, code: .notPossible, says: "why"),
    Row(kind: .serverFailure, code: .server, says: "why"),
    Row(kind: .malformedReply, code: .server, says: "why"),
  ]

  /// An endpoint that is away for a minute is no wrong configuration.
  @Test(arguments: [S3Error.Kind.noCredentials, .invalidCredentials]) func credentialsToCome(_ kind: S3Error.Kind) {
    let error = S3Error(kind, code: "why", message: "why", isRetryable: true)
    let failure = RemoteFailure(error, of: .write, bucket: "b", key: "k")
    #expect(failure.code == .unreachable && failure.message.contains("why"))
  }

  @Test(arguments: rows) func tellsFailures(_ row: Row) {
    let failure = RemoteFailure(S3Error(row.kind, message: "why"), of: .write, bucket: "b", key: "k\nx")
    #expect(failure.code == row.code)
    #expect(failure.message.contains(row.says))
    #expect(!failure.message.contains("\n"))
  }

  /// A reply that was lost is a question for a commit, and nothing special for a part or a read.
  @Test(arguments: [S3Error.Kind.connectionLost, .timedOut, .serverFailure, .malformedReply, .throttled])
  func asksForTheOutcomeOfCommits(_ kind: S3Error.Kind) {
    let error = S3Error(kind, message: "why", outcomeUnknown: true)
    #expect(RemoteFailure(error, of: .write, bucket: "b", key: "k").code == .outcomeUnknown)
    #expect(RemoteFailure(error, of: .delete, bucket: "b", key: "k").code == .outcomeUnknown)
    #expect(RemoteFailure(error, of: .prepare, bucket: "b", key: "k").code != .outcomeUnknown)
  }

  @Test func namesWhatIsMissing() {
    var error = S3Error(.accessDenied, message: "no")
    #expect(
      RemoteFailure(error, of: .list, bucket: "b", key: "p/").message
        == "s3:ListBucket on s3://b/p/ is denied: allow it to these credentials, or use others (--profile)")
    error.permissions = [
      AWSPermission("s3:PutObject", on: "arn:aws:s3:::b/p/x"), AWSPermission("s3:GetObject", on: "arn:aws:s3:::b/p/x"),
      AWSPermission("s3:GetObject", on: "arn:aws:s3:::b/p/y"),
    ]
    #expect(
      RemoteFailure(error, of: .write, bucket: "b", key: "p/x").message
        == "s3:PutObject or s3:GetObject on arn:aws:s3:::b/p/x or s3:GetObject on arn:aws:s3:::b/p/y is denied: "
        + "add it to the policy; `martlet iam-policy` prints what is needed")
  }
}
