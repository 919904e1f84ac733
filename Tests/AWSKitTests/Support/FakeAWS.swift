import AWSKit
import NIOConcurrencyHelpers
import NIOHTTP1

/// The services that hand out credentials, and an S3 that takes only what they handed out: one server, as strict as
/// AWS, with a clock of its own.
final class FakeAWS: Sendable {
  enum Service: Hashable, CaseIterable, Sendable { case s3, sts, sso, oidc, container, instance }

  struct Issued: Sendable, Equatable {
    var secret: String
    var token: String?
    /// Seconds since 1970; nil: permanent.
    var end: Int64?
  }

  struct State: Sendable {
    /// Seconds since 1970.
    var now: Int64 = 1_716_508_800  // 2024-05-24T00:00:00Z
    /// Seconds that credentials live.
    var lifetime: Int64 = 3_600
    var issued: [String: Issued] = ["AKIDBASE": Issued(secret: "base-secret")]
    var count = 0
    /// What is answered in place of the service's own reply, first in, first out.
    var faults: [Service: [TestServer.Answer]] = [:]
    /// The services that were asked, in order.
    var calls: [Service] = []
    /// Requests that will never be answered and whose sender has not lost patience yet.
    var silences = 0
    /// What the web identity token file holds, as the identity provider knows it.
    var webIdentityTokens: Set<String> = ["the-jwt"]
    /// Role → who may assume it, by access key prefix.
    var trust: [String: String] = [:]
    /// Expected with AssumeRole; nil: none must be sent.
    var externalID: String?
    /// SSO access token → its end.
    var ssoTokens: [String: Int64] = [:]
    var refreshToken = "refresh-1"
    var containerToken: String? = "container-token"
    var instanceTokens: Set<String> = []
    /// Whether the instance knows version 2 of its metadata service.
    var instanceGivesTokens = true
  }

  let state = NIOLockedValueBox(State())

  var now: AWSTimestamp { AWSTimestamp(seconds: state.withLockedValue { $0.now }) }

  func advance(minutes: Int64) { state.withLockedValue { $0.now += minutes * 60 } }

  func calls(_ service: Service) -> Int { state.withLockedValue { $0.calls.count { $0 == service } } }

  /// Returns when a request has got silence for an answer: the time-out of a client that waits only as long as it has
  /// to.
  func silence() async throws {
    while true {
      let isSilent = state.withLockedValue { state in
        guard state.silences > 0 else { return false }
        state.silences -= 1
        return true
      }
      if isSilent { return }
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  /// New temporary credentials, such as `ROLE1` with the secret `secret-ROLE1`.
  func issue(_ kind: String) -> AWSCredentials {
    state.withLockedValue { state in
      state.count += 1
      let id = "\(kind)\(state.count)"
      let end = state.now + state.lifetime
      state.issued[id] = Issued(secret: "secret-\(id)", token: "token-\(id)", end: end)
      return AWSCredentials(
        accessKeyID: id, secretAccessKey: "secret-\(id)", sessionToken: "token-\(id)",
        expiration: AWSTimestamp(seconds: end))
    }
  }

  func answer(_ request: TestServer.Request) -> TestServer.Answer {
    let service = Self.service(of: request)
    let fault = state.withLockedValue { state -> TestServer.Answer? in
      state.calls.append(service)
      guard let fault = state.faults[service]?.first else { return nil }
      state.faults[service]?.removeFirst()
      if case .silence = fault { state.silences += 1 }
      return fault
    }
    if let fault { return fault }
    return switch service {
    case .s3: s3(request)
    case .sts: sts(request)
    case .sso: sso(request)
    case .oidc: oidc(request)
    case .container: container(request)
    case .instance: instance(request)
    }
  }

  private static func service(of request: TestServer.Request) -> Service {
    switch request.path {
    case "/": .sts
    case "/federation/credentials": .sso
    case "/token": .oidc
    case "/v1/credentials": .container
    case let path where path.hasPrefix("/latest/"): .instance
    default: .s3
    }
  }

  // MARK: Signatures

  enum Refusal: Error { case unsigned, unknownKey, wrongToken, expired, wrongSignature, wrongScope, skewed }

  /// The access key, after the signature was computed anew.
  func verified(
    _ request: TestServer.Request, service: String, region: String, payloadHash: String
  ) throws(Refusal) -> String {
    guard let header = request.headers.first(name: "Authorization"),
      let authorization = SigV4Authorization(header: header), let date = request.headers.first(name: "X-Amz-Date"),
      let time = AWSTimestamp(amzDate: date)
    else { throw .unsigned }
    let (issued, now) = state.withLockedValue { ($0.issued[authorization.accessKeyID], $0.now) }
    guard let issued else { throw .unknownKey }
    guard request.headers.first(name: "X-Amz-Security-Token") == issued.token else { throw .wrongToken }
    guard issued.end.map({ $0 > now }) ?? true else { throw .expired }
    guard abs(time.seconds - now) <= 900 else { throw .skewed }
    let scope = SigV4Scope(date: String(date.prefix(8)), region: region, service: service)
    guard authorization.scope == scope else { throw .wrongScope }
    let mustBeSigned = Set(["host", "x-amz-date"] + (issued.token == nil ? [] : ["x-amz-security-token"]))
    guard authorization.signedHeaders.isSuperset(of: mustBeSigned) else { throw .wrongSignature }
    let canonical = SigV4.canonicalRequest(
      method: request.method.rawValue, path: request.path, query: request.query,
      headers: request.headers.map { (name: $0.name, value: $0.value) }, signedHeaders: authorization.signedHeaders,
      payloadHash: payloadHash)
    let signature = SigV4.signature(
      stringToSign: SigV4.stringToSign(canonicalRequest: canonical.text, timestamp: date, scope: scope),
      signingKey: SigV4.signingKey(secretAccessKey: issued.secret, scope: scope))
    guard signature == authorization.signature else { throw .wrongSignature }
    return authorization.accessKeyID
  }

  private func s3(_ request: TestServer.Request) -> TestServer.Answer {
    do {
      _ = try verified(
        request, service: "s3", region: "eu-west-1",
        payloadHash: request.headers.first(name: "X-Amz-Content-SHA256") ?? "")
      return .reply(200, ["ETag": "\"e\""])
    } catch {
      let code =
        switch error {
        case .unsigned: "AccessDenied"
        case .unknownKey: "InvalidAccessKeyId"
        case .wrongToken: "InvalidToken"
        case .expired: "ExpiredToken"
        case .skewed: "RequestTimeTooSkewed"
        case .wrongSignature, .wrongScope: "SignatureDoesNotMatch"
        }
      return .reply(error == .expired ? 400 : 403, [:], errorDocument(code))
    }
  }
}
