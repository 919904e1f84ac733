import AWSKit
import Crypto
import HTTPTypes
import NIOConcurrencyHelpers

/// Verifies signature version 4 of a request's head, in the header or in the query.
final class SignatureVerifier: Sendable {
  /// S3 refuses clocks that differ by more.
  static let maximumSkew: Int64 = 15 * 60
  /// A week, the longest life of a presigned URL.
  private static let maximumExpiry = 604_800

  private let credentials: [String: EmbeddedS3Credentials]
  private let temporaryCredentials: @Sendable (String) -> EmbeddedS3Credentials?
  private let keys = NIOLockedValueBox<[KeyID: SymmetricKey]>([:])

  private struct KeyID: Hashable {
    var secret: String
    var scope: SigV4Scope
  }

  init(_ configuration: EmbeddedS3Configuration) {
    self.credentials = Dictionary(configuration.credentials.map { ($0.accessKeyID, $0) }) { first, _ in first }
    self.temporaryCredentials = configuration.temporaryCredentials
  }

  /// What a verified head says about the body.
  struct Verified: Sendable {
    var accessKeyID: String
    var payload: Payload
    /// For bodies whose chunks are signed, each on top of the one before.
    var chunkSigner: ChunkSigner
  }

  /// - Parameters:
  ///   - region: the region that the signature must name; nil for any.
  ///   - now: the server's clock, seconds since 1970.
  func verify(_ request: S3Request, region: String?, now: Int64) throws -> Verified {
    if let header = request.header("authorization") {
      return try self.verifyHeader(header, request, region: region, now: now)
    }
    if request.has("X-Amz-Algorithm") { return try self.verifyQuery(request, region: region, now: now) }
    throw S3Error(.forbidden, "AccessDenied", "Access Denied")
  }

