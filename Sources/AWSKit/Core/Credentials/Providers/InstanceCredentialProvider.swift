internal import AsyncHTTPClient
internal import NIOHTTP1

/// The role of an EC2 instance, from its metadata service: version 2, and 1 where there is no token to be had and
/// nobody forbids it.
///
/// Being the last place, it fails in silence but for its reason. Source: botocore's `InstanceMetadataFetcher`.
public struct InstanceCredentialProvider: CredentialProvider {
  public let name = "instance metadata"

  private static let rolePath = "latest/meta-data/iam/security-credentials/"
  /// Seconds. Credentials that end sooner after they were fetched are those of a service in trouble: AWS extends
  /// their life on its side, and asks clients to go on with them ("static stability").
  private static let refreshWindow: Int64 = 15 * 60

  private let settings: AWSSettings
  private let services: CredentialServices

  public init(settings: AWSSettings, services: CredentialServices) {
    self.settings = settings
    self.services = services
  }

  public func lookUp() async throws -> CredentialLookup {
    let service = try InstanceMetadataSettings(settings)
    guard !service.isDisabled else { return .nothing("switched off by AWS_EC2_METADATA_DISABLED") }
    do {
      let token = try await token(service)
      if token == nil, service.isVersion1Disabled {
        throw CredentialError(
          "instance metadata gives no token for version 2, and AWS_EC2_METADATA_V1_DISABLED forbids version 1")
      }
      let role = try await get(Self.rolePath, token, service) { reply in
        let role = String(decoding: reply.body, as: UTF8.self)
        return role.split(whereSeparator: \.isNewline).first.map(String.init)
      }
      let credentials = try await get(Self.rolePath + URIEncoding.path(role), token, service) { reply in
        CredentialJSON(parsing: reply.body)
      }
      return .found(extended(try credentials.temporary()), source: "\(name), role \(role)")
    } catch let failure as CredentialRequestFailure {
      return .nothing("\(service.endpoint.host): \(failure.message)")
    }
  }

  /// Nil: the service knows version 1 only, or its reply does not get here (in a container it is one hop too far).
  private func token(_ service: InstanceMetadataSettings) async throws -> String? {
    var request = HTTPClientRequest(url: service.url("latest/api/token"))
    request.method = .PUT
    request.headers = ["x-aws-ec2-metadata-token-ttl-seconds": "21600"]
    for _ in 0..<service.attempts {
      do {
        let reply = try await services.send(request, within: service.timeout, direct: true)
        switch reply.status {
        case 200: return String(decoding: reply.body, as: UTF8.self)
        case 403, 404, 405: return nil
        case 400: throw CredentialRequestFailure("it refuses to give a token (HTTP 400)", isTransient: false)
        default: continue
        }
      } catch let failure as CredentialRequestFailure where failure.isTransient {
        if failure.isTimeout { return nil }
      }
    }
    return nil
  }

  private func get<Result>(
    _ path: String, _ token: String?, _ service: InstanceMetadataSettings, read: (CredentialReply) -> Result?
  ) async throws -> Result {
    var request = HTTPClientRequest(url: service.url(path))
    if let token { request.headers.add(name: "x-aws-ec2-metadata-token", value: token) }
    return try await services.retrying(after: Array(repeating: .zero, count: service.attempts - 1)) {
      let reply = try await services.send(request, within: service.timeout, direct: true)
      guard reply.status == 200 else {
        let reason = reply.status == 404 ? ", no role is attached to the instance" : ""
        throw CredentialRequestFailure("it answered HTTP \(reply.status)\(reason)", isTransient: true)
      }
      guard let result = read(reply) else {
        throw CredentialRequestFailure("its reply cannot be read", isTransient: true)
      }
      return result
    }
  }

  /// The next try is then in 2 to 10 minutes, so that not all instances ask at once.
  private func extended(_ credentials: AWSCredentials) -> AWSCredentials {
    let life = Self.refreshWindow + 120 + Int64(480 * services.random())
    let now = services.now()
    guard let expiration = credentials.expiration, expiration <= now.adding(seconds: life) else { return credentials }
    var extended = credentials
    extended.expiration = now.adding(seconds: life)
    return extended
  }
}

/// Where the metadata service is and how long it is waited for.
struct InstanceMetadataSettings {
  let isDisabled: Bool
  let isVersion1Disabled: Bool
  let endpoint: CustomEndpoint
  /// Of one request.
  let timeout: Duration
  let attempts: Int

  init(_ settings: AWSSettings) throws(CredentialError) {
    func value(_ variable: String, _ key: String) -> String? {
      settings.environment[variable] ?? settings.profileValue(key)
    }
    func isTrue(_ value: String?) -> Bool { value?.lowercased() == "true" }
    isDisabled = isTrue(settings.environment["AWS_EC2_METADATA_DISABLED"])
    isVersion1Disabled = isTrue(value("AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled"))
    let mode = value("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode")?.lowercased()
    guard mode == nil || mode == "ipv4" || mode == "ipv6" else {
      throw CredentialError("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE has to be ipv4 or ipv6")
    }
    let isIPv6 = mode == "ipv6" || mode == nil && isTrue(value("AWS_IMDS_USE_IPV6", "imds_use_ipv6"))
    let url =
      value("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint")
      ?? (isIPv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254")
    do {
      endpoint = try CustomEndpoint(url: url)
    } catch {
      throw CredentialError("AWS_EC2_METADATA_SERVICE_ENDPOINT is not usable", cause: error)
    }
    func number(_ variable: String, _ key: String) -> Int { max(value(variable, key).flatMap { Int($0) } ?? 1, 1) }
    timeout = .seconds(number("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout"))
    attempts = number("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts")
  }

  func url(_ path: String) -> String { "\(endpoint.url)/\(path)" }
}
