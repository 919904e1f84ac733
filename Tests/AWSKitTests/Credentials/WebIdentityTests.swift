import AWSKit
import NIOConcurrencyHelpers
import Testing

@Suite struct WebIdentityTests {
  @Test func theRoleOfAServiceAccount() async throws {
    try await CredentialHarness.run { harness in
      let token = try harness.folder.write("token", "the-jwt\n")
      let settings = try harness.settings(
        "", ["AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:aws:iam::1:role/pod"])
      let provider = WebIdentityCredentialProvider(settings: settings, services: harness.services)
      guard case .found(let credentials, let source) = try await provider.lookUp() else {
        Issue.record("nothing found")
        return
      }
      #expect(credentials.accessKeyID == "WEB1")
      #expect(source == "role arn:aws:iam::1:role/pod of the web identity in \(token)")
      #expect(
        harness.form() == [
          "Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": "arn:aws:iam::1:role/pod",
          "RoleSessionName": "martlet-session-1716508800", "WebIdentityToken": "the-jwt",
        ])
      // Kubernetes replaces the file.
      harness.fake.state.withLockedValue { $0.webIdentityTokens = ["the-next"] }
      #expect(await failure(of: provider).contains("InvalidIdentityToken: the message (HTTP 400)"))
      try harness.folder.write("token", "the-next")
      #expect(try await provider.credentials()?.accessKeyID == "WEB2")
    }
  }

  /// Each variable singly comes before its key, unless the caller named the profile.
  @Test(arguments: [true, false]) func variablesAndKeys(readsEnvironment: Bool) async throws {
    try await CredentialHarness.run { harness in
      let token = try harness.folder.write("token", "the-jwt")
      let config = """
        [default]
        web_identity_token_file = \(token)
        role_arn = of-the-profile
        role_session_name = session
        """
      let settings = try harness.settings(config, ["AWS_ROLE_ARN": "of-the-environment"])
      let provider = WebIdentityCredentialProvider(
        settings: settings, services: harness.services, readsEnvironment: readsEnvironment)
      #expect(try await provider.credentials()?.accessKeyID == "WEB1")
      #expect(harness.form()["RoleArn"] == (readsEnvironment ? "of-the-environment" : "of-the-profile"))
      #expect(harness.form()["RoleSessionName"] == "session")
    }
  }

  @Test func whatIsMissing() async throws {
    try await CredentialHarness.run { harness in
      func provider(_ environment: [String: String]) throws -> WebIdentityCredentialProvider {
        WebIdentityCredentialProvider(settings: try harness.settings("", environment), services: harness.services)
      }
      #expect(
        try await provider([:]).reason()
          == "neither AWS_WEB_IDENTITY_TOKEN_FILE nor web_identity_token_file of profile \"default\" is set")
      #expect(try await failure(of: provider(["AWS_WEB_IDENTITY_TOKEN_FILE": "/t"])).contains("AWS_ROLE_ARN"))
      let noFile = try provider(["AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent", "AWS_ROLE_ARN": "r"])
      #expect(await failure(of: noFile).contains("no web identity token file /nonexistent"))
      #expect(harness.server.requests.isEmpty)
    }
  }

  @Test func theTokenDoesNotShow() async throws {
    try await CredentialHarness.run { harness in
      let token = try harness.folder.write("token", "a-wrong-jwt")
      let settings = try harness.settings("", ["AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "r"])
      let provider = WebIdentityCredentialProvider(settings: settings, services: harness.services)
      #expect(!(await failure(of: provider)).contains("a-wrong-jwt"))
    }
  }
}