  private func verifyHeader(
    _ header: String, _ request: S3Request, region: String?, now: Int64
  ) throws -> Verified {
    guard let authorization = SigV4Authorization(header: header) else {
      throw Self.malformed("The authorization header that you provided is not valid.")
    }
    let credentials = try self.credentials(authorization.accessKeyID, token: request.header("x-amz-security-token"))
    guard let date = request.header("x-amz-date") ?? request.header("date"),
      let time = AWSTimestamp(amzDate: date) ?? AWSTimestamp(httpDate: date)
    else {
      throw S3Error(
        .forbidden, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header")
    }
    guard abs(time.seconds - now) <= Self.maximumSkew else {
      throw S3Error(
        .forbidden, "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
        [
          ("RequestTime", date), ("ServerTime", S3Date.listing(now * 1000)),
          ("MaxAllowedSkewMilliseconds", String(Self.maximumSkew * 1000)),
        ])
    }
    try Self.check(authorization.scope, timestamp: time.amzDate, region: region)
    guard let payloadHash = request.header("x-amz-content-sha256") else {
      throw S3Error.invalidRequest("Missing required header for this request: x-amz-content-sha256")
    }
    let payload = try Payload(header: payloadHash)
    try Self.checkSignedHeaders(authorization.signedHeaders, request)
    let key = self.signingKey(credentials, authorization.scope)
    try Self.compare(
      request, query: request.query, signedHeaders: authorization.signedHeaders, payloadHash: payloadHash,
      timestamp: time.amzDate, scope: authorization.scope, key: key, signature: authorization.signature,
      accessKeyID: credentials.accessKeyID)
    return Verified(
      accessKeyID: credentials.accessKeyID, payload: payload,
      chunkSigner: ChunkSigner(
        key: key, timestamp: time.amzDate, scope: authorization.scope, seed: authorization.signature))
  }

  private func verifyQuery(_ request: S3Request, region: String?, now: Int64) throws -> Verified {
    func parameter(_ name: String) throws -> String {
      guard let value = request.parameter(name) else {
        throw Self.badQuery("Query-string authentication version 4 requires the \(name) parameter.")
      }
      return value
    }
    let date = try parameter("X-Amz-Date")
    // The same three fields as in the header, so the header's parser reads them.
    let header =
      "\(try parameter("X-Amz-Algorithm")) Credential=\(try parameter("X-Amz-Credential")),"
      + "SignedHeaders=\(try parameter("X-Amz-SignedHeaders")),Signature=\(try parameter("X-Amz-Signature"))"
    guard let authorization = SigV4Authorization(header: header), let time = AWSTimestamp(amzDate: date) else {
      throw Self.badQuery("The query-string authentication parameters are not valid.")
    }
    guard let expiry = Int(try parameter("X-Amz-Expires")), (0...Self.maximumExpiry).contains(expiry) else {
      throw Self.badQuery("X-Amz-Expires must be a number of seconds between 0 and a week.")
    }
    let credentials = try self.credentials(
      authorization.accessKeyID, token: request.parameter("X-Amz-Security-Token"))
    guard now <= time.seconds + Int64(expiry) else {
      throw S3Error(
        .forbidden, "AccessDenied", "Request has expired",
        [
          ("X-Amz-Expires", String(expiry)), ("Expires", S3Date.listing((time.seconds + Int64(expiry)) * 1000)),
          ("ServerTime", S3Date.listing(now * 1000)),
        ])
    }
    guard time.seconds - now <= Self.maximumSkew else {
      throw S3Error(.forbidden, "AccessDenied", "Request is not yet valid")
    }
    try Self.check(authorization.scope, timestamp: date, region: region)
    try Self.checkSignedHeaders(authorization.signedHeaders, request)
    let payloadHash = request.header("x-amz-content-sha256") ?? SigV4.unsignedPayload
    let key = self.signingKey(credentials, authorization.scope)
    let query = request.query.split(separator: "&").filter { !$0.hasPrefix("X-Amz-Signature=") }
    try Self.compare(
      request, query: query.joined(separator: "&"), signedHeaders: authorization.signedHeaders,
      payloadHash: payloadHash, timestamp: date, scope: authorization.scope, key: key,
      signature: authorization.signature, accessKeyID: credentials.accessKeyID)
    return Verified(
      accessKeyID: credentials.accessKeyID, payload: try Payload(header: payloadHash),
      chunkSigner: ChunkSigner(key: key, timestamp: date, scope: authorization.scope, seed: authorization.signature))
  }

  private func credentials(_ accessKeyID: String, token: String?) throws -> EmbeddedS3Credentials {
    guard let credentials = self.credentials[accessKeyID] ?? self.temporaryCredentials(accessKeyID) else {
      throw S3Error(
        .forbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.",
        [("AWSAccessKeyId", accessKeyID)])
    }
    guard credentials.sessionToken == nil || credentials.sessionToken == token else {
      throw S3Error(.badRequest, "InvalidToken", "The provided token is malformed or otherwise invalid.")
    }
    guard !credentials.areExpired else {
      throw S3Error(.badRequest, "ExpiredToken", "The provided token has expired.")
    }
    return credentials
  }

  private func signingKey(_ credentials: EmbeddedS3Credentials, _ scope: SigV4Scope) -> SymmetricKey {
    let id = KeyID(secret: credentials.secretAccessKey, scope: scope)
    return self.keys.withLockedValue { keys in
      if let key = keys[id] { return key }
      // A key per day and region: a few are all that a run needs.
      if keys.count >= 16 { keys.removeAll() }
      let key = SigV4.signingKey(secretAccessKey: credentials.secretAccessKey, scope: scope)
      keys[id] = key
      return key
    }
  }

  private static func check(_ scope: SigV4Scope, timestamp: String, region: String?) throws {
    guard scope.service == "s3" else {
      throw malformed("The authorization header is malformed; incorrect service \"\(scope.service)\".")
    }
    if let region, scope.region != region {
      var error = malformed(
        "The authorization header is malformed; the region '\(scope.region)' is wrong; expecting '\(region)'")
      error.details = [("Region", region)]
      error.headers = [("x-amz-bucket-region", region)]
      throw error
    }
    guard timestamp.hasPrefix(scope.date) else {
      throw malformed("The authorization header is malformed; Invalid credential date \"\(scope.date)\".")
    }
  }

  /// The host and every `x-amz-` header must be signed, or anybody on the way could change them.
  private static func checkSignedHeaders(_ signed: Set<String>, _ request: S3Request) throws {
    let unsigned = request.headers.keys.filter { name in
      !signed.contains(name) && (name == "host" || name.hasPrefix("x-amz-")) && !SigV4.neverSigned.contains(name)
    }
    guard unsigned.isEmpty else {
      throw S3Error(
        .forbidden, "AccessDenied", "There were headers present in the request which were not signed",
        [("HeadersNotSigned", unsigned.sorted().joined(separator: ", "))])
    }
  }

  private static func compare(
    _ request: S3Request, query: String, signedHeaders: Set<String>, payloadHash: String, timestamp: String,
    scope: SigV4Scope, key: SymmetricKey, signature: String, accessKeyID: String
  ) throws {
    let canonical = SigV4.canonicalRequest(
      method: request.method.rawValue, path: URIEncoding.canonicalPath(request.path) ?? request.path, query: query,
      headers: request.headers.map { (name: $0.key, value: $0.value) }, signedHeaders: signedHeaders,
      payloadHash: payloadHash)
    let stringToSign = SigV4.stringToSign(canonicalRequest: canonical.text, timestamp: timestamp, scope: scope)
    guard SigV4.signature(stringToSign: stringToSign, signingKey: key) == signature else {
      throw S3Error(
        .forbidden, "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your key and signing"
          + " method.",
        [
          ("AWSAccessKeyId", accessKeyID), ("StringToSign", stringToSign), ("SignatureProvided", signature),
          ("CanonicalRequest", canonical.text),
        ])
    }
  }

  private static func malformed(_ message: String) -> S3Error {
    S3Error(.badRequest, "AuthorizationHeaderMalformed", message)
  }

  private static func badQuery(_ message: String) -> S3Error {
    S3Error(.badRequest, "AuthorizationQueryParametersError", message)
  }
}
