/// Profiles of `aws login`, which are told from profiles without credentials and refused.
struct LoginCredentialProvider: CredentialProvider {
  let settings: AWSSettings
  let profile: String

  var name: String { "login session of profile \"\(profile)\"" }

  func lookUp() throws -> CredentialLookup {
    guard let values = try settings.reread().values(ofProfile: profile) else { return .nothing("no such profile") }
    guard values["login_session"] != nil else { return .nothing("login_session is not set") }
    throw CredentialError(
      "the profile \"\(profile)\" has a login_session: those of `aws login` cannot be used here. Give the profile "
        + "credential_process = aws configure export-credentials --profile … --format process, or use SSO or a role")
  }
}
