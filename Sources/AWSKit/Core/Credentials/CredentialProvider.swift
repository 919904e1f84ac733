/// One place where credentials may be found.
public protocol CredentialProvider: Sendable {
  /// Names the place in messages, such as `environment`.
  var name: String { get }

  /// Called again for each refresh, it looks again.
  /// - Throws: ``CredentialError`` when the place is configured but incomplete, or does not deliver; that ends the
  ///   search, as it does in AWS's tools.
  func lookUp() async throws -> CredentialLookup
}

/// What a place had.
public enum CredentialLookup: Sendable {
  /// `source` tells where they are from, for logs; no secret is in it.
  case found(AWSCredentials, source: String)
  /// Why there are none, such as `AWS_ACCESS_KEY_ID is not set`.
  case nothing(String)
}

/// Credentials that the caller has.
public struct StaticCredentialProvider: CredentialProvider {
  public let name: String
  private let value: AWSCredentials

  public init(_ credentials: AWSCredentials, name: String = "given credentials") {
    value = credentials
    self.name = name
  }

  public func lookUp() -> CredentialLookup { .found(value, source: name) }
}

/// Why no credentials are to be had. Holds no secrets.
public struct CredentialError: Error, CustomStringConvertible {
  public let message: String
  public let cause: (any Error)?
  /// Whether the same place may deliver later: one that is asked over the network, and does not answer as it should.
  public let mayPass: Bool

  public init(_ message: String, cause: (any Error)? = nil, mayPass: Bool = false) {
    self.message = message
    self.cause = cause
    self.mayPass =
      switch cause {
      case let failure as CredentialRequestFailure: failure.isTransient
      case let error as CredentialError: error.mayPass
      default: mayPass
      }
  }

  public var description: String { cause.map { "\(message): \($0)" } ?? message }
}
