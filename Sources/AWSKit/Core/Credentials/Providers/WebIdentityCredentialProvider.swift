/// A role that a token in a file assumes: IAM roles for service accounts (IRSA), OIDC in CI.
///
/// The variables come before the profile's keys, each singly. The file is read at each refresh, it is rotated.
public struct WebIdentityCredentialProvider: CredentialProvider {
  public let name: String
  private let settings: AWSSettings
  private let profile: String
  private let services: CredentialServices
  private let readsEnvironment: Bool

  /// - Parameters:
  ///   - profile: nil: the one of the settings.
  ///   - readsEnvironment: not when the caller named the profile.
  public init(
    settings: AWSSettings, profile: String? = nil, services: CredentialServices, readsEnvironment: Bool = true
  ) {
    self.settings = settings
    self.profile = profile ?? settings.profile
    self.services = services
    self.readsEnvironment = readsEnvironment
    name = "web identity"
  }

  public func lookUp() async throws -> CredentialLookup {
    let current = try settings.reread()
    let values = current.values(ofProfile: profile) ?? [:]
    func value(_ variable: String, _ key: String) -> String? {
      (readsEnvironment ? settings.environment[variable] : nil) ?? values[key]
    }
    guard let path = value("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file") else {
      let variable = readsEnvironment ? "neither AWS_WEB_IDENTITY_TOKEN_FILE nor " : ""
      let verb = readsEnvironment ? "is" : "is not"
      return .nothing("\(variable)web_identity_token_file of profile \"\(profile)\" \(verb) set")
    }
    guard let role = value("AWS_ROLE_ARN", "role_arn") else {
      throw CredentialError(
        "a web identity token file is given, but no role: set AWS_ROLE_ARN, or role_arn in the profile \"\(profile)\"")
    }
    let session = value("AWS_ROLE_SESSION_NAME", "role_session_name") ?? services.generatedSessionName
    guard let text = try TextFile.read(path) else {
      throw CredentialError("there is no web identity token file \(path)")
    }
    do {
      let credentials = try await STSClient(settings: current, services: services).assumeRole(
        role, sessionName: session, webIdentityToken: String(Substring(text).trimmed))
      return .found(credentials, source: "role \(role) of the web identity in \(path)")
    } catch let failure as CredentialRequestFailure {
      throw CredentialError("STS did not give the role \(role) to the web identity in \(path)", cause: failure)
    }
  }
}

extension Substring {
  /// AWS's tools send the file as it is; a line end behind a token made by hand is no part of it.
  fileprivate var trimmed: Substring {
    var trimmed = drop { $0.isWhitespace }
    while trimmed.last?.isWhitespace ?? false { trimmed.removeLast() }
    return trimmed
  }
}
