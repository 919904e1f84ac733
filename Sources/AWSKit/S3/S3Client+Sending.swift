internal import AsyncHTTPClient
internal import Checksums
internal import Digests
internal import Logging
internal import NIOConcurrencyHelpers
internal import NIOCore
internal import NIOHTTP1

extension S3Client {
  /// Sends a call, with retries and the corrections that replies ask for (region, clock, credentials).
  /// - Parameter decode: reads the reply; what it throws counts as a failure of the attempt.
  func perform<Result: Sendable>(
    _ call: S3Call, decode: @Sendable (S3Reply) async throws -> Result
  ) async throws -> Result {
    try call.validate()
    let prepared = try Prepared(call, configuration)
    var corrections = Corrections()
    var failedAttempts = 0
    var outcomeUnknown = false
    var costOfLastRetry: Int?
    var wait = CredentialWait()
    let policy = configuration.retry
    while true {
      do {
        let result = try await attempt(prepared, decode: decode)
        learned.credentialsWork.withLockedValue { $0 = true }
        learned.budget.record(throttled: false, policy)
        learned.budget.refund(costOfLastRetry)
        return result
      } catch let failure as AttemptFailure {
        var error = failure.error
        learned.budget.record(throttled: error.asksToSlowDown, policy)
        outcomeUnknown = outcomeUnknown || error.outcomeUnknown
        error.outcomeUnknown = outcomeUnknown
        // A server that does not answer in time has more to do than it can, or the line has.
        if error.asksToSlowDown || error.isTimeout { configuration.onThrottle() }
        if await correct(failure, prepared, &corrections) { continue }
        if error.waitsForCredentials, learned.credentialsWork.withLockedValue({ $0 }),
          let pause = wait.next(policy, patience: configuration.credentialPatience)
        {
          logger.log(
            level: wait.count == 1 ? .warning : .debug, "waiting for credentials",
            metadata: ["error": "\(error)", "pause": "\(pause)"])
          try await policy.sleep(pause)
          corrections.credentials = false
          continue
        }
        failedAttempts += 1
        guard mayRetry(call, failure.error), failedAttempts < policy.maximumAttempts else { throw error }
        guard let cost = learned.budget.payForRetry(afterTimeout: error.isTimeout, policy) else {
          logger.debug("too many S3 requests failed lately, not trying again", metadata: ["error": "\(error)"])
          throw error
        }
        costOfLastRetry = cost
        let delay = policy.delay(afterAttempt: failedAttempts, throttled: error.kind == .throttled)
        logger.debug(
          "S3 request failed, trying again",
          metadata: ["error": "\(error)", "attempt": "\(failedAttempts)", "pause": "\(delay)"])
        try await policy.sleep(delay)
      }
    }
  }

  private func mayRetry(_ call: S3Call, _ error: S3Error) -> Bool {
    if error.waitsForCredentials { return false }
    return switch call.retry {
    case .never: false
    case .idempotent: error.isRetryable
    case .unprocessedOnly: error.isRetryable && !error.outcomeUnknown
    }
  }

  // MARK: One attempt

  private func attempt<Result: Sendable>(
    _ prepared: Prepared, decode: @Sendable (S3Reply) async throws -> Result
  ) async throws -> Result {
    let call = prepared.call
    let credentials: AWSCredentials
    do {
      credentials = try await self.credentials.credentials()
    } catch let error where !(error is CancellationError) {
      throw AttemptFailure(
        error: S3Error(
          .noCredentials, message: "\(error)", operation: call.description,
          isRetryable: (error as? CredentialError)?.mayPass ?? false, cause: error))
    }
    let signing = Signing(
      credentials: credentials, region: region(of: call.bucket),
      clockOffset: learned.clockOffset.withLockedValue { $0 })
    let timeout = prepared.timeout(configuration)
    try await learned.budget.waitForTurn(configuration.retry)
    do {
      let paced = PacedBody(call.body, configuration.bandwidth.up)
      defer { paced?.end() }
      let request = try await self.request(prepared, signing, paced)
      let start = ContinuousClock.now
      let response = try await send(request, timeout: timeout, pacing: paced)
      let deadline = start + timeout + (paced?.held ?? .zero)
      let reply = S3Reply(
        status: Int(response.status.code), headers: response.headers, body: response.body, deadline: deadline)
      guard (200..<300).contains(reply.status) else {
        // Of a HEAD reply there is no body, of an error reply it must not be long.
        let body = call.method == .HEAD ? [] : (try? await reply.collect(limit: 1 << 20)) ?? []
        throw AttemptFailure(
          reply, S3ErrorBody(parsing: body), call: call, signed: signing, partition: partition(signing.region))
      }
      do {
        return try await decode(reply)
      } catch let failure as FalseSuccess {
        throw AttemptFailure(
          reply, failure.error, call: call, signed: signing, partition: partition(signing.region))
      } catch let error as XMLError {
        throw S3Error(
          .malformedReply, status: reply.status, requestID: reply.headers.first(name: "x-amz-request-id"),
          message: "the reply is \(error)", isRetryable: true, cause: error)
      }
    } catch let failure as HTTPFailure {
      let error = S3Error(failure, operation: call.description, isWrite: call.isWrite)
      throw AttemptFailure(error: error, signed: signing)
    } catch var error as S3Error {
      // From reading the reply: the server has answered success.
      error.operation = call.description
      error.outcomeUnknown = call.isWrite && error.kind != .invalidArgument
      throw AttemptFailure(error: error, signed: signing)
    }
  }

