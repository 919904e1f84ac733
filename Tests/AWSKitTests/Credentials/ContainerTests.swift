import NIOConcurrencyHelpers
import NIOHTTP1
import Testing

@testable import AWSKit

/// ECS and EKS Pod Identity.
@Suite struct ContainerTests {
  private func provider(
    _ harness: CredentialHarness, _ environment: [String: String] = [:]
  ) -> ContainerCredentialProvider {
    let usual = [
      "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(harness.server.url)/v1/credentials?id=%2F1",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token",
    ]
    return ContainerCredentialProvider(environment: usual.merging(environment) { $1 }, services: harness.services)
  }

  @Test func deliversWithToken() async throws {
    try await CredentialHarness.run { harness in
      guard case .found(let credentials, let source) = try await provider(harness).lookUp() else {
        Issue.record("nothing found")
        return
      }
      #expect(credentials.accessKeyID == "ECS1" && credentials.sessionToken == "token-ECS1")
      #expect(credentials.expiration == harness.fake.now.adding(seconds: 3_600))
      #expect(harness.server.requests.map(\.uri) == ["/v1/credentials?id=%2F1"])
      #expect(source == "container endpoint \(harness.server.url)/v1/credentials")
    }
  }

  /// Pod Identity: the file comes before the variable and is read at each try.
  @Test func theTokenOfAFile() async throws {
    try await CredentialHarness.run { harness in
      let token = try harness.folder.write("token", "container-token")
      let provider = provider(
        harness,
        ["AWS_CONTAINER_AUTHORIZATION_TOKEN": "another", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token])
      #expect(try await provider.credentials()?.accessKeyID == "ECS1")
      harness.fake.state.withLockedValue { $0.containerToken = "the-next" }
      #expect(await failure(of: provider).contains("HTTP 401"))
      try harness.folder.write("token", "the-next")
      #expect(try await provider.credentials()?.accessKeyID == "ECS2")
    }
  }

  @Test func nothingConfigured() async throws {
    try await CredentialHarness.run { harness async throws in
      let provider = ContainerCredentialProvider(environment: [:], services: harness.services)
      #expect(
        try await provider.reason()
          == "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set")
      #expect(harness.server.requests.isEmpty)
    }
  }

  @Test func theRelativeAddressComesFirst() async throws {
    try await CredentialHarness.run { harness async throws in
      let provider = provider(harness, ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x"])
      #expect(try provider.url() == "http://169.254.170.2/v2/x")
    }
  }

  /// What the machine itself offers is asked without the proxy of the environment, which here would be the fake.
  @Test(arguments: ["container", "instance", "STS"]) func proxies(place: String) async throws {
    try await CredentialHarness.run { harness in
      var configuration = HTTPTransport.Configuration()
      configuration.proxies = try ProxySettings(environment: ["HTTP_PROXY": harness.server.url])
      var services = harness.services
      services.transport = try HTTPTransport(configuration: configuration)
      let token = try harness.folder.write("jwt", "the-jwt")
      let settings = try harness.settings(
        "", ["AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "r"])
      let environment = [
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "\(harness.server.url)/v1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "container-token",
      ]
      let provider: any CredentialProvider =
        switch place {
        case "container": ContainerCredentialProvider(environment: environment, services: services)
        case "instance": InstanceCredentialProvider(settings: settings, services: services)
        default: WebIdentityCredentialProvider(settings: settings, services: services)
        }
      _ = try? await provider.lookUp()
      try await services.transport.shutdown()
      let isDirect = harness.server.requests.map { $0.uri.hasPrefix("/") }
      #expect(isDirect.first == (place != "STS") && Set(isDirect).count == 1)
    }
  }

  @Test(arguments: [
    "http://169.254.170.23/v1/credentials", "http://[fd00:ec2::23]/x", "http://localhost:1/x", "https://example.com/x",
    "http://127.8.9.1/x", "http://[::1]:7/x",
  ])
  func allowedHosts(url: String) async throws {
    try await CredentialHarness.run { harness async throws in
      #expect(try provider(harness, ["AWS_CONTAINER_CREDENTIALS_FULL_URI": url]).url() == url)
    }
  }

  @Test(arguments: [
    "http://10.0.0.1/x", "http://example.com/x", "http://127.example.com/x", "http://[fd00:ec2::24]/x", "file:///x",
    "http://169.254.170.2@evil.example/x",
  ])
  func refusedHosts(url: String) async throws {
    try await CredentialHarness.run { harness in
      let provider = provider(harness, ["AWS_CONTAINER_CREDENTIALS_FULL_URI": url])
      #expect(await failure(of: provider).contains("AWS_CONTAINER_CREDENTIALS_FULL_URI"))
      #expect(harness.pauses.withLockedValue { $0.isEmpty })
    }
  }

  @Test(arguments: ["tok\n", "tok\r\nX-Evil: 1"]) func tokenWithLineEnd(token: String) async throws {
    try await CredentialHarness.run { harness in
      let path = try harness.folder.write("token", token)
      let text = await failure(of: provider(harness, ["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": path]))
      #expect(text.contains("line end") && !text.contains("tok\n"))
      #expect(harness.server.requests.isEmpty)
    }
  }

  static let passing: [TestServer.Answer] = [
    .reply(500), .reply(401), .close, .silence, .reply(200, [:], "HIDDEN"),
    .reply(200, [:], #"{"AccessKeyId":"a","SecretAccessKey":"HIDDEN"}"#),
    .reply(
      200, [:],
      #"{"AccessKeyId":"a","SecretAccessKey":"HIDDEN","Token":"HIDDEN","Expiration":"2024-05-24T00:00:00Z"}"#),
  ]

  /// Three tries with pauses of a second.
  @Test(arguments: passing.indices) func triesThreeTimes(index: Int) async throws {
    try await CredentialHarness.run { harness async throws in
      harness.fail(.container, with: Array(repeating: Self.passing[index], count: 5))
      let text = await failure(of: provider(harness))
      #expect(text.contains("container endpoint") && text.contains("does not deliver"))
      #expect(!text.contains("HIDDEN") && !text.contains("container-token"))
      #expect(harness.server.requests.count == 3)
      #expect(harness.pauses.withLockedValue { $0 } == [.seconds(1), .seconds(1)])
      // Two of the faults are left.
      #expect(try await provider(harness).credentials()?.accessKeyID == "ECS1")
      #expect(harness.server.requests.count == 6)
    }
  }
}
