import AWSKit
import Testing

@Suite struct CredentialTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func settings(_ environment: [String: String] = [:], profile: String? = nil) throws -> AWSSettings {
    try AWSSettings(
      environment: [
        "AWS_CONFIG_FILE": folder.path + "/config", "AWS_SHARED_CREDENTIALS_FILE": folder.path + "/credentials",
      ].merging(environment) { $1 }, profile: profile)
  }

  @Test func environment() async throws {
    func credentials(_ environment: [String: String]) async throws -> AWSCredentials? {
      try await EnvironmentCredentialProvider(environment: environment).credentials()
    }
    #expect(try await credentials([:]) == nil)
    #expect(try await credentials(["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "s"]) == nil)
    let keys = ["AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"]
    #expect(try await credentials(keys) == AWSCredentials(accessKeyID: "a", secretAccessKey: "s"))
    let all = keys.merging([
      "AWS_SESSION_TOKEN": "t", "AWS_CREDENTIAL_EXPIRATION": "2030-01-01T00:00:00Z",
    ]) { $1 }
    let full = try #require(try await credentials(all))
    #expect(full.sessionToken == "t")
    #expect(full.expiration == AWSTimestamp(iso8601: "2030-01-01T00:00:00Z"))
    await #expect(throws: CredentialError.self) { try await credentials(["AWS_ACCESS_KEY_ID": "a"]) }
    await #expect(throws: CredentialError.self) {
      try await credentials(keys.merging(["AWS_CREDENTIAL_EXPIRATION": "soon"]) { $1 })
    }
  }

  @Test func files() async throws {
    try folder.write(
      "config", "[profile work]\naws_access_key_id=c\naws_secret_access_key=d\n[profile half]\naws_access_key_id=h")
    try folder.write(
      "credentials", "[work]\naws_access_key_id = a\naws_secret_access_key = b=/+:c\naws_session_token = t\n")
    let work = try settings(profile: "work")
    let provider = ProfileCredentialProvider(settings: work, file: .credentials)
    #expect(
      try await provider.credentials()
        == AWSCredentials(accessKeyID: "a", secretAccessKey: "b=/+:c", sessionToken: "t"))
    #expect(
      try await ProfileCredentialProvider(settings: work, file: .config).credentials()
        == AWSCredentials(accessKeyID: "c", secretAccessKey: "d"))
    let half = ProfileCredentialProvider(settings: try settings(profile: "half"), file: .config)
    await #expect(throws: CredentialError.self) { try await half.credentials() }
    // Keys that were rotated are seen.
    try folder.write("credentials", "[work]\naws_access_key_id = n\naws_secret_access_key = m\n")
    #expect(try await provider.credentials()?.accessKeyID == "n")
  }

  @Test func secretsDoNotShow() {
    let credentials = AWSCredentials(
      accessKeyID: "AKID", secretAccessKey: "SECRET", sessionToken: "TOKEN", expiration: AWSTimestamp(seconds: 0))
    var dumped = ""
    dump(credentials, to: &dumped)
    dump(["x": credentials], to: &dumped)
    for text in ["\(credentials)", String(reflecting: credentials), "\([credentials])", dumped] {
      #expect(!text.contains("SECRET") && !text.contains("TOKEN"))
      #expect(text.contains("AKID"))
    }
  }

  /// A token that no header can hold is refused by the HTTP library, which names it.
  @Test func aTokenWithALineEndDoesNotShow() async throws {
    let provider = StaticCredentialProvider(
      AWSCredentials(accessKeyID: "AKID", secretAccessKey: "s", sessionToken: "HIDDEN\nX-Evil: 1"))
    try await ClientHarness.run(
      provider: provider, answer: { _, _ in .reply(200) },
      body: { harness in
        let error = try await ClientHarness.error { try await harness.client.getObject(bucket: "bucket", key: "k") }
        #expect(error.description.contains("header field values") && !error.description.contains("HIDDEN"))
        #expect(harness.server.requests.isEmpty)
      })
  }
}