  private func partition(_ region: String?) -> String? { configuration.endpoint.partition(region: region) }

  private func request(
    _ prepared: Prepared, _ signing: Signing, _ paced: PacedBody?
  ) async throws -> HTTPClientRequest {
    let call = prepared.call
    let credentials = signing.credentials
    let address = try configuration.endpoint.address(
      bucket: call.bucket, region: signing.region, canAccelerate: call.operation != "CreateBucket")
    let path = address.path(encodedKey: prepared.encodedKey)
    var headers = prepared.headers
    headers.append(("Host", address.host))
    if !credentials.isAnonymous {
      let timestamp = configuration.now().adding(seconds: signing.clockOffset).amzDate
      headers.append(("X-Amz-Date", timestamp))
      headers.append(("X-Amz-Content-SHA256", prepared.payloadHash))
      if let token = credentials.sessionToken { headers.append(("X-Amz-Security-Token", token)) }
      let authorization = signer.authorization(
        method: call.method.rawValue, path: path, query: prepared.query, headers: headers,
        payloadHash: prepared.payloadHash,
        credentials: credentials, region: address.signingRegion, timestamp: timestamp)
      headers.append(("Authorization", authorization))
    }
    headers.append(("User-Agent", configuration.userAgent))

    var request = HTTPClientRequest(url: address.url(path: path, query: prepared.query))
    request.method = call.method
    request.headers = HTTPHeaders(headers.map { ($0.name, $0.value) })
    if let paced, let body = call.body {
      request.body = .stream(try await paced.stream(body.content), length: .known(body.length))
      return request
    }
    switch call.body?.content {
    case .bytes(let buffer): request.body = .bytes(buffer)
    case .stream(let open): request.body = .stream(try await open(), length: .known(call.body?.length ?? 0))
    case nil: break
    }
    return request
  }

  // MARK: Corrections

  /// Each at most once per request.
  private struct Corrections {
    var region = false
    var clock = false
    var credentials = false
  }

  /// Whether the request should be sent again at once, since the reply taught how it has to be.
  private func correct(_ failure: AttemptFailure, _ prepared: Prepared, _ done: inout Corrections) async -> Bool {
    let bucket = prepared.call.bucket
    // An access point's region stands in its ARN.
    if !done.region, !AccessPointARN.isARN(bucket), failure.asksForRegion(isHead: prepared.call.method == .HEAD) {
      done.region = true
      var found = failure.regionHint
      if found == nil, prepared.call.operation != "HeadBucket" { found = await discoverRegion(of: bucket) }
      if let found, found != failure.region {
        logger.info("bucket is in another region", metadata: ["bucket": "\(bucket)", "region": "\(found)"])
        learned.regions.withLockedValue { $0[bucket] = found }
        return true
      }
    }
    if !done.clock, let serverDate = failure.serverDate, [400, 403].contains(failure.error.status) {
      let skew = serverDate.seconds - configuration.now().seconds
      // Another request may have learned it since this one was signed.
      let isNews = learned.clockOffset.withLockedValue { offset in
        guard abs(skew - offset) > Self.toleratedSkew else { return false }
        offset = skew
        return true
      }
      if isNews {
        logger.warning("the local clock is wrong, going by the server's", metadata: ["seconds": "\(skew)"])
      }
      if abs(skew - failure.clockOffset) > Self.toleratedSkew {
        done.clock = true
        return true
      }
    }
    if !done.credentials, failure.rejectsCredentials(isHead: prepared.call.method == .HEAD),
      let rejected = failure.credentials
    {
      done.credentials = true
      // Files are read again, roles are assumed again; the same ones again would be rejected again.
      await credentials.invalidate(rejected)
      do {
        if try await credentials.credentials() != rejected { return true }
      } catch {
        // The next attempt tells why there are none.
        return (error as? CredentialError)?.mayPass ?? false
      }
    }
    return false
  }

  /// Seconds; AWS rejects from 15 minutes on, and a `Date` is cut to a second.
  private static let toleratedSkew: Int64 = 240

  /// Asks where the bucket is; S3 says so even when it refuses the request.
  func discoverRegion(of bucket: String) async -> String? {
    var call = S3Call(operation: "HeadBucket", method: .HEAD, bucket: bucket)
    call.retry = .never
    do {
      let prepared = try Prepared(call, configuration)
      return try await attempt(prepared) { $0.headers.first(name: "x-amz-bucket-region") }
    } catch {
      return (error as? AttemptFailure)?.regionHint
    }
  }
}

extension S3Error {
  /// The reply to a HEAD has no code: of S3, 503 means that.
  fileprivate var asksToSlowDown: Bool { kind == .throttled || status == 503 }

