internal import AsyncHTTPClient
internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1

/// The two unsigned calls of IAM Identity Center that lead from a login to credentials. Source: "IAM Identity Center
/// Portal API Reference", GetRoleCredentials, and "OIDC API Reference", CreateToken, both 2019-06-10.
struct SSOClient: Sendable {
  private let settings: AWSSettings
  private let services: CredentialServices
  private let region: String

  init(settings: AWSSettings, services: CredentialServices, region: String) {
    self.settings = settings
    self.services = services
    self.region = region
  }

  /// The login is not accepted any more.
  struct Unauthorized: Error {}

  private struct RoleReply: Decodable {
    struct Credentials: Decodable {
      var accessKeyId: String
      var secretAccessKey: String
      var sessionToken: String
      /// Milliseconds since 1970.
      var expiration: Int64
    }
    var roleCredentials: Credentials
  }

  /// - Throws: ``Unauthorized``, ``CredentialRequestFailure``, ``CredentialError``.
  func roleCredentials(account: String, role: String, accessToken: String) async throws -> AWSCredentials {
    let endpoint = try settings.endpoint(of: "SSO", host: "portal.sso", region: region)
    let query = "role_name=\(URIEncoding.query(role))&account_id=\(URIEncoding.query(account))"
    var request = HTTPClientRequest(url: "\(endpoint.url)/federation/credentials?\(query)")
    request.headers = ["x-amz-sso_bearer_token": accessToken, "Accept": "application/json"]
    let reply: RoleReply = try await call(request)
    let found = reply.roleCredentials
    guard !found.accessKeyId.isEmpty, !found.secretAccessKey.isEmpty, !found.sessionToken.isEmpty else {
      throw CredentialRequestFailure("its reply holds empty credentials", isTransient: false)
    }
    return AWSCredentials(
      accessKeyID: found.accessKeyId, secretAccessKey: found.secretAccessKey, sessionToken: found.sessionToken,
      expiration: AWSTimestamp(seconds: found.expiration / 1_000))
  }

  struct TokenReply: Decodable {
    var accessToken: String
    /// Seconds from now.
    var expiresIn: Int64
    var refreshToken: String?
  }

  private struct TokenRequest: Encodable {
    var grantType = "refresh_token"
    var clientId: String
    var clientSecret: String
    var refreshToken: String
  }

  /// A new access token for a refresh token, which is used up by that.
  func createToken(clientID: String, clientSecret: String, refreshToken: String) async throws -> TokenReply {
    let endpoint = try settings.endpoint(of: "SSO_OIDC", host: "oidc", region: region)
    var request = HTTPClientRequest(url: "\(endpoint.url)/token")
    request.method = .POST
    request.headers = ["Content-Type": "application/json", "Accept": "application/json"]
    let body = TokenRequest(clientId: clientID, clientSecret: clientSecret, refreshToken: refreshToken)
    request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(body)))
    return try await call(request)
  }

  private func call<Reply: Decodable>(_ request: HTTPClientRequest) async throws -> Reply {
    try await services.retrying {
      let reply = try await services.send(request, within: services.requestTimeout)
      guard reply.status != 401 else { throw Unauthorized() }
      guard reply.status == 200 else { throw Self.failure(reply) }
      guard let document = try? JSONDecoder().decode(Reply.self, from: Data(reply.body)) else {
        throw CredentialRequestFailure("its reply cannot be read", isTransient: true)
      }
      return document
    }
  }

  private struct ErrorReply: Decodable {
    var message: String?
    var error: String?
  }

  private static func failure(_ reply: CredentialReply) -> CredentialRequestFailure {
    let body = try? JSONDecoder().decode(ErrorReply.self, from: Data(reply.body))
    // `ForbiddenException:http://…`.
    let type = reply.headers.first(name: "x-amzn-errortype").map { String($0.prefix { $0 != ":" }) }
    let said = [type ?? body?.error, body?.message].compactMap(\.self).joined(separator: ": ")
    guard !said.isEmpty else { return reply.failure }
    return CredentialRequestFailure(
      "\(said) (HTTP \(reply.status))",
      isTransient: reply.failure.isTransient || type == "TooManyRequestsException")
  }
}
