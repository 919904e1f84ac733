public import Logging

/// Keeps credentials and refreshes them ahead of their expiry, one refresh at a time.
///
/// The times are botocore's: from 15 minutes before expiry a refresh is tried and the old ones go on to be used
/// while it runs or when it fails; in the last 10 minutes everybody waits for it.
public actor CredentialCache {
  private static let advisoryRefresh: Int64 = 15 * 60
  private static let mandatoryRefresh: Int64 = 10 * 60
  /// Between tries while the old ones are valid: some issuers give out short-lived ones only.
  private static let pauseBetweenTries: Int64 = 60

  private let provider: any CredentialProvider
  private let now: @Sendable () -> AWSTimestamp
  private let logger: Logger
  private var current: AWSCredentials?
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
      guard let found = try await provider.credentials() else {
        throw CredentialError("no credentials found in \(provider.name)")
      }
      if let expiration = found.expiration, expiration <= now() {
        throw CredentialError("the credentials from \(provider.name) have already expired")
      }
      current = found
      return found
    } catch {
      if current != nil { logger.warning("credentials not refreshed", metadata: ["error": "\(error)"]) }
      throw error
    }
  }
}
