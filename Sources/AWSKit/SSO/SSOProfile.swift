/// What a profile says of IAM Identity Center (SSO).
struct SSOProfile: Equatable {
  let startURL: String
  let region: String
  let account: String
  let role: String
  /// Of the newer form, whose token can be refreshed.
  let session: String?

  /// Nil when the profile has nothing to do with SSO.
  /// - Parameters:
  ///   - values: of the profile.
  ///   - name: of the profile.
  ///   - sessions: the `sso-session` sections.
  /// - Throws: ``CredentialError`` when something is missing or said twice, differently.
  init?(
    _ values: [String: String], name: String, sessions: (String) -> [String: String]?
  ) throws(CredentialError) {
    guard values["sso_account_id"] != nil || values["sso_role_name"] != nil else { return nil }
    session = values["sso_session"]
    var all = values
    if let session {
      guard let section = sessions(session) else {
        throw CredentialError(
          "the profile \"\(name)\" names the section [sso-session \(session)], which does not exist")
      }
      for (key, value) in section {
        guard all[key] == nil || all[key] == value else {
          throw CredentialError("\(key) differs between the profile \"\(name)\" and [sso-session \(session)]")
        }
        all[key] = value
      }
    }
    guard let startURL = all["sso_start_url"], let region = all["sso_region"], let account = all["sso_account_id"],
      let role = all["sso_role_name"]
    else {
      let keys = ["sso_start_url", "sso_region", "sso_account_id", "sso_role_name"]
      let missing = keys.filter { all[$0] == nil }.joined(separator: ", ")
      throw CredentialError("the profile \"\(name)\" uses SSO, but lacks \(missing)")
    }
    self.startURL = startURL
    self.region = region
    self.account = account
    self.role = role
  }
}
