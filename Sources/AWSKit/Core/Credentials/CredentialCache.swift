public import Logging

/// Keeps credentials and refreshes them ahead of their expiry, one refresh at a time.
///
/// The times are botocore's: from 15 minutes before expiry a refresh is tried and the old ones go on to be used
/// while it runs or when it fails; in the last 10 minutes everybody waits for it. Beyond botocore, they go on to be
/// used when that fails, too, as long as they are valid.
public actor CredentialCache {
  private static let advisoryRefresh: Int64 = 15 * 60
  private static let mandatoryRefresh: Int64 = 10 * 60
  /// Between tries while the old ones are valid: some issuers give out short-lived ones only.
  private static let pauseBetweenTries: Int64 = 60

  private let provider: any CredentialProvider
  private let now: @Sendable () -> AWSTimestamp
  private let logger: Logger
  private var current: AWSCredentials?
  private var source: String?
  private var refresh: Task<AWSCredentials, any Error>?
  private var nextTry: AWSTimestamp?

  public init(provider: any CredentialProvider, now: @escaping @Sendable () -> AWSTimestamp, logger: Logger) {
    self.provider = provider
    self.now = now
    self.logger = logger
  }

  /// Credentials that are valid now.
  /// - Throws: ``CredentialError``, or what the provider throws.
  public func credentials() async throws -> AWSCredentials {
    guard let current else { return try await refreshed() }
    guard let expiration = current.expiration else { return current }
    let remaining = expiration.seconds - now().seconds
    guard remaining < Self.advisoryRefresh, remaining <= 0 || nextTry.map({ $0 <= now() }) ?? true else {
      return current
    }
    if remaining >= Self.mandatoryRefresh {
      startRefresh()
      return current
    }
    do {
      return try await refreshed()
    } catch  where remaining > 0 {
      return current
    }
  }

  /// To be called when a server rejects these: the next request looks for others.
  public func invalidate(_ rejected: AWSCredentials) {
    guard let current, current == rejected else { return }
    self.current = nil
  }

  private func refreshed() async throws -> AWSCredentials {
    try await startRefresh().value
  }

  @discardableResult
  private func startRefresh() -> Task<AWSCredentials, any Error> {
    if let refresh { return refresh }
    nextTry = now().adding(seconds: Self.pauseBetweenTries)
    // Not a child task: whoever waits may be cancelled, the others still need the outcome.
    let task = Task { try await self.load() }
    refresh = task
    return task
  }

  private func load() async throws -> AWSCredentials {
    defer { refresh = nil }
    do {
      switch try await provider.lookUp() {
      case .found(let found, let source):
        if let expiration = found.expiration, expiration <= now() {
          throw CredentialError("the credentials from the \(source) have already expired")
        }
        tell(found, source)
        current = found
        return found
      case .nothing(let reason):
        throw CredentialError(
          "no credentials found: \(reason). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile "
            + "that has keys or a role")
      }
    } catch {
      if current != nil { logger.warning("credentials not refreshed", metadata: ["error": "\(error)"]) }
      throw error
    }
  }

  /// The source once, later ones only when it is another.
  private func tell(_ found: AWSCredentials, _ source: String) {
    var metadata: Logger.Metadata = ["source": "\(source)"]
    if !found.isAnonymous { metadata["key"] = "\(found.accessKeyID)" }
    if let expiration = found.expiration { metadata["until"] = "\(expiration.iso8601)" }
    if self.source == source {
      logger.debug("credentials refreshed", metadata: metadata)
    } else {
      logger.info("credentials found", metadata: metadata)
    }
    self.source = source
  }
}
