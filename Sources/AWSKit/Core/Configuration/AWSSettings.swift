/// What the environment and the files in `~/.aws` say, for one profile. Options given by the caller come before all.
public struct AWSSettings: Sendable {
  let environment: [String: String]
  /// The one in use; `default` when none is named.
  public let profile: String
  /// Whether the caller named it; the credentials of the environment then do not count.
  let isProfileExplicit: Bool
  let configFile: String
  let credentialsFile: String
  private let config: [String: [String: String]]
  private let credentials: [String: [String: String]]

  /// - Parameters:
  ///   - environment: of the process.
  ///   - profile: `--profile`; nil: `AWS_PROFILE`, then `AWS_DEFAULT_PROFILE`.
  /// - Throws: ``CredentialError`` when a file cannot be read or the named profile is in neither of them.
  public init(environment: [String: String], profile: String? = nil) throws {
    self.environment = environment.filter { !$0.value.isEmpty }
    let named = profile ?? self.environment["AWS_PROFILE"] ?? self.environment["AWS_DEFAULT_PROFILE"]
    self.profile = named ?? "default"
    isProfileExplicit = profile != nil
    configFile = Self.expanded(self.environment["AWS_CONFIG_FILE"] ?? "~/.aws/config", self.environment)
    credentialsFile = Self.expanded(
      self.environment["AWS_SHARED_CREDENTIALS_FILE"] ?? "~/.aws/credentials", self.environment)
    (config, credentials) = try Self.sections(configFile, credentialsFile, self.environment)
    if let named, values(ofProfile: named) == nil {
      throw CredentialError("the profile \"\(named)\" is neither in \(configFile) nor in \(credentialsFile)")
    }
  }

  private init(rereading settings: AWSSettings) throws {
    environment = settings.environment
    profile = settings.profile
    isProfileExplicit = settings.isProfileExplicit
    configFile = settings.configFile
    credentialsFile = settings.credentialsFile
    (config, credentials) = try Self.sections(configFile, credentialsFile, environment)
  }

  /// The same, with the files as they are now.
  func reread() throws -> AWSSettings { try AWSSettings(rereading: self) }

  private typealias Sections = [String: [String: String]]

  /// A program that runs as another user than its `HOME` tells of has no files there; those that are named must do.
  private static func sections(
    _ config: String, _ credentials: String, _ environment: [String: String]
  ) throws -> (config: Sections, credentials: Sections) {
    func sections(_ path: String, _ variable: String) throws -> Sections {
      guard let text = try TextFile.read(path, ifReachable: environment[variable] == nil) else { return [:] }
      return try INIFile(parsing: text, source: path).sections
    }
    return (
      try sections(config, "AWS_CONFIG_FILE"), try sections(credentials, "AWS_SHARED_CREDENTIALS_FILE")
    )
  }

  // MARK: Sections

  func configSection(ofProfile name: String) -> [String: String]? {
    config["profile \(name)"] ?? (name == "default" ? config["default"] : nil)
  }

  func credentialsSection(ofProfile name: String) -> [String: String]? { credentials[name] }

  /// What both files say about a profile, the credentials file winning; nil when neither knows it. Keys without a
  /// value are left out.
  func values(ofProfile name: String) -> [String: String]? {
    let sections = [configSection(ofProfile: name), credentialsSection(ofProfile: name)].compactMap(\.self)
    guard !sections.isEmpty else { return nil }
    return sections.reduce(into: [:]) { $0.merge($1) { $1 } }.filter { !$0.value.isEmpty }
  }

  /// `[sso-session NAME]`.
  func ssoSession(_ name: String) -> [String: String]? { config["sso-session \(name)"]?.filter { !$0.value.isEmpty } }

  /// A key of the profile in use.
  func profileValue(_ key: String) -> String? { values(ofProfile: profile)?[key] }

  /// The file and the heading of the section that says what a key of the profile in use is.
  func place(ofKey key: String) -> (file: String, section: String) {
    if let value = credentialsSection(ofProfile: profile)?[key], !value.isEmpty {
      return (credentialsFile, "[\(profile)]")
    }
    return (configFile, config["profile \(profile)"] == nil ? "[\(profile)]" : "[profile \(profile)]")
  }

  // MARK: Settings

  public var region: String? {
    environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] ?? profileValue("region")
  }

  /// The endpoint of a service, unless the configured ones are switched off.
  /// - Parameter service: as in the variables: `S3`, `SQS`, …
  public func endpointURL(service: String) -> String? {
    let isIgnored =
      environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] ?? profileValue("ignore_configured_endpoint_urls")
    guard isIgnored?.lowercased() != "true" else { return nil }
    if let url = environment["AWS_ENDPOINT_URL_\(service)"] ?? environment["AWS_ENDPOINT_URL"] { return url }
    if let services = profileValue("services"),
      let url = config["services \(services)"]?["\(service.lowercased()).endpoint_url"], !url.isEmpty
    {
      return url
    }
    return profileValue("endpoint_url")
  }

  public var checksums: S3ChecksumMode {
    let calculation = environment["AWS_REQUEST_CHECKSUM_CALCULATION"] ?? profileValue("request_checksum_calculation")
    return calculation?.lowercased() == "when_required" ? .none : .whenSupported
  }

  /// Whether downloads ask for the object's checksum; nil: nothing is said about it.
  public var asksForChecksums: Bool? {
    let validation = environment["AWS_RESPONSE_CHECKSUM_VALIDATION"] ?? profileValue("response_checksum_validation")
    return validation.flatMap { ["when_supported": true, "when_required": false][$0.lowercased()] }
  }

  // MARK: Paths

  /// A path below the home folder, such as `~/.aws/sso/cache`.
  func path(_ path: String) -> String { Self.expanded(path, environment) }

  /// `~` at the start, `$NAME` and `${NAME}` anywhere; a variable that is not set stays as it is.
  static func expanded(_ path: String, _ environment: [String: String]) -> String {
    var rest = Substring(path)
    var expanded = ""
    if rest == "~" || rest.hasPrefix("~/"), let home = environment["HOME"] {
      expanded = home
      rest = rest.dropFirst()
    }
    while let dollar = rest.firstIndex(of: "$") {
      expanded += rest[..<dollar]
      rest = rest[dollar...].dropFirst()
      let isBraced = rest.first == "{"
      let name = (isBraced ? rest.dropFirst() : rest).prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
      let isClosed = !isBraced || rest.dropFirst(name.count + 1).first == "}"
      guard isClosed, let value = environment[String(name)] else {
        expanded += "$"
        continue
      }
      expanded += value
      rest = rest.dropFirst(name.count + (isBraced ? 2 : 0))
    }
    return expanded + rest
  }
}
