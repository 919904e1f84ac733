/// A role that the keys of another profile, or of another place, assume; over several profiles, if need be.
///
/// All links are asked anew at each refresh.
public struct AssumeRoleCredentialProvider: CredentialProvider {
  private let settings: AWSSettings
  private let profile: String
  private let services: CredentialServices

  /// - Parameter profile: nil: the one of the settings.
  public init(settings: AWSSettings, profile: String? = nil, services: CredentialServices) {
    self.settings = settings
    self.profile = profile ?? settings.profile
    self.services = services
  }

  public var name: String { "role of profile \"\(profile)\"" }

  public func lookUp() async throws -> CredentialLookup {
    let current = try settings.reread()
    guard let values = current.values(ofProfile: profile) else { return .nothing("no such profile") }
    guard let role = try AssumeRoleProfile(values, name: profile) else {
      return .nothing(values["role_arn"] == nil ? "role_arn is not set" : "a web identity is to assume it")
    }
    let credentials = try await assume(role, of: profile, current, visited: [profile])
    return .found(credentials, source: "role \(role.role) of profile \"\(profile)\"")
  }

  private func assume(
    _ role: AssumeRoleProfile, of profile: String, _ settings: AWSSettings, visited: [String]
  ) async throws -> AWSCredentials {
    let source =
      switch role.source {
      case .place(let place): try await credentials(of: place, profile: profile)
      case .profile(let name): try await credentials(ofProfile: name, for: profile, settings, visited: visited)
      }
    do {
      return try await STSClient(settings: settings, services: services).assumeRole(
        role.role, sessionName: role.sessionName ?? services.generatedSessionName, externalID: role.externalID,
        seconds: role.seconds, signedBy: source)
    } catch let failure as CredentialRequestFailure {
      throw CredentialError("STS did not give the role \(role.role) of profile \"\(profile)\"", cause: failure)
    }
  }

  private func credentials(of place: AssumeRoleProfile.Place, profile: String) async throws -> AWSCredentials {
    let provider: any CredentialProvider =
      switch place {
      case .environment: EnvironmentCredentialProvider(environment: settings.environment)
      case .container: ContainerCredentialProvider(environment: settings.environment, services: services)
      case .instance: InstanceCredentialProvider(settings: settings, services: services)
      }
    switch try await provider.lookUp() {
    case .found(let credentials, _): return credentials
    case .nothing(let reason):
      throw CredentialError(
        "the credential_source \(place.rawValue) of the profile \"\(profile)\" holds no credentials: \(reason)")
    }
  }

  private func credentials(
    ofProfile name: String, for parent: String, _ settings: AWSSettings, visited: [String]
  ) async throws -> AWSCredentials {
    guard let values = settings.values(ofProfile: name) else {
      throw CredentialError("the source_profile \"\(name)\" of the profile \"\(parent)\" does not exist")
    }
    let hasKeys = values["aws_access_key_id"] != nil || values["aws_secret_access_key"] != nil
    // A profile may name itself: the role is then assumed by its own keys.
    guard !visited.contains(name) || name == parent && hasKeys else {
      let round = (visited + [name]).map { "\"\($0)\"" }.joined(separator: " → ")
      throw CredentialError("the profiles name each other as source_profile in a circle: \(round)")
    }
    if !hasKeys, let role = try AssumeRoleProfile(values, name: name) {
      return try await assume(role, of: name, settings, visited: visited + [name])
    }
    let places = CredentialChain(
      CredentialChain.profile(name, settings: settings, services: services, readsEnvironment: false))
    switch try await places.lookUp() {
    case .found(let credentials, _): return credentials
    case .nothing(let reason):
      throw CredentialError("the source_profile \"\(name)\" of the profile \"\(parent)\" has no credentials: \(reason)")
    }
  }
}

extension CredentialServices {
  /// For those who give none; it shows in CloudTrail.
  var generatedSessionName: String { "martlet-session-\(now().seconds)" }
}
