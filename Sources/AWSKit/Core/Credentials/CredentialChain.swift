/// Asks providers in order; the first that holds something wins, one that fails ends the search.
public struct CredentialChain: CredentialProvider {
  private let providers: [any CredentialProvider]

  public init(_ providers: [any CredentialProvider]) { self.providers = providers }

  /// Every place that is searched.
  public var name: String { providers.map(\.name).joined(separator: "; ") }

  public func credentials() async throws -> AWSCredentials? {
    for provider in providers {
      if let found = try await provider.credentials() { return found }
    }
    throw CredentialError(
      "no credentials found; searched were: \(name). "
        + "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile that has keys")
  }

  /// botocore's order: environment (unless the caller named a profile), credentials file, config file, container.
  public static func standard(settings: AWSSettings, transport: HTTPTransport) -> CredentialChain {
    var providers: [any CredentialProvider] = []
    if !settings.isProfileExplicit {
      providers.append(EnvironmentCredentialProvider(environment: settings.environment))
    }
    providers.append(ProfileCredentialProvider(settings: settings, file: .credentials))
    providers.append(ProfileCredentialProvider(settings: settings, file: .config))
    providers.append(ContainerCredentialProvider(environment: settings.environment, transport: transport))
    return CredentialChain(providers)
  }
}
