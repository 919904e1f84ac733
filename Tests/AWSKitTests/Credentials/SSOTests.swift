import AWSKit
import Foundation
import NIOConcurrencyHelpers
import NIOHTTP1
import Testing

@Suite struct SSOTests {
  private static let session = """
    [default]
    sso_session = my-sso
    sso_account_id = 123456789012
    sso_role_name = the role
    [sso-session my-sso]
    sso_start_url = https://x.awsapps.com/start
    sso_region = eu-central-1
    """
  private static let legacy = """
    [default]
    sso_start_url = https://x.awsapps.com/start
    sso_region = eu-central-1
    sso_account_id = 123456789012
    sso_role_name = the role
    """
  /// SHA-1 of `my-sso` and of the start URL.
  private static let sessionFile = "0ad374308c5a4e22f723adf10145eafad7c4031c.json"
  private static let legacyFile = "3947de8b16688092197fa616c34e01335f21d256.json"

  private func provider(_ harness: CredentialHarness, _ config: String) throws -> SSOCredentialProvider {
    SSOCredentialProvider(settings: try harness.settings(config), services: harness.services)
  }

  /// - Parameter minutes: that the token still lives.
  private func logIn(
    _ harness: CredentialHarness, _ file: String, minutes: Int64, refreshable: Bool = false,
    registrationMinutes: Int64 = 10_000
  ) throws {
    let cache = harness.folder.path + "/.aws/sso/cache"
    try FileManager.default.createDirectory(atPath: cache, withIntermediateDirectories: true)
    let end = harness.fake.now.adding(seconds: minutes * 60)
    harness.fake.state.withLockedValue { $0.ssoTokens["access-0"] = end.seconds }
    var fields = ["accessToken": "access-0", "expiresAt": "\(end.iso8601.prefix(19))Z", "region": "eu-central-1"]
    if refreshable {
      let registration = harness.fake.now.adding(seconds: registrationMinutes * 60).iso8601
      fields.merge([
        "clientId": "client", "clientSecret": "client-secret", "refreshToken": "refresh-1",
        "registrationExpiresAt": "\(registration.prefix(19))Z",
      ]) { $1 }
    }
    try harness.folder.write(".aws/sso/cache/\(file)", String(decoding: JSONEncoder().encode(fields), as: UTF8.self))
  }

  private func token(_ harness: CredentialHarness) throws -> [String: String] {
    let data = try Data(contentsOf: URL(fileURLWithPath: harness.folder.path + "/.aws/sso/cache/" + Self.sessionFile))
    return try JSONDecoder().decode([String: String].self, from: data)
  }