  /// Of the connection or of the reply.
  fileprivate var isTimeout: Bool {
    status == nil && (kind == .timedOut || (cause as? HTTPClientError) == .connectTimeout)
  }
}

extension S3Error {
  /// Whether it is up to whoever gives out credentials that the request cannot be made.
  fileprivate var waitsForCredentials: Bool { isRetryable && [.noCredentials, .invalidCredentials].contains(kind) }
}

/// The pauses of a request that has no credentials.
private struct CredentialWait {
  private var end: Double?
  private(set) var count = 0

  /// Nil when the patience is over.
  mutating func next(_ policy: RetryPolicy, patience: Duration) -> Duration? {
    let now = policy.uptime()
    let end = end ?? now + patience / .seconds(1)
    self.end = end
    guard now < end else { return nil }
    count += 1
    return min(policy.delay(afterAttempt: count, throttled: true), .seconds(5))
  }
}

/// What an attempt was signed with.
private struct Signing {
  var credentials: AWSCredentials
  var region: String?
  /// Seconds ahead of the local clock.
  var clockOffset: Int64
}

/// What went wrong in one attempt and what the reply said beside it.
private struct AttemptFailure: Error {
  var error: S3Error
  var credentials: AWSCredentials?
  /// The region that the request was signed for.
  var region: String?
  var regionHint: String?
  var serverDate: AWSTimestamp?
  /// Seconds that the request was signed ahead of the local clock.
  var clockOffset: Int64

  /// Of one that could not be signed.
  init(error: S3Error) {
    self.error = error
    clockOffset = 0
  }

  init(error: S3Error, signed: Signing) {
    self.error = error
    credentials = signed.credentials
    region = signed.region
    clockOffset = signed.clockOffset
  }

  init(_ reply: S3Reply, _ body: S3ErrorBody, call: S3Call, signed: Signing, partition: String?) {
    error = S3Error(
      status: reply.status, body: body, requestID: reply.headers.first(name: "x-amz-request-id"),
      operation: call.description, hasKey: call.key != nil, isWrite: call.isWrite)
    error.deny(call.permissions(partition: partition))
    // By its own word they are valid: whoever gave them out has others sooner or later.
    if error.kind == .invalidCredentials, signed.credentials.expiration != nil, error.code == "ExpiredToken" {
      error.isRetryable = true
    }
    credentials = signed.credentials
    region = signed.region
    clockOffset = signed.clockOffset
    regionHint = reply.headers.first(name: "x-amz-bucket-region") ?? body.region
    serverDate = body.serverTime ?? reply.headers.first(name: "Date").flatMap { AWSTimestamp(httpDate: $0) }
  }

  func asksForRegion(isHead: Bool) -> Bool {
    error.kind == .wrongRegion || (isHead && error.status == 400)
  }

  /// Of a HEAD reply there is no code: 400 is what S3 says to a token that has expired, among others.
  func rejectsCredentials(isHead: Bool) -> Bool {
    error.kind == .invalidCredentials || (isHead && error.status == 400 && credentials?.expiration != nil)
  }
}

/// What is the same in all attempts of a call.
private struct Prepared: Sendable {
  let call: S3Call
  let encodedKey: String?
  let query: String
  let headers: [(name: String, value: String)]
  let payloadHash: String

  init(_ call: S3Call, _ configuration: S3Client.Configuration) throws {
    self.call = call
    encodedKey = call.key.map(URIEncoding.path)
    query = call.encodedQuery
    headers = call.headers + (configuration.requestPayer ? call.requestPayerHeader : [])
    payloadHash = try Self.signsPayload(call, configuration) ? Self.hash(of: call.body) : SigV4.unsignedPayload
  }

  /// As botocore 1.43 does: over TLS a content checksum is enough, unless the settings say otherwise.
  private static func signsPayload(_ call: S3Call, _ configuration: S3Client.Configuration) throws -> Bool {
    if let signsPayload = configuration.signsPayload { return signsPayload }
    guard case .bytes = call.body?.content else { return true }
    let hasContentChecksum = call.headers.contains { name, _ in
      name == "Content-MD5" || S3ChecksumAlgorithm.allCases.contains { $0.header == name }
    }
    let endpoint = configuration.endpoint
    return try
      !(hasContentChecksum
      && endpoint.address(bucket: call.bucket, region: endpoint.region).server.isSecure)
  }

  private static func hash(of body: S3Body?) -> String {
    switch body?.content {
    case nil: SigV4.emptyPayloadHash
    case .bytes(let buffer) where buffer.readableBytes == 0: SigV4.emptyPayloadHash
    case .bytes(let buffer):
      body?.sha256 ?? Hex.encode(buffer.withUnsafeReadableBytes { SHA256Digest.digest($0) })
    case .stream: body?.sha256 ?? SigV4.unsignedPayload
    }
  }

  func timeout(_ configuration: S3Client.Configuration) -> Duration {
    configuration.requestTimeout + .seconds((call.body?.length ?? 0) / max(1, configuration.minimumRate))
  }
}
