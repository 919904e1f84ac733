/// What a command of the user's prints: `credential_process` of a profile.
///
/// The command is split into words and started without a shell, with nothing to read: nobody sits at the keyboard of
/// a program that runs for weeks. Source: "Sourcing credentials with an external process", AWS SDKs and Tools
/// Reference Guide.
public struct ProcessCredentialProvider: CredentialProvider {
  private let settings: AWSSettings
  private let profile: String
  private let timeout: Duration

  /// - Parameters:
  ///   - profile: nil: the one of the settings.
  ///   - timeout: of the command, after which it is killed; by default that of the AWS SDK for Go. botocore has none.
  public init(settings: AWSSettings, profile: String? = nil, timeout: Duration = .seconds(60)) {
    self.settings = settings
    self.profile = profile ?? settings.profile
    self.timeout = timeout
  }

  public var name: String { "credential_process of profile \"\(profile)\"" }

  public func lookUp() async throws -> CredentialLookup {
    guard let values = try settings.reread().values(ofProfile: profile) else { return .nothing("no such profile") }
    guard let line = values["credential_process"] else { return .nothing("it is not set") }
    do {
      return .found(try await credentials(from: line), source: name)
    } catch let failure as CredentialError {
      throw CredentialError("the \(name) does not deliver", cause: failure)
    }
  }

  private func credentials(from line: String) async throws -> AWSCredentials {
    let words = try ShellWords.split(line)
    guard let program = words.first else { throw CredentialError("it names no program") }
    let result = try await ChildProcess.run(words, environment: settings.environment, timeout: timeout)
    switch result.killed {
    case .takesTooLong: throw CredentialError("\(program) did not end within \(timeout)")
    case .printsTooMuch: throw CredentialError("\(program) prints more than credentials")
    case nil: break
    }
    guard result.status == 0 else {
      // What it printed to the standard output may be secret, its complaints are for reading.
      let said = String(decoding: result.errors.prefix(1_000), as: UTF8.self)
        .split(whereSeparator: \.isNewline).joined(separator: " ")
      throw CredentialError("\(program) ended with \(result.ending)\(said.isEmpty ? "" : ": \(said)")")
    }
    return try Self.credentials(parsing: result.output)
  }

  static func credentials(parsing output: [UInt8]) throws(CredentialError) -> AWSCredentials {
    guard let document = CredentialJSON(parsing: output) else { throw CredentialError("its output is not JSON") }
    guard document.version == 1 else {
      throw CredentialError(
        "the Version in its output is \(document.version.map(String.init) ?? "missing"), only 1 is known")
    }
    guard let id = document.accessKeyID, !id.isEmpty, let secret = document.secretAccessKey, !secret.isEmpty else {
      throw CredentialError("its output lacks AccessKeyId or SecretAccessKey")
    }
    let expiration = try document.expiration.map { text throws(CredentialError) in
      guard let time = AWSTimestamp(iso8601: text) else {
        throw CredentialError("the Expiration in its output is not a time such as 2030-01-01T00:00:00Z")
      }
      return time
    }
    return AWSCredentials(
      accessKeyID: id, secretAccessKey: secret, sessionToken: document.sessionToken, expiration: expiration)
  }
}
