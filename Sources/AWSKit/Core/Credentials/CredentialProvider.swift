/// One place where credentials may be found.
public protocol CredentialProvider: Sendable {
  /// Names the place in messages, such as `environment variables`.
  var name: String { get }

  /// Nil when the place holds nothing. Called again for each refresh, it looks again.
  /// - Throws: ``CredentialError`` when it holds something incomplete or unusable; that ends the search.
  func credentials() async throws -> AWSCredentials?
}

/// Credentials that the caller has.
public struct StaticCredentialProvider: CredentialProvider {
  public let name = "given credentials"
  private let value: AWSCredentials

  public init(_ credentials: AWSCredentials) { value = credentials }

  public func credentials() -> AWSCredentials? { value }
}

/// Why no credentials are to be had. Holds no secrets.
public struct CredentialError: Error, CustomStringConvertible {
  public let message: String
  public let cause: (any Error)?

  public init(_ message: String, cause: (any Error)? = nil) {
    self.message = message
    self.cause = cause
  }

  public var description: String { cause.map { "\(message): \($0)" } ?? message }
}
