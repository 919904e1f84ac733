extension S3Error {
  /// The error of a reply.
  /// - Parameters:
  ///   - status: of a false success: 200.
  ///   - isWrite: whether the outcome of a failure within the server is a question.
  init(status: Int, body: S3ErrorBody, requestID: String?, operation: String, hasKey: Bool, isWrite: Bool) {
    let kind = Self.kind(status: status, code: body.code, hasKey: hasKey)
    let mayHaveTakenEffect =
      switch kind {
      case .serverFailure: true
      // Inside of a 200 the server had begun to work.
      case .throttled, .timedOut: status == 200
      default: false
      }
    self.init(
      kind, code: body.code.isEmpty ? String(status) : body.code, status: status,
      requestID: body.requestID ?? requestID,
      message: body.message.isEmpty ? Self.defaultMessage(kind, status: status) : body.message, operation: operation,
      outcomeUnknown: isWrite && mayHaveTakenEffect, isRetryable: Self.isRetryable(kind, status: status))
  }

  /// Notes what a refused request lacked.
  mutating func deny(_ needed: @autoclosure () -> [AWSPermission]) {
    if kind == .accessDenied { permissions = AWSPermission.missing(message, among: needed()) }
  }

  private static func kind(status: Int, code: String, hasKey: Bool) -> Kind {
    if let kind = kinds[code] { return kind }
    if throttlingCodes.contains(code) { return .throttled }
    return switch status {
    case 200: .serverFailure
    case 301, 302, 307: .wrongRegion
    case 304: .notModified
    case 401, 403: .accessDenied
    case 404: hasKey ? .noSuchKey : .noSuchBucket
    case 408: .timedOut
    case 412: .preconditionFailed
    case 413: .entityTooLarge
    case 416: .invalidRange
    case 429: .throttled
    case 501: .notImplemented
    case 500...: .serverFailure
    default: .rejected
    }
  }

  private static let kinds: [String: Kind] = [
    "NoSuchKey": .noSuchKey, "NoSuchBucket": .noSuchBucket, "NoSuchUpload": .noSuchUpload,
    "NoSuchVersion": .noSuchVersion, "PreconditionFailed": .preconditionFailed,
    "ConditionalRequestConflict": .conditionalRequestConflict, "OperationAborted": .conditionalRequestConflict,
    "BucketAlreadyExists": .bucketAlreadyExists, "BucketAlreadyOwnedByYou": .bucketAlreadyExists,
    "AccessDenied": .accessDenied, "AllAccessDisabled": .accessDenied,
    "InvalidAccessKeyId": .invalidCredentials, "SignatureDoesNotMatch": .invalidCredentials,
    "ExpiredToken": .invalidCredentials, "InvalidToken": .invalidCredentials,
    "TokenRefreshRequired": .invalidCredentials, "InvalidSecurity": .invalidCredentials,
    "RequestTimeTooSkewed": .clockSkewed, "RequestExpired": .clockSkewed,
    "PermanentRedirect": .wrongRegion, "TemporaryRedirect": .wrongRegion,
    "AuthorizationHeaderMalformed": .wrongRegion, "IllegalLocationConstraintException": .wrongRegion,
    "InvalidRange": .invalidRange, "InvalidObjectState": .invalidObjectState, "EntityTooLarge": .entityTooLarge,
    "NotImplemented": .notImplemented, "RequestTimeout": .timedOut,
    "BadDigest": .badDigest, "InvalidDigest": .badDigest, "XAmzContentSHA256Mismatch": .badDigest,
    "XAmzContentChecksumMismatch": .badDigest, "InternalError": .serverFailure, "ServiceUnavailable": .serverFailure,
  ]

  /// What botocore takes for throttling, whatever the status.
  private static let throttlingCodes: Set<String> = [
    "SlowDown", "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled",
    "RequestThrottledException", "ProvisionedThroughputExceededException", "RequestLimitExceeded",
    "TooManyRequests", "TooManyRequestsException", "PriorRequestNotComplete", "LimitExceededException",
    "BandwidthLimitExceeded", "EC2ThrottledException", "TransactionInProgressException",
  ]

  private static func isRetryable(_ kind: Kind, status: Int) -> Bool {
    switch kind {
    case .throttled, .timedOut: true
    // The bytes changed on their way.
    case .badDigest: true
    case .serverFailure: [200, 500, 502, 503, 504, 509].contains(status)
    default: false
    }
  }

  private static func defaultMessage(_ kind: Kind, status: Int) -> String {
    switch kind {
    case .noSuchKey: "there is no such object (or no such bucket)"
    case .noSuchBucket: "there is no such bucket"
    case .notModified: "the object has not changed"
    case .preconditionFailed: "the object is not in the expected state"
    case .accessDenied: "access denied: the credentials lack a permission, or are not valid"
    case .wrongRegion: "the bucket is in another region, which the server does not name; give it with --region"
    case .throttled: "the server asks to slow down"
    default: "the server answered HTTP \(status)"
    }
  }

  /// The error of a request without a complete reply.
  init(_ failure: HTTPFailure, operation: String, isWrite: Bool) {
    let kind: Kind =
      switch failure.kind {
      case .cannotConnect: .cannotConnect
      case .connectionLost: .connectionLost
      case .timedOut: .timedOut
      case .invalidRequest: .invalidArgument
      }
    self.init(
      kind, message: failure.message, operation: operation,
      outcomeUnknown: isWrite && (kind == .connectionLost || kind == .timedOut),
      isRetryable: kind != .invalidArgument, cause: failure.cause)
  }
}
