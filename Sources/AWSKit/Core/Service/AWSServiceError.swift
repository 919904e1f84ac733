/// Why a request to a service other than S3 failed.
public struct AWSServiceError: Error, Sendable {
  /// The class of a failure, whatever code the service gives it.
  public struct Kind: Hashable, Sendable, CustomStringConvertible {
    enum Code: String {
      case accessDenied, invalidCredentials, noCredentials, throttled, rejected, serverFailure, cannotConnect
      case connectionLost, timedOut, malformedReply
    }

    let code: Code

    public static let accessDenied = Self(code: .accessDenied)
    /// The service does not take the credentials or the signature.
    public static let invalidCredentials = Self(code: .invalidCredentials)
    /// No provider of the chain has credentials.
    public static let noCredentials = Self(code: .noCredentials)
    public static let throttled = Self(code: .throttled)
    /// Any other 4xx; ``AWSServiceError/code`` tells.
    public static let rejected = Self(code: .rejected)
    /// 5xx.
    public static let serverFailure = Self(code: .serverFailure)
    /// Name not resolved, connection refused, TLS refused: nothing was sent.
    public static let cannotConnect = Self(code: .cannotConnect)
    public static let connectionLost = Self(code: .connectionLost)
    public static let timedOut = Self(code: .timedOut)
    /// A success that lacks what it should say.
    public static let malformedReply = Self(code: .malformedReply)

    public var description: String { code.rawValue }
  }

  public var kind: Kind
  /// The service's code, such as `QueueDoesNotExist`; the status where the reply had none; empty without a reply.
  public var code: String
  public var status: Int?
  public var requestID: String?
  public var message: String
  /// The call and what it was about, such as `sqs:CreateQueue events`.
  public var operation: String
  /// Whether the request may have taken effect although it failed; sticky over the retries of a request.
  public var outcomeUnknown: Bool
  /// Of ``Kind/accessDenied``: any of these may be what is missing.
  public var permissions: [AWSPermission] = []
  public var cause: (any Error)?

  public init(
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
    case .throttled, .serverFailure, .cannotConnect, .connectionLost, .timedOut: true
    case .accessDenied, .invalidCredentials, .noCredentials, .rejected, .malformedReply: false
    }
  }
}

extension AWSServiceError: CustomStringConvertible {
  public var description: String {
    var details: [String] = []
    if !code.isEmpty { details.append(code) }
    if let status, code != String(status) { details.append("HTTP \(status)") }
    if let requestID { details.append("request \(requestID)") }
    let subject = permissions.isEmpty ? operation : "\(permissions.alternatives) is denied"
    return (subject.isEmpty ? "" : "\(subject): ") + message
      + (details.isEmpty ? "" : " (\(details.joined(separator: ", ")))")
  }
}

extension AWSServiceError {
  /// The error of a reply.
  init(status: Int, code: String, message: String, requestID: String?, operation: String, permission: AWSPermission?) {
    let kind = Self.kinds[code] ?? Self.kind(status: status)
    self.init(
      kind, code: code.isEmpty ? String(status) : code, status: status, requestID: requestID,
      message: message.isEmpty ? "the server answered HTTP \(status)" : message, operation: operation,
      outcomeUnknown: kind == .serverFailure)
    if kind == .accessDenied { permissions = AWSPermission.missing(message, among: permission.map { [$0] } ?? []) }
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

  /// Errors that all services have ("Common Errors" of their API references), and names that some of them use instead.
  private static let kinds: [String: Kind] = [
    "AccessDenied": .accessDenied, "AccessDeniedException": .accessDenied, "AuthorizationError": .accessDenied,
    "InvalidClientTokenId": .invalidCredentials, "UnrecognizedClientException": .invalidCredentials,
    "InvalidAccessKeyId": .invalidCredentials, "SignatureDoesNotMatch": .invalidCredentials,
    "InvalidSignatureException": .invalidCredentials, "ExpiredToken": .invalidCredentials,
    "ExpiredTokenException": .invalidCredentials, "InvalidToken": .invalidCredentials,
    "InvalidSecurity": .invalidCredentials, "Throttling": .throttled, "ThrottlingException": .throttled,
    "ThrottledException": .throttled, "RequestThrottled": .throttled, "RequestThrottledException": .throttled,
    "RequestLimitExceeded": .throttled, "TooManyRequestsException": .throttled, "SlowDown": .throttled,
    "LimitExceededException": .throttled, "ServiceUnavailable": .serverFailure, "InternalError": .serverFailure,
    "InternalFailure": .serverFailure, "InternalException": .serverFailure, "RequestTimeout": .timedOut,
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
