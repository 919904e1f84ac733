/// Why a request to S3, or the reading of its reply, failed.
public struct S3Error: Error, Sendable {
  /// The class of a failure, whatever code a server gives it.
  public struct Kind: Hashable, Sendable, CustomStringConvertible {
    enum Code: String {
      case noSuchKey, noSuchBucket, noSuchUpload, noSuchVersion, notModified, preconditionFailed
      case conditionalRequestConflict, accessDenied, invalidCredentials, noCredentials, clockSkewed, wrongRegion
      case throttled, invalidRange, invalidObjectState, entityTooLarge, notImplemented, bucketAlreadyExists
      case badDigest, rejected, serverFailure, cannotConnect, connectionLost, timedOut, malformedReply
      case truncatedBody, checksumMismatch, invalidArgument
    }

    let code: Code

    /// 404 for a key; also of a HEAD, whose reply has no body, where the *bucket* may be what is missing.
    public static let noSuchKey = Self(code: .noSuchKey)
    public static let noSuchBucket = Self(code: .noSuchBucket)
    public static let noSuchUpload = Self(code: .noSuchUpload)
    public static let noSuchVersion = Self(code: .noSuchVersion)
    /// 304: the object still has the ETag of an `If-None-Match`.
    public static let notModified = Self(code: .notModified)
    /// 412: the object is not in the state that the condition names.
    public static let preconditionFailed = Self(code: .preconditionFailed)
    /// 409: another write to the key was under way; after CompleteMultipartUpload all parts have to be sent anew.
    public static let conditionalRequestConflict = Self(code: .conditionalRequestConflict)
    public static let accessDenied = Self(code: .accessDenied)
    /// The server does not take the credentials or the signature.
    public static let invalidCredentials = Self(code: .invalidCredentials)
    /// No provider of the chain has credentials.
    public static let noCredentials = Self(code: .noCredentials)
    public static let clockSkewed = Self(code: .clockSkewed)
    public static let wrongRegion = Self(code: .wrongRegion)
    /// The server asks to slow down; it has not processed the request.
    public static let throttled = Self(code: .throttled)
    /// 416.
    public static let invalidRange = Self(code: .invalidRange)
    /// The object lies in an archive class.
    public static let invalidObjectState = Self(code: .invalidObjectState)
    public static let entityTooLarge = Self(code: .entityTooLarge)
    /// 501: the server lacks the call or one of its headers.
    public static let notImplemented = Self(code: .notImplemented)
    public static let bucketAlreadyExists = Self(code: .bucketAlreadyExists)
    /// The content that arrived does not have the checksum that was sent.
    public static let badDigest = Self(code: .badDigest)
    /// Any other 4xx.
    public static let rejected = Self(code: .rejected)
    /// 5xx.
    public static let serverFailure = Self(code: .serverFailure)
    /// Name not resolved, connection refused, TLS refused: nothing was sent.
    public static let cannotConnect = Self(code: .cannotConnect)
    public static let connectionLost = Self(code: .connectionLost)
    public static let timedOut = Self(code: .timedOut)
    public static let malformedReply = Self(code: .malformedReply)
    /// Fewer bytes than announced.
    public static let truncatedBody = Self(code: .truncatedBody)
    /// The content that was received does not have the checksum of the object.
    public static let checksumMismatch = Self(code: .checksumMismatch)
    /// A request that is not sent, since it cannot be right.
    public static let invalidArgument = Self(code: .invalidArgument)

    public var description: String { code.rawValue }
  }

  public var kind: Kind
  /// The server's code, such as `NoSuchKey`; the status where the reply had none; empty without a reply.
  public var code: String
  public var status: Int?
  public var requestID: String?
  public var message: String
  /// The call and what it was about, such as `PutObject s3://bucket/key`.
  public var operation: String
  /// Whether a write may have taken effect although it failed; sticky over the retries of a request.
  public var outcomeUnknown: Bool
  /// Whether the same request may succeed later.
  public var isRetryable: Bool
  /// Of ``Kind/accessDenied``: any of these may be what is missing.
  public var permissions: [AWSPermission] = []
  public var cause: (any Error)?

  public init(
    _ kind: Kind, code: String = "", status: Int? = nil, requestID: String? = nil, message: String,
    operation: String = "", outcomeUnknown: Bool = false, isRetryable: Bool = false, cause: (any Error)? = nil
  ) {
    self.kind = kind
    self.code = code
    self.status = status
    self.requestID = requestID
    self.message = message
    self.operation = operation
    self.outcomeUnknown = outcomeUnknown
    self.isRetryable = isRetryable
    self.cause = cause
  }
}

extension S3Error: CustomStringConvertible {
  public var description: String {
    var text = operation.isEmpty ? "" : "\(operation): "
    if !permissions.isEmpty { text += "\(permissions.alternatives) is denied: " }
    text += message
    var details: [String] = []
    if !code.isEmpty { details.append(code) }
    if let status, code != String(status) { details.append("HTTP \(status)") }
    if let requestID { details.append("request \(requestID)") }
    if outcomeUnknown { details.append("outcome unknown") }
    if !details.isEmpty { text += " (\(details.joined(separator: ", ")))" }
    return text
  }
}
