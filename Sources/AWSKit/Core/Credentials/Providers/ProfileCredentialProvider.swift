/// Keys of a profile in the shared credentials file or in the config file; both are read again each time.
public struct ProfileCredentialProvider: CredentialProvider {
  public enum File: Sendable {
    case credentials
    case config
  }

  private let settings: AWSSettings
  private let profile: String
  private let file: File

  /// - Parameter profile: nil: the one of the settings.
  public init(settings: AWSSettings, profile: String? = nil, file: File) {
    self.settings = settings
    self.profile = profile ?? settings.profile
    self.file = file
  }

  private var path: String {
    switch file {
    case .credentials: settings.credentialsFile
    case .config: settings.configFile
    }
  }

  public var name: String { "profile \"\(profile)\" in \(path)" }

  public func lookUp() throws -> CredentialLookup {
    let current = try settings.reread()
    let section =
      switch file {
      case .credentials: current.credentialsSection(ofProfile: profile)
      case .config: current.configSection(ofProfile: profile)
      }
    guard let section else { return .nothing("no such profile") }
    func value(_ key: String) -> String? { section[key].flatMap { $0.isEmpty ? nil : $0 } }
    guard let id = value("aws_access_key_id") else { return .nothing("aws_access_key_id is not set") }
    guard let secret = value("aws_secret_access_key") else {
      throw CredentialError("the \(name) has aws_access_key_id, but no aws_secret_access_key")
    }
    let credentials = AWSCredentials(
      accessKeyID: id, secretAccessKey: secret,
      sessionToken: value("aws_security_token") ?? value("aws_session_token"))
    return .found(credentials, source: name)
  }
}
