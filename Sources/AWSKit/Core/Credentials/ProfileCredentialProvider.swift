/// Keys of the profile in the shared credentials file or in the config file; both are read again each time.
public struct ProfileCredentialProvider: CredentialProvider {
  public enum File: Sendable {
    case credentials
    case config
  }

  private let settings: AWSSettings
  private let file: File

  public init(settings: AWSSettings, file: File) {
    self.settings = settings
    self.file = file
  }

  private var path: String {
    switch file {
    case .credentials: settings.credentialsFile
    case .config: settings.configFile
    }
  }

  public var name: String { "profile \"\(settings.profile)\" of \(path)" }

  public func credentials() throws -> AWSCredentials? {
    let current = try settings.reread()
    let section =
      switch file {
      case .credentials: current.credentialsSection
      case .config: current.configSection
      }
    func value(_ key: String) -> String? { section?[key].flatMap { $0.isEmpty ? nil : $0 } }
    guard let id = value("aws_access_key_id") else { return nil }
    guard let secret = value("aws_secret_access_key") else {
      throw CredentialError("the \(name) has aws_access_key_id, but no aws_secret_access_key")
    }
    return AWSCredentials(
      accessKeyID: id, secretAccessKey: secret,
      sessionToken: value("aws_security_token") ?? value("aws_session_token"))
  }
}
