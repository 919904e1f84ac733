/// Asks providers in order; the first that holds something wins, one that fails ends the search.
public struct CredentialChain: CredentialProvider {
  public let name: String
  private let providers: [any CredentialProvider]

  public init(_ providers: [any CredentialProvider], name: String = "credential chain") {
    self.providers = providers
    self.name = name
  }

  public func lookUp() async throws -> CredentialLookup {
    var tried: [String] = []
    for provider in providers {
      switch try await provider.lookUp() {
      case .found(let credentials, let source): return .found(credentials, source: source)
      case .nothing(let reason): tried.append("\(provider.name): \(reason)")
      }
    }
    return .nothing("tried were \(tried.joined(separator: "; "))")
  }

  /// botocore's order: environment (unless the caller named a profile), what the profile says, container, instance.
  ///
  /// Left out are places that AWS itself has abandoned: `AWS_CREDENTIAL_FILE` and the files of boto 2.
  public static func standard(settings: AWSSettings, services: CredentialServices) -> CredentialChain {
    var providers: [any CredentialProvider] = []
    if !settings.isProfileExplicit {
      providers.append(EnvironmentCredentialProvider(environment: settings.environment))
    }
    providers.append(AssumeRoleCredentialProvider(settings: settings, services: services))
    providers += profile(
      settings.profile, settings: settings, services: services, readsEnvironment: !settings.isProfileExplicit)
    providers.append(ContainerCredentialProvider(environment: settings.environment, services: services))
    providers.append(InstanceCredentialProvider(settings: settings, services: services))
    return CredentialChain(providers)
  }

  /// `AWS_ACCESS_KEY_ID` and its companions alone.
  public static func environment(settings: AWSSettings) -> CredentialChain {
    CredentialChain([EnvironmentCredentialProvider(environment: settings.environment)])
  }

  /// The container's endpoint alone.
  public static func container(settings: AWSSettings, services: CredentialServices) -> CredentialChain {
    CredentialChain([ContainerCredentialProvider(environment: settings.environment, services: services)])
  }

  /// What a profile may hold beside a role that another profile's keys assume. Its keys in the credentials file come
  /// before its process, those in the config file after.
  static func profile(
    _ profile: String, settings: AWSSettings, services: CredentialServices, readsEnvironment: Bool
  ) -> [any CredentialProvider] {
    [
      WebIdentityCredentialProvider(
        settings: settings, profile: profile, services: services, readsEnvironment: readsEnvironment),
      SSOCredentialProvider(settings: settings, profile: profile, services: services),
      ProfileCredentialProvider(settings: settings, profile: profile, file: .credentials),
      LoginCredentialProvider(settings: settings, profile: profile),
      ProcessCredentialProvider(settings: settings, profile: profile),
      ProfileCredentialProvider(settings: settings, profile: profile, file: .config),
    ]
  }
}
