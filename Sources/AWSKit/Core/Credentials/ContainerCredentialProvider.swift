internal import AsyncHTTPClient
internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1

/// The credentials endpoint of ECS and EKS Pod Identity.
public struct ContainerCredentialProvider: CredentialProvider {
  public let name = "container endpoint (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI)"

  // botocore's: tries, seconds between them, seconds for each.
  private static let attempts = 3
  private static let pause: Duration = .seconds(1)
  private static let timeout: Duration = .seconds(2)
  private static let allowedHosts: Set<String> = [
    "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost", "[::1]",
  ]

  private let environment: [String: String]
  private let transport: HTTPTransport
  private let sleep: @Sendable (Duration) async throws -> Void

  public init(
    environment: [String: String], transport: HTTPTransport,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    self.environment = environment
    self.transport = transport
    self.sleep = sleep
  }

  public func credentials() async throws -> AWSCredentials? {
    guard let url = try url() else { return nil }
    let token = try token()
    var lastError: (any Error)?
    for attempt in 1...Self.attempts {
      do {
        return try await fetch(url, token: token)
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        lastError = error
        if attempt < Self.attempts { try await sleep(Self.pause) }
      }
    }
    throw CredentialError("the container credentials endpoint \(url) does not deliver", cause: lastError)
  }

  /// The relative form wins. The full one is limited, since a token is sent there.
  private func url() throws -> String? {
    if let relative = value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") { return "http://169.254.170.2\(relative)" }
    guard let full = value("AWS_CONTAINER_CREDENTIALS_FULL_URI") else { return nil }
    let endpoint: CustomEndpoint
    do {
      endpoint = try CustomEndpoint(url: String(full.prefix { $0 != "?" }))
    } catch {
      throw CredentialError("AWS_CONTAINER_CREDENTIALS_FULL_URI is not usable", cause: error)
    }
    let isLoopback = endpoint.host.hasPrefix("127.") && CustomEndpoint.isIPAddress(endpoint.host)
    guard endpoint.isSecure || isLoopback || Self.allowedHosts.contains(endpoint.host) else {
      throw CredentialError(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI: the host \(endpoint.host) is not taken without https; allowed are "
          + "loopback addresses, 169.254.170.2, 169.254.170.23, fd00:ec2::23 and localhost")
    }
    return full
  }

  /// The file wins and is read each time: Kubernetes rotates it.
  private func token() throws -> String? {
    var token = value("AWS_CONTAINER_AUTHORIZATION_TOKEN")
    if let path = value("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
      token = try TextFile.read(path)
      if token == nil {
        throw CredentialError("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: there is no file \(path)")
      }
    }
    if let token, token.utf8.contains(where: { $0 == 0x0D || $0 == 0x0A }) {
      throw CredentialError("the container authorization token holds a line end, which no HTTP header can")
    }
    return token
  }

  private struct Reply: Decodable {
    var accessKeyID: String
    var secretAccessKey: String
    var token: String
    var expiration: String

    enum CodingKeys: String, CodingKey {
      case accessKeyID = "AccessKeyId"
      case secretAccessKey = "SecretAccessKey"
      case token = "Token"
      case expiration = "Expiration"
    }
  }

  private func fetch(_ url: String, token: String?) async throws -> AWSCredentials {
    var request = HTTPClientRequest(url: url)
    request.headers = ["Accept": "application/json"]
    if let token { request.headers.add(name: "Authorization", value: token) }
    let response = try await transport.send(request, timeout: Self.timeout, direct: true)
    let body = try await response.body.collect(upTo: 1 << 20)
    guard response.status == .ok else { throw CredentialError("it answered HTTP \(response.status.code)") }
    // The decoder's own error would show what it read.
    guard let reply = try? JSONDecoder().decode(Reply.self, from: Data(body.readableBytesView)),
      let expiration = AWSTimestamp(iso8601: reply.expiration)
    else {
      throw CredentialError("its reply lacks AccessKeyId, SecretAccessKey, Token or Expiration")
    }
    return AWSCredentials(
      accessKeyID: reply.accessKeyID, secretAccessKey: reply.secretAccessKey, sessionToken: reply.token,
      expiration: expiration)
  }

  private func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
}
