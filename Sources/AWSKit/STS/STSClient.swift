internal import AsyncHTTPClient
internal import Checksums
internal import Digests
internal import NIOCore
internal import NIOHTTP1

/// The calls of the Security Token Service that hand out credentials. Source: "AWS Security Token Service API
/// Reference", 2011-06-15, the query protocol.
struct STSClient: Sendable {
  private let endpoint: CustomEndpoint
  private let region: String
  private let services: CredentialServices
  private let signer = SigV4Signer(service: "sts")

  /// In the region of the services, else of the settings; without any, the global service in us-east-1.
  init(settings: AWSSettings, services: CredentialServices) throws(CredentialError) {
    let region = services.region ?? settings.region
    endpoint = try settings.endpoint(of: "STS", host: "sts", region: region == "aws-global" ? nil : region)
    self.region = region.flatMap { $0 == "aws-global" ? nil : $0 } ?? S3Endpoint.defaultRegion
    self.services = services
  }

  /// - Parameter signedBy: whoever may assume the role.
  func assumeRole(
    _ arn: String, sessionName: String, externalID: String?, seconds: Int?, signedBy: AWSCredentials
  ) async throws -> AWSCredentials {
    var parameters = [("RoleSessionName", sessionName)]
    if let seconds { parameters.append(("DurationSeconds", "\(seconds)")) }
    if let externalID { parameters.append(("ExternalId", externalID)) }
    return try await credentials("AssumeRole", arn, parameters, signedBy: signedBy)
  }

  /// Unsigned: the token, a JWT of the identity provider, proves who asks.
  func assumeRole(_ arn: String, sessionName: String, webIdentityToken: String) async throws -> AWSCredentials {
    try await credentials(
      "AssumeRoleWithWebIdentity", arn,
      [("RoleSessionName", sessionName), ("WebIdentityToken", webIdentityToken)], signedBy: nil)
  }

  /// Seconds; AWS refuses signatures from 15 minutes on, and a `Date` is cut to a second.
  private static let toleratedSkew: Int64 = 240

  private func credentials(
    _ action: String, _ role: String, _ parameters: [(String, String)], signedBy: AWSCredentials?
  ) async throws -> AWSCredentials {
    let permission = AWSPermission("sts:\(action)", on: role)
    let form = [("Action", action), ("Version", "2011-06-15"), ("RoleArn", role)] + parameters
    let body = Array(form.map { "\($0)=\(URIEncoding.query($1))" }.joined(separator: "&").utf8)
    // Seconds that the server's clock is ahead of ours.
    var skew: Int64 = 0
    func send() async throws -> CredentialReply {
      try await services.retrying {
        let reply = try await services.send(request(body, signedBy, skew: skew), within: services.requestTimeout)
        let failure = Self.failure(reply, permission)
        if let failure, failure.isTransient { throw failure }
        return reply
      }
    }
    var reply = try await send()
    if signedBy != nil, reply.status == 400 || reply.status == 403, let date = reply.date {
      skew = date.seconds - services.now().seconds
      if abs(skew) > Self.toleratedSkew { reply = try await send() } else { skew = 0 }
    }
    if let failure = Self.failure(reply, permission) { throw failure }
    // The life of what came is judged by the local clock.
    return try Self.credentials(reply, action: action, clockSkew: skew)
  }

  private func request(_ body: [UInt8], _ credentials: AWSCredentials?, skew: Int64) -> HTTPClientRequest {
    let path = endpoint.basePath + "/"
    var headers = [
      ("Host", endpoint.authority), ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
      ("Accept", "application/xml"),
    ]
    if let credentials {
      let timestamp = services.now().adding(seconds: skew).amzDate
      headers.append(("X-Amz-Date", timestamp))
      if let token = credentials.sessionToken { headers.append(("X-Amz-Security-Token", token)) }
      let authorization = signer.authorization(
        method: "POST", path: path, query: "", headers: headers.map { (name: $0.0, value: $0.1) },
        payloadHash: Hex.encode(SHA256Digest.digest(body)), credentials: credentials, region: region,
        timestamp: timestamp)
      headers.append(("Authorization", authorization))
    }
    var request = HTTPClientRequest(url: "\(endpoint.url)/")
    request.method = .POST
    request.headers = HTTPHeaders(headers)
    request.body = .bytes(ByteBuffer(bytes: body))
    return request
  }

  // MARK: Replies

  private static let transientCodes: Set<String> = [
    "IDPCommunicationError", "InternalError", "InternalFailure", "RequestThrottled", "RequestTimeout",
    "ServiceUnavailable", "Throttling", "ThrottlingException",
  ]

  /// Nil where the reply is a success.
  private static func failure(_ reply: CredentialReply, _ permission: AWSPermission) -> CredentialRequestFailure? {
    guard reply.status != 200 else { return nil }
    let error = S3ErrorBody(parsing: reply.body)
    guard !error.code.isEmpty else { return reply.failure }
    let missing = AWSPermission.missing(error.message, among: [permission]).alternatives
    let denial =
      error.code == "AccessDenied" ? "\(missing) is denied, by a policy of who asks or the role's trust policy; " : ""
    return CredentialRequestFailure(
      "\(denial)\(error.code): \(error.message) (HTTP \(reply.status))",
      isTransient: reply.failure.isTransient || transientCodes.contains(error.code))
  }

  private static func credentials(
    _ reply: CredentialReply, action: String, clockSkew: Int64
  ) throws(CredentialRequestFailure) -> AWSCredentials {
    let document = try? XMLNode(parsing: reply.body)
    let fields = document?["\(action)Result"]?["Credentials"]
    func text(_ name: String) -> String? { fields?.text(name).flatMap { $0.isEmpty ? nil : $0 } }
    guard let id = text("AccessKeyId"), let secret = text("SecretAccessKey"), let token = text("SessionToken"),
      let expiration = text("Expiration").flatMap({ AWSTimestamp(iso8601: $0) })
    else {
      throw CredentialRequestFailure(
        "its reply lacks AccessKeyId, SecretAccessKey, SessionToken or Expiration", isTransient: false)
    }
    return AWSCredentials(
      accessKeyID: id, secretAccessKey: secret, sessionToken: token,
      expiration: expiration.adding(seconds: -clockSkew))
  }
}
