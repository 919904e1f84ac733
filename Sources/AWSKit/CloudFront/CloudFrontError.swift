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
  init(_ error: AWSServiceError) {
    self.init(
      Self.kinds[error.code] ?? Kind(error.kind), code: error.code, status: error.status, requestID: error.requestID,
      message: error.message, operation: error.operation, outcomeUnknown: error.outcomeUnknown, cause: error.cause)
  }

  /// Errors of CreateInvalidation and GetDistribution (CloudFront API reference). Too many invalidations are not asked
  /// for again at once: those in progress take minutes.
  private static let kinds: [String: Kind] = [
    "NoSuchDistribution": .noSuchDistribution, "TooManyInvalidationsInProgress": .tooManyInvalidations,
    "InvalidArgument": .pathsRefused, "BatchTooLarge": .pathsRefused,
    "InvalidationBatchAlreadyExists": .referenceUsed,
  ]
}

extension CloudFrontError.Kind {
  fileprivate init(_ kind: AWSServiceError.Kind) {
    self =
      switch kind.code {
      case .accessDenied: .accessDenied
      case .invalidCredentials: .invalidCredentials
      case .noCredentials: .noCredentials
      case .throttled: .throttled
      case .rejected, .malformedReply: .rejected
      case .serverFailure: .serverFailure
      case .cannotConnect: .cannotConnect
      case .connectionLost: .connectionLost
      case .timedOut: .timedOut
      }
  }
}
