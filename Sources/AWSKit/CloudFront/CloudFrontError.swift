/// Why a request to CloudFront failed.
public struct CloudFrontError: Error, Sendable {
  /// The class of a failure, whatever code the service gives it.
  public struct Kind: Hashable, Sendable, CustomStringConvertible {
    enum Code: String {
      case noSuchDistribution, tooManyInvalidations, pathsRefused, referenceUsed, accessDenied, invalidCredentials
      case noCredentials, throttled, rejected, serverFailure, cannotConnect, connectionLost, timedOut
    }

    let code: Code

    public static let noSuchDistribution = Self(code: .noSuchDistribution)
    /// More invalidations are in progress than a distribution may have; some will be over in minutes.
    public static let tooManyInvalidations = Self(code: .tooManyInvalidations)
    /// One of the paths, or their number, is not taken.
    public static let pathsRefused = Self(code: .pathsRefused)
    /// An invalidation with this caller reference and other paths exists.
    public static let referenceUsed = Self(code: .referenceUsed)
    public static let accessDenied = Self(code: .accessDenied)
    /// The service does not take the credentials or the signature.
    public static let invalidCredentials = Self(code: .invalidCredentials)
    /// No provider of the chain has credentials.
    public static let noCredentials = Self(code: .noCredentials)
    public static let throttled = Self(code: .throttled)
    /// Any other 4xx.
    public static let rejected = Self(code: .rejected)
    /// 5xx.
    public static let serverFailure = Self(code: .serverFailure)
    /// Name not resolved, connection refused, TLS refused: nothing was sent.
    public static let cannotConnect = Self(code: .cannotConnect)
    public static let connectionLost = Self(code: .connectionLost)
    public static let timedOut = Self(code: .timedOut)

    public var description: String { code.rawValue }
  }

  public var kind: Kind
  /// The service's code, such as `NoSuchDistribution`; the status where the reply had none; empty without a reply.
  public var code: String
  public var status: Int?
  public var requestID: String?
  public var message: String
  /// The call and the distribution, such as `CreateInvalidation E1ABC`.
  public var operation: String
  /// Whether the request may have taken effect although it failed; sticky over the retries of a request.
  public var outcomeUnknown: Bool
  public var cause: (any Error)?

  init(
    _ kind: Kind, code: String = "", status: Int? = nil, requestID: String? = nil, message: String,
    operation: String = "", outcomeUnknown: Bool = false, cause: (any Error)? = nil
  ) {
    self.kind = kind
    self.code = code
    self.status = status
    self.requestID = requestID
    self.message = message
    self.operation = operation
    self.outcomeUnknown = outcomeUnknown
    self.cause = cause
  }

  /// Whether time alone may heal it: nothing is wrong with the request.
  public var mayPass: Bool {
    switch kind.code {
    case .tooManyInvalidations, .throttled, .serverFailure, .cannotConnect, .connectionLost, .timedOut: true
    case .noSuchDistribution, .pathsRefused, .referenceUsed, .accessDenied, .invalidCredentials, .noCredentials,
      .rejected:
      false
    }
  }

  /// Invalidations in progress take minutes: trying again at once is of no use.
  var isRetryable: Bool { mayPass && kind != .tooManyInvalidations }
}

extension CloudFrontError: CustomStringConvertible {
  public var description: String {
    var details: [String] = []
    if !code.isEmpty { details.append(code) }
    if let status, code != String(status) { details.append("HTTP \(status)") }
    if let requestID { details.append("request \(requestID)") }
    return (operation.isEmpty ? "" : "\(operation): ") + message
      + (details.isEmpty ? "" : " (\(details.joined(separator: ", ")))")
  }
}

extension CloudFrontError {
  /// The error of a reply.
  init(status: Int, body: S3ErrorBody, requestID: String?, operation: String) {
    let kind = Self.kinds[body.code] ?? Self.kind(status: status)
    self.init(
      kind, code: body.code.isEmpty ? String(status) : body.code, status: status, requestID: requestID,
      message: body.message.isEmpty ? "the server answered HTTP \(status)" : body.message, operation: operation,
      outcomeUnknown: kind == .serverFailure)
  }

  private static func kind(status: Int) -> Kind {
    switch status {
    case 401, 403: .accessDenied
    case 408: .timedOut
    case 429: .throttled
    case 500...: .serverFailure
    default: .rejected
    }
  }

  /// Errors of CreateInvalidation and GetDistribution, and those that all services have (CloudFront API reference).
  private static let kinds: [String: Kind] = [
    "NoSuchDistribution": .noSuchDistribution, "TooManyInvalidationsInProgress": .tooManyInvalidations,
    "InvalidArgument": .pathsRefused, "BatchTooLarge": .pathsRefused,
    "InvalidationBatchAlreadyExists": .referenceUsed, "AccessDenied": .accessDenied,
    "InvalidClientTokenId": .invalidCredentials, "UnrecognizedClientException": .invalidCredentials,
    "InvalidAccessKeyId": .invalidCredentials, "SignatureDoesNotMatch": .invalidCredentials,
    "ExpiredToken": .invalidCredentials, "ExpiredTokenException": .invalidCredentials,
    "InvalidToken": .invalidCredentials, "Throttling": .throttled, "ThrottlingException": .throttled,
    "ThrottledException": .throttled, "RequestThrottled": .throttled, "RequestThrottledException": .throttled,
    "RequestLimitExceeded": .throttled, "TooManyRequestsException": .throttled, "SlowDown": .throttled,
    "LimitExceededException": .throttled, "ServiceUnavailable": .serverFailure, "InternalError": .serverFailure,
    "InternalFailure": .serverFailure, "RequestTimeout": .timedOut,
  ]

  /// The error of a request without a complete reply.
  init(_ failure: HTTPFailure, operation: String) {
    let kind: Kind =
      switch failure.kind {
      case .cannotConnect: .cannotConnect
      case .connectionLost: .connectionLost
      case .timedOut: .timedOut
      case .invalidRequest: .rejected
      }
    self.init(
      kind, message: failure.message, operation: operation,
      outcomeUnknown: kind == .connectionLost || kind == .timedOut, cause: failure.cause)
  }
}
