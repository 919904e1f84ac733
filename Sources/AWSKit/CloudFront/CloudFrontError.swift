/// Why a request to CloudFront failed: what any service may answer, and what CloudFront alone does.
@dynamicMemberLookup
public struct CloudFrontError: Error, Sendable, CustomStringConvertible {
  /// The class of a failure, whatever code the service gives it.
  public struct Kind: Hashable, Sendable {
    fileprivate enum Code: Hashable {
      case noSuchDistribution, tooManyInvalidations, pathsRefused, referenceUsed
      case service(AWSServiceError.Kind)
    }

    fileprivate let code: Code

    public static let noSuchDistribution = Self(code: .noSuchDistribution)
    /// More invalidations are in progress than a distribution may have; some will be over in minutes.
    public static let tooManyInvalidations = Self(code: .tooManyInvalidations)
    /// One of the paths, or their number, is not taken.
    public static let pathsRefused = Self(code: .pathsRefused)
    /// An invalidation with this caller reference and other paths exists.
    public static let referenceUsed = Self(code: .referenceUsed)
    public static let accessDenied = Self(code: .service(.accessDenied))
    public static let invalidCredentials = Self(code: .service(.invalidCredentials))
    public static let noCredentials = Self(code: .service(.noCredentials))
    public static let rejected = Self(code: .service(.rejected))
    public static let serverFailure = Self(code: .service(.serverFailure))
  }

  public let kind: Kind
  private let failure: AWSServiceError

  init(_ failure: AWSServiceError) {
    self.failure = failure
    kind = Self.kinds[failure.code] ?? Kind(code: .service(failure.kind))
  }

  /// What the reply said: see ``AWSServiceError``.
  public subscript<Value>(dynamicMember member: KeyPath<AWSServiceError, Value>) -> Value { failure[keyPath: member] }

  /// Whether time alone may heal it: nothing is wrong with the request.
  public var mayPass: Bool { kind == .tooManyInvalidations || failure.mayPass }

  public var description: String { failure.description }

  /// Errors of CreateInvalidation and GetDistribution (CloudFront API reference). Too many invalidations are not asked
  /// for again at once: those in progress take minutes.
  private static let kinds: [String: Kind] = [
    "NoSuchDistribution": .noSuchDistribution, "TooManyInvalidationsInProgress": .tooManyInvalidations,
    "InvalidArgument": .pathsRefused, "BatchTooLarge": .pathsRefused,
    "InvalidationBatchAlreadyExists": .referenceUsed,
  ]
}
