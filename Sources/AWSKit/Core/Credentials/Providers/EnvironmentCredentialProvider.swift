/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` (or the older `AWS_SECURITY_TOKEN`).
public struct EnvironmentCredentialProvider: CredentialProvider {
  public let name = "environment"
  private let environment: [String: String]

  public init(environment: [String: String]) { self.environment = environment }

  public func lookUp() throws -> CredentialLookup {
    guard let id = value("AWS_ACCESS_KEY_ID") else { return .nothing("AWS_ACCESS_KEY_ID is not set") }
    guard let secret = value("AWS_SECRET_ACCESS_KEY") else {
      throw CredentialError("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not")
    }
    let expiration = try value("AWS_CREDENTIAL_EXPIRATION").map { text in
      guard let time = AWSTimestamp(iso8601: text) else {
        throw CredentialError("AWS_CREDENTIAL_EXPIRATION is not a time such as 2030-01-01T00:00:00Z")
      }
      return time
    }
    let credentials = AWSCredentials(
      accessKeyID: id, secretAccessKey: secret,
      sessionToken: value("AWS_SECURITY_TOKEN") ?? value("AWS_SESSION_TOKEN"), expiration: expiration)
    return .found(credentials, source: name)
  }

  private func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
}