  @Test(arguments: [true, false]) func aRoleByTheLogin(isSession: Bool) async throws {
    try await CredentialHarness.run { harness in
      try logIn(harness, isSession ? Self.sessionFile : Self.legacyFile, minutes: 60, refreshable: isSession)
      let provider = try provider(harness, isSession ? Self.session : Self.legacy)
      guard case .found(let credentials, let source) = try await provider.lookUp() else {
        Issue.record("nothing found")
        return
      }
      #expect(credentials.accessKeyID == "SSO1")
      #expect(credentials.expiration == harness.fake.now.adding(seconds: 3_600))
      #expect(source == "SSO role the role in account 123456789012 of profile \"default\"")
      #expect(
        harness.server.requests.map(\.uri) == [
          "/federation/credentials?role_name=the%20role&account_id=123456789012"
        ])
    }
  }

  @Test func theTokenOfASessionIsRefreshed() async throws {
    try await CredentialHarness.run { harness in
      try logIn(harness, Self.sessionFile, minutes: 14, refreshable: true)
      let provider = try provider(harness, Self.session)
      #expect(try await provider.credentials()?.accessKeyID == "SSO2")
      #expect(harness.fake.state.withLockedValue { $0.calls } == [.oidc, .sso])
      #expect(harness.server.requests.last?.headers["x-amz-sso_bearer_token"] == ["access-1"])
      let saved = try token(harness)
      #expect(saved["accessToken"] == "access-1" && saved["refreshToken"] == "refresh-1")
      #expect(saved["expiresAt"] == "2024-05-24T08:00:00Z")
      #expect(saved["clientId"] == "client" && saved["startUrl"] == "https://x.awsapps.com/start")
      let attributes = try FileManager.default.attributesOfItem(
        atPath: harness.folder.path + "/.aws/sso/cache/" + Self.sessionFile)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
      let names = try FileManager.default.contentsOfDirectory(atPath: harness.folder.path + "/.aws/sso/cache")
      #expect(names == [Self.sessionFile])
      // The new one is found in the file.
      #expect(try await provider.credentials()?.accessKeyID == "SSO3")
      #expect(harness.fake.calls(.oidc) == 1)
    }
  }

  /// While the old token lives its refresh may fail; it is tried once a minute.
  @Test func aRefreshThatFails() async throws {
    try await CredentialHarness.run { harness in
      try logIn(harness, Self.sessionFile, minutes: 2, refreshable: true)
      harness.fake.state.withLockedValue { $0.refreshToken = "another" }
      let provider = try provider(harness, Self.session)
      #expect(try await provider.credentials()?.accessKeyID == "SSO1")
      #expect(try await provider.credentials()?.accessKeyID == "SSO2")
      #expect(harness.fake.calls(.oidc) == 1)
      harness.fake.advance(minutes: 1)
      #expect(try await provider.credentials()?.accessKeyID == "SSO3")
      #expect(harness.fake.calls(.oidc) == 2)
      harness.fake.advance(minutes: 1)
      let text = await failure(of: provider)
      #expect(text.contains("aws sso login --profile default") && text.contains("InvalidGrantException"), "\(text)")
      #expect(!text.contains("client-secret") && !text.contains("refresh-1") && !text.contains("access-0"))
    }
  }

  @Test(arguments: [true, false]) func tokensThatCannotBeRefreshed(isSession: Bool) async throws {
    try await CredentialHarness.run { harness in
      // The older form never refreshes; of the newer one the registration has ended.
      try logIn(
        harness, isSession ? Self.sessionFile : Self.legacyFile, minutes: 14, refreshable: true,
        registrationMinutes: isSession ? 0 : 99)
      let provider = try provider(harness, isSession ? Self.session : Self.legacy)
      #expect(try await provider.credentials()?.accessKeyID == "SSO1")
      harness.fake.advance(minutes: 14)
      #expect(await failure(of: provider).contains("has expired: run aws sso login"))
      #expect(harness.fake.calls(.oidc) == 0 && harness.fake.calls(.sso) == 1)
    }
  }

  @Test func nobodyIsLoggedIn() async throws {
    try await CredentialHarness.run { harness in
      let provider = try provider(harness, Self.session)
      #expect(await failure(of: provider).contains("does not exist"))
      #expect(await failure(of: provider).contains(Self.sessionFile))
      try logIn(harness, Self.sessionFile, minutes: 60)
      harness.fake.state.withLockedValue { $0.ssoTokens = [:] }
      #expect(await failure(of: provider).contains("is not accepted any more: run aws sso login"))
      try harness.folder.write(".aws/sso/cache/\(Self.sessionFile)", #"{"accessToken": "HIDDEN""#)
      #expect(await failure(of: provider).contains("cannot be read"))
      #expect(!(await failure(of: provider)).contains("HIDDEN"))
      // What no header can hold.
      try harness.folder.write(
        ".aws/sso/cache/\(Self.sessionFile)",
        #"{"accessToken": "HIDDEN\nX-Evil: 1", "expiresAt": "2124-05-24T00:00:00Z"}"#)
      let text = await failure(of: provider)
      #expect(text.contains("header field values") && !text.contains("HIDDEN"), "\(text)")
    }
  }

  @Test func failuresOfThePortal() async throws {
    try await CredentialHarness.run { harness in
      try logIn(harness, Self.sessionFile, minutes: 60)
      let provider = try provider(harness, Self.session)
      harness.fail(.sso, with: [.reply(500), .reply(200, [:], #"{"roleCredentials":{"secretAccessKey":"HIDDEN"}}"#)])
      #expect(try await provider.credentials()?.accessKeyID == "SSO1")
      let forbidden = try self.provider(harness, Self.session.replacing("the role", with: "other"))
      #expect(await failure(of: forbidden).contains("ForbiddenException: No access (HTTP 403)"))
      harness.fail(.sso, with: [.silence, .close, .reply(200, [:], #"{"roleCredentials":{"x":"HIDDEN"}}"#)])
      let text = await failure(of: provider)
      #expect(text.contains("cannot be read") && !text.contains("HIDDEN"))
    }
  }

  static let broken: [(config: String, says: String)] = [
    ("[default]\nsso_account_id = 1", "lacks sso_start_url, sso_region, sso_role_name"),
    ("[default]\nsso_account_id = 1\nsso_role_name = r\nsso_session = none", "[sso-session none]"),
    (session.replacing("[sso-session", with: "sso_region = us-east-1\n[sso-session"), "sso_region differs"),
  ]

  @Test(arguments: broken.indices) func whatIsWrongIsSaid(index: Int) async throws {
    try await CredentialHarness.run { harness in
      let text = await failure(of: try provider(harness, Self.broken[index].config))
      #expect(text.contains(Self.broken[index].says), "\(text)")
    }
  }

  @Test func nothingConfigured() async throws {
    try await CredentialHarness.run { harness async throws in
      #expect(
        try await provider(harness, "[default]\nsso_session = s").reason()
          == "sso_account_id and sso_role_name are not set")
    }
  }
}
