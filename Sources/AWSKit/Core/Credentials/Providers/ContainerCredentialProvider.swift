internal import AsyncHTTPClient
internal import NIOHTTP1

/// The credentials endpoint of ECS and EKS Pod Identity.
public struct ContainerCredentialProvider: CredentialProvider {
  public let name = "container endpoint"

  /// Between three tries, as in botocore.
  private static let pauses: [Duration] = [.seconds(1), .seconds(1)]
  private static let allowedHosts: Set<String> = [
    "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost", "[::1]",
  ]

  private let environment: [String: String]
  private let services: CredentialServices

  public init(environment: [String: String], services: CredentialServices) {
    self.environment = environment
    self.services = services
  }

  public func lookUp() async throws -> CredentialLookup {
    guard let url = try url() else {
      return .nothing(
        "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set")
    }
    do {
      let credentials = try await services.retrying(after: Self.pauses) {
        try await fetch(url)
      }
      return .found(credentials, source: "\(name) \(url.prefix { $0 != "?" })")
    } catch let failure as CredentialRequestFailure {
      throw CredentialError("the container endpoint \(url.prefix { $0 != "?" }) does not deliver", cause: failure)
    }
  }

  /// The relative form wins. The full one is limited, since a token is sent there.
  func url() throws -> String? {
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

  /// The file wins and is read at each try: Kubernetes rotates it.
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

  private func fetch(_ url: String) async throws -> AWSCredentials {
    var request = HTTPClientRequest(url: url)
    request.headers = ["Accept": "application/json"]
    if let token = try token() { request.headers.add(name: "Authorization", value: token) }
    let reply = try await services.send(request, within: services.containerTimeout, direct: true)
    guard reply.status == 200 else {
      throw CredentialRequestFailure("it answered HTTP \(reply.status)", isTransient: true)
    }
    guard let document = CredentialJSON(parsing: reply.body) else {
      throw CredentialRequestFailure("its reply is not JSON with credentials", isTransient: true)
    }
    let credentials = try document.temporary()
    if let expiration = credentials.expiration, expiration <= services.now() {
      throw CredentialRequestFailure("the credentials in its reply have already expired", isTransient: true)
    }
    return credentials
  }

  private func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
}
