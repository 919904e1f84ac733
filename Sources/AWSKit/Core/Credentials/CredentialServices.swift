internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1

/// What providers need that ask somebody: connections, a clock, pauses, chance.
public struct CredentialServices: Sendable {
  /// Shut down by its owner.
  public var transport: HTTPTransport
  /// Whose STS is asked; nil: the region of the settings.
  public var region: String?
  /// Limit of one request to STS or SSO.
  package var requestTimeout: Duration = .seconds(10)
  /// Limit of one request to the container's endpoint. botocore's.
  package var containerTimeout: Duration = .seconds(2)
  public var now: @Sendable () -> AWSTimestamp = AWSTimestamp.systemNow
  public var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  /// Returns when the time of a request is over.
  package var timer: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  /// A number in 0 ..< 1.
  public var random: @Sendable () -> Double = { Double.random(in: 0..<1) }

  public init(transport: HTTPTransport, region: String? = nil) {
    self.transport = transport
    self.region = region
  }

  // MARK: Requests

  /// Sends a request, which the time limit ends whatever the server does.
  /// - Parameter direct: without a proxy: for what the machine itself offers.
  /// - Throws: ``CredentialRequestFailure``, or `CancellationError`.
  func send(
    _ request: HTTPClientRequest, within limit: Duration, direct: Bool = false
  ) async throws -> CredentialReply {
    let reply = try await withThrowingTaskGroup(of: CredentialReply?.self) { group in
      group.addTask { try await exchange(request, within: limit, direct: direct) }
      group.addTask {
        try await timer(limit)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
    guard let reply else { throw CredentialRequestFailure.noAnswer(within: limit) }
    return reply
  }

  private func exchange(
    _ request: HTTPClientRequest, within limit: Duration, direct: Bool
  ) async throws -> CredentialReply {
    do {
      let response = try await transport.send(request, timeout: limit, direct: direct)
      var bytes: [UInt8] = []
      for try await chunk in response.body {
        guard bytes.count + chunk.readableBytes <= 1 << 20 else {
          throw CredentialRequestFailure("the reply is longer than 1 MiB", isTransient: false)
        }
        bytes.append(contentsOf: chunk.readableBytesView)
      }
      return CredentialReply(status: Int(response.status.code), headers: response.headers, body: bytes)
    } catch let failure as CredentialRequestFailure {
      throw failure
    } catch {
      let failure = try HTTPFailure(classifying: error)
      if failure.kind == .timedOut { throw CredentialRequestFailure.noAnswer(within: limit) }
      throw CredentialRequestFailure(failure.message, isTransient: failure.kind != .invalidRequest)
    }
  }

  /// Tries again, after each of the pauses, what may succeed the next time.
  func retrying<Result>(after pauses: [Duration], _ attempt: () async throws -> Result) async throws -> Result {
    for pause in pauses {
      do {
        return try await attempt()
      } catch let failure as CredentialRequestFailure where failure.isTransient {
        try await sleep(pause)
      }
    }
    return try await attempt()
  }

  /// Three tries with random pauses up to one, then two seconds: the standard mode of AWS's tools.
  func retrying<Result>(_ attempt: () async throws -> Result) async throws -> Result {
    try await retrying(after: [.seconds(1) * random(), .seconds(2) * random()], attempt)
  }
}

struct CredentialReply: Sendable {
  let status: Int
  let headers: HTTPHeaders
  let body: [UInt8]

  var date: AWSTimestamp? { headers.first(name: "Date").flatMap { AWSTimestamp(httpDate: $0) } }

  /// What a server says by its status alone.
  var failure: CredentialRequestFailure {
    CredentialRequestFailure("it answered HTTP \(status)", isTransient: status == 429 || status >= 500)
  }
}

/// Why a request of a provider brought nothing. No secret is in it.
struct CredentialRequestFailure: Error, CustomStringConvertible {
  let message: String
  /// Whether another try may succeed.
  let isTransient: Bool
  var isTimeout = false

  init(_ message: String, isTransient: Bool) {
    self.message = message
    self.isTransient = isTransient
  }

  static func noAnswer(within limit: Duration) -> Self {
    var failure = Self("no answer within \(limit.inSeconds) s", isTransient: true)
    failure.isTimeout = true
    return failure
  }

  var description: String { message }
}

extension Duration {
  /// `1`, `0.25`.
  fileprivate var inSeconds: String {
    let (whole, rest) = components
    return rest == 0 ? "\(whole)" : "\(Double(whole) + Double(rest) / 1e18)"
  }
}
