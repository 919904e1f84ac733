/// What a profile says of the role that it stands for.
struct AssumeRoleProfile: Equatable {
  enum Source: Equatable {
    case profile(String)
    case place(Place)
  }

  /// The values of `credential_source`.
  enum Place: String, CaseIterable {
    case environment = "Environment"
    case instance = "Ec2InstanceMetadata"
    case container = "EcsContainer"
  }

  let role: String
  let source: Source
  var sessionName: String?
  var externalID: String?
  /// Of the session; nil: the role's default.
  var seconds: Int?

  /// Nil when the profile is no role, or one that a web identity assumes.
  /// - Parameters:
  ///   - values: of the profile.
  ///   - name: of the profile.
  /// - Throws: ``CredentialError`` when the profile contradicts itself.
  init?(_ values: [String: String], name: String) throws(CredentialError) {
    guard let role = values["role_arn"], values["web_identity_token_file"] == nil else { return nil }
    self.role = role
    switch (values["source_profile"], values["credential_source"]) {
    case (.some, .some):
      throw CredentialError("the profile \"\(name)\" contains both source_profile and credential_source")
    case (nil, nil):
      throw CredentialError(
        "the profile \"\(name)\" has a role_arn, but neither source_profile nor credential_source")
    case (let profile?, nil): source = .profile(profile)
    case (nil, let text?):
      guard let place = Place(rawValue: text) else {
        throw CredentialError(
          "the credential_source \"\(text)\" of the profile \"\(name)\" is none of "
            + Place.allCases.map(\.rawValue).joined(separator: ", "))
      }
      source = .place(place)
    }
    if let device = values["mfa_serial"] {
      throw CredentialError(
        "the profile \"\(name)\" wants a code of the device \(device) (mfa_serial) whenever the role is assumed, "
          + "which a program that runs unattended cannot ask for: name a profile without mfa_serial")
    }
    sessionName = values["role_session_name"]
    externalID = values["external_id"]
    // As AWS's tools do: what is no number does not count.
    seconds = values["duration_seconds"].flatMap { Int($0) }
  }
}
