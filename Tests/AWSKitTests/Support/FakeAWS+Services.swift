import AWSKit
import Checksums
import Digests
import Foundation
import NIOConcurrencyHelpers
import NIOHTTP1

extension FakeAWS {
  // MARK: STS

  func sts(_ request: TestServer.Request) -> TestServer.Answer {
    guard request.method == .POST,
      request.headers.first(name: "Content-Type")?.hasPrefix("application/x-www-form-urlencoded") ?? false
    else { return stsError(400, "InvalidAction") }
    let form = Self.form(String(decoding: request.body, as: UTF8.self))
    guard form["Version"] == "2011-06-15", form["RoleSessionName"]?.isEmpty == false, let role = form["RoleArn"] else {
      return stsError(400, "MissingParameter")
    }
    switch form["Action"] {
    case "AssumeRoleWithWebIdentity":
      guard !request.headers.contains(name: "Authorization") else { return stsError(400, "InvalidAction") }
      guard let token = form["WebIdentityToken"], state.withLockedValue({ $0.webIdentityTokens.contains(token) })
      else { return stsError(400, "InvalidIdentityToken") }
      return granted("AssumeRoleWithWebIdentity", "WEB")
    case "AssumeRole":
      let (trusted, externalID) = state.withLockedValue { ($0.trust[role] ?? "AKIDBASE", $0.externalID) }
      do {
        let key = try verified(
          request, service: "sts", region: "eu-west-1", payloadHash: Hex.encode(SHA256Digest.digest(request.body)))
        guard key.hasPrefix(trusted), form["ExternalId"] == externalID else { return stsError(403, "AccessDenied") }
        return granted("AssumeRole", "ROLE")
      } catch {
        return stsError(403, error == .expired ? "ExpiredToken" : "SignatureDoesNotMatch")
      }
    default: return stsError(400, "InvalidAction")
    }
  }

  private func granted(_ action: String, _ kind: String) -> TestServer.Answer {
    let credentials = issue(kind)
    return .reply(
      200, ["Content-Type": "text/xml"],
      """
      <\(action)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><\(action)Result><Credentials>
      <AccessKeyId>\(credentials.accessKeyID)</AccessKeyId><SecretAccessKey>\(credentials.secretAccessKey)</SecretAccessKey>
      <SessionToken>\(credentials.sessionToken ?? "")</SessionToken>
      <Expiration>\(credentials.expiration?.iso8601 ?? "")</Expiration></Credentials></\(action)Result>
      <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></\(action)Response>
      """)
  }

  func stsError(_ status: Int, _ code: String) -> TestServer.Answer {
    .reply(
      status, ["Date": now.httpDate],
      """
      <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>\(code)</Code>
      <Message>the message</Message></Error><RequestId>r</RequestId></ErrorResponse>
      """)
  }

  static func form(_ text: String) -> [String: String] {
    var fields: [String: String] = [:]
    for pair in text.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      fields[String(parts[0])] = parts.last.flatMap { String($0).removingPercentEncoding }
    }
    return fields
  }

  // MARK: SSO

  func sso(_ request: TestServer.Request) -> TestServer.Answer {
    let parameters = Self.form(request.query)
    let end = request.headers.first(name: "x-amz-sso_bearer_token").flatMap { token in
      state.withLockedValue { $0.ssoTokens[token] }
    }
    guard request.method == .GET, !request.headers.contains(name: "Authorization"), let end, end > now.seconds else {
      return .reply(
        401, ["x-amzn-errortype": "UnauthorizedException"], #"{"message":"Session token not found or invalid"}"#)
    }
    guard parameters == ["role_name": "the role", "account_id": "123456789012"] else {
      return .reply(403, ["x-amzn-errortype": "ForbiddenException:http://x"], #"{"message":"No access"}"#)
    }
    let credentials = issue("SSO")
    return .reply(
      200, ["Content-Type": "application/json"],
      """
      {"roleCredentials":{"accessKeyId":"\(credentials.accessKeyID)","secretAccessKey":\
      "\(credentials.secretAccessKey)","sessionToken":"\(credentials.sessionToken ?? "")","expiration":\
      \((credentials.expiration?.seconds ?? 0) * 1_000)}}
      """)
  }

  private struct TokenRequest: Decodable {
    var grantType: String
    var clientId: String
    var clientSecret: String
    var refreshToken: String
  }

  func oidc(_ request: TestServer.Request) -> TestServer.Answer {
    guard request.method == .POST, request.headers.first(name: "Content-Type") == "application/json",
      let body = try? JSONDecoder().decode(TokenRequest.self, from: Data(request.body)),
      body.grantType == "refresh_token", body.clientId == "client", body.clientSecret == "client-secret"
    else { return .reply(400, ["x-amzn-errortype": "InvalidRequestException"], #"{"error":"invalid_request"}"#) }
    return state.withLockedValue { state in
      guard body.refreshToken == state.refreshToken else {
        return .reply(400, ["x-amzn-errortype": "InvalidGrantException"], #"{"error":"invalid_grant"}"#)
      }
      state.count += 1
      let token = "access-\(state.count)"
      state.refreshToken = "refresh-\(state.count)"
      state.ssoTokens[token] = state.now + 28_800
      return .reply(
        200, [:],
        """
        {"accessToken":"\(token)","expiresIn":28800,"tokenType":"Bearer","refreshToken":"\(state.refreshToken)"}
        """)
    }
  }

  // MARK: Containers and instances

  func container(_ request: TestServer.Request) -> TestServer.Answer {
    guard request.method == .GET, request.headers.first(name: "Accept") == "application/json",
      request.headers.first(name: "Authorization") == state.withLockedValue({ $0.containerToken })
    else { return .reply(401, [:], "{}") }
    return .reply(200, [:], document("ECS"))
  }

  func instance(_ request: TestServer.Request) -> TestServer.Answer {
    let isVersion2 = state.withLockedValue { $0.instanceGivesTokens }
    let token = request.headers.first(name: "x-aws-ec2-metadata-token")
    switch (request.method, request.path) {
    case (.PUT, "/latest/api/token"):
      guard isVersion2 else { return .reply(404) }
      guard request.headers.first(name: "x-aws-ec2-metadata-token-ttl-seconds") == "21600" else { return .reply(400) }
      return state.withLockedValue { state in
        let token = "imds-\(state.instanceTokens.count)=="
        state.instanceTokens.insert(token)
        return .reply(200, [:], token)
      }
    case (.GET, _) where isVersion2 && !state.withLockedValue({ $0.instanceTokens.contains(token ?? "") }):
      return .reply(401)
    case (.GET, "/latest/meta-data/iam/security-credentials/"): return .reply(200, [:], "the-role")
    case (.GET, "/latest/meta-data/iam/security-credentials/the-role"): return .reply(200, [:], document("IMDS"))
    default: return .reply(404)
    }
  }

  /// As `credential_process`, containers and instances give it.
  func document(_ kind: String) -> String {
    let credentials = issue(kind)
    let token = credentials.sessionToken ?? ""
    return """
      {"Version":1,"Code":"Success","Type":"AWS-HMAC","AccessKeyId":"\(credentials.accessKeyID)",\
      "SecretAccessKey":"\(credentials.secretAccessKey)","Token":"\(token)","SessionToken":"\(token)",\
      "Expiration":"\(credentials.expiration.map { "\($0.iso8601.prefix(19))Z" } ?? "")"}
      """
  }
}
