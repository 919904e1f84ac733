internal import NIOConcurrencyHelpers

/// A role of IAM Identity Center, by the token that `aws sso login` left. The token of an `sso-session` is refreshed,
/// one of the older form is used until it ends.
public struct SSOCredentialProvider: CredentialProvider {
  private let settings: AWSSettings
  private let profile: String
  private let services: CredentialServices
  private let lastRefresh = NIOLockedValueBox<AWSTimestamp?>(nil)

  /// Seconds before the end of a token. botocore's.
  private static let refreshWindow: Int64 = 15 * 60
  /// Seconds. botocore's.
  private static let pauseBetweenRefreshes: Int64 = 60

  /// - Parameter profile: nil: the one of the settings.
  public init(settings: AWSSettings, profile: String? = nil, services: CredentialServices) {
    self.settings = settings
    self.profile = profile ?? settings.profile
    self.services = services
  }

  public var name: String { "SSO of profile \"\(profile)\"" }

  public func lookUp() async throws -> CredentialLookup {
    let current = try settings.reread()
    guard let values = current.values(ofProfile: profile) else { return .nothing("no such profile") }
    guard let sso = try SSOProfile(values, name: profile, sessions: current.ssoSession) else {
      return .nothing("sso_account_id and sso_role_name are not set")
    }
    let client = SSOClient(settings: current, services: services, region: sso.region)
    do {
      let token = try await token(of: sso, client)
      let credentials = try await client.roleCredentials(account: sso.account, role: sso.role, accessToken: token)
      return .found(credentials, source: "SSO role \(sso.role) in account \(sso.account) of profile \"\(profile)\"")
    } catch is SSOClient.Unauthorized {
      throw loginNeeded("is not accepted any more")
    } catch let failure as CredentialRequestFailure {
      throw CredentialError(
        "SSO did not give the role \(sso.role) in account \(sso.account) of profile \"\(profile)\"", cause: failure)
    }
  }

  private func token(of sso: SSOProfile, _ client: SSOClient) async throws -> String {
    let file = SSOTokenFile(sso, folder: settings.path("~/.aws/sso/cache"))
    guard let token = try file.read() else { throw loginNeeded("does not exist (\(file.path))") }
    guard let expiration = AWSTimestamp(iso8601: token.expiresAt) else {
      throw CredentialError("the SSO token in \(file.path) cannot be read: run aws sso login")
    }
    let remaining = expiration.seconds - services.now().seconds
    var refusal: (any Error)?
    if sso.session != nil, remaining < Self.refreshWindow, mayRefresh() {
      do {
        if let fresh = try await refreshed(token, sso, client) {
          // Where the file cannot be written, the token serves all the same.
          try? file.write(fresh)
          return fresh.accessToken
        }
      } catch let error where !(error is CancellationError) {
        // While the old one lives nothing is lost; then it is said why there is no new one.
        refusal = error is SSOClient.Unauthorized ? nil : error
      }
    }
    guard remaining > 0 else { throw loginNeeded("has expired", cause: refusal) }
    return token.accessToken
  }

  /// Nil when the token cannot be refreshed.
  private func refreshed(_ token: SSOToken, _ sso: SSOProfile, _ client: SSOClient) async throws -> SSOToken? {
    guard let id = token.clientId, let secret = token.clientSecret, let refreshToken = token.refreshToken,
      let registration = token.registrationExpiresAt.flatMap({ AWSTimestamp(iso8601: $0) }),
      registration > services.now()
    else { return nil }
    let reply = try await client.createToken(clientID: id, clientSecret: secret, refreshToken: refreshToken)
    var fresh = token
    fresh.startUrl = sso.startURL
    fresh.region = sso.region
    fresh.accessToken = reply.accessToken
    // A Z and no fraction: the form that all tools read.
    let expiration = AWSTimestamp(seconds: services.now().seconds + reply.expiresIn).iso8601
    fresh.expiresAt = "\(expiration.prefix { $0 != "." })Z"
    fresh.refreshToken = reply.refreshToken ?? refreshToken
    return fresh
  }

  private func mayRefresh() -> Bool {
    let now = services.now()
    return lastRefresh.withLockedValue { last in
      if let last, now < last.adding(seconds: Self.pauseBetweenRefreshes) { return false }
      last = now
      return true
    }
  }

  private func loginNeeded(_ reason: String, cause: (any Error)? = nil) -> CredentialError {
    CredentialError(
      "the SSO token of the profile \"\(profile)\" \(reason): run aws sso login --profile \(profile)", cause: cause)
  }
}
