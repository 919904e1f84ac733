import EmbeddedS3
import Foundation
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix

/// The credentials endpoint of ECS and EKS Pod Identity, whose credentials a server within the test takes until the
/// next ones come.
final class CredentialIssuer: Sendable {
  /// What it does wrong.
  enum Fault: CaseIterable, Sendable {
    case status500, garbage, silence, close
    /// What it gives out is over by its own word.
    case expired
    /// What it gives out was replaced before; the server does not take it.
    case stale
  }

  private struct State {
    var current: EmbeddedS3Credentials
    var before: EmbeddedS3Credentials?
    var number = 1
    var lifetime: TimeInterval = 3_600
    var token: String
    var isBroken = false
    /// By fault, how often it was the answer.
    var faults: [Fault: Int] = [:]
    var lookups = 0
    var refused = 0
  }

  private let host: EmbeddedHost
  private let state: NIOLockedValueBox<State>
  private let channel: NIOLockedValueBox<(any Channel)?> = NIOLockedValueBox(nil)

  /// - Parameter token: expected as `Authorization`.
  init(for host: EmbeddedHost, token: String) async throws {
    self.host = host
    let first = Self.credentials(1)
    state = NIOLockedValueBox(State(current: first, token: token))
    host.issued.withLockedValue { $0[first.accessKeyID] = first }
    let bound = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Handler(self))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    channel.withLockedValue { $0 = bound }
  }

  var url: String { "http://127.0.0.1:\(channel.withLockedValue { $0?.localAddress?.port ?? 0 })/v2/credentials/task" }

  func close() async throws { try await channel.withLockedValue { $0 }?.close() }

  private static func credentials(_ number: Int) -> EmbeddedS3Credentials {
    EmbeddedS3Credentials(
      accessKeyID: "ASIA\(number)", secretAccessKey: "secret-\(number)", sessionToken: "token-\(number)")
  }

  /// From now on others are given out, and the server takes only these.
  /// - Parameter lifetime: seconds that the credentials live by the endpoint's word.
  func rotate(lifetime: TimeInterval = 3_600) {
    let next = state.withLockedValue { state in
      state.number += 1
      state.lifetime = lifetime
      state.before = state.current
      state.current = Self.credentials(state.number)
      return state.current
    }
    host.issued.withLockedValue { issued in
      for id in issued.keys { issued[id]?.areExpired = true }
      issued[next.accessKeyID] = next
    }
  }

  /// Whether it answers with one fault after the other.
  var isBroken: Bool {
    get { state.withLockedValue { $0.isBroken } }
    set { state.withLockedValue { $0.isBroken = newValue } }
  }

  var token: String {
    get { state.withLockedValue { $0.token } }
    set { state.withLockedValue { $0.token = newValue } }
  }

  /// Faults that were an answer.
  var faults: Set<Fault> { state.withLockedValue { Set($0.faults.keys) } }
  var lookups: Int { state.withLockedValue { $0.lookups } }
  /// Requests with another token.
  var refused: Int { state.withLockedValue { $0.refused } }

  // MARK: Answers

  private enum Answer {
    case reply(Int, String)
    case close, silence
  }

  private func answer(_ request: HTTPRequestHead) -> Answer {
    state.withLockedValue { state in
      guard request.headers.first(name: "Authorization") == state.token else {
        state.refused += 1
        return .reply(401, "who are you")
      }
      state.lookups += 1
      guard state.isBroken else { return .reply(200, Self.document(state.current, until: state.lifetime)) }
      let faults = Fault.allCases
      let fault = faults[state.faults.values.reduce(0, +) % faults.count]
      state.faults[fault, default: 0] += 1
      return switch fault {
      case .status500: .reply(500, #"{"code":"InternalServerError"}"#)
      case .garbage: .reply(200, "<html>not what you expect")
      case .silence: .silence
      case .close: .close
      case .expired: .reply(200, Self.document(state.current, until: -60))
      case .stale: .reply(200, Self.document(state.before ?? state.current, until: 3_600))
      }
    }
  }

  private static func document(_ credentials: EmbeddedS3Credentials, until seconds: TimeInterval) -> String {
    let end = Date().addingTimeInterval(seconds).ISO8601Format()
    return """
      {"RoleArn":"arn:aws:iam::123456789012:role/task","AccessKeyId":"\(credentials.accessKeyID)",\
      "SecretAccessKey":"\(credentials.secretAccessKey)","Token":"\(credentials.sessionToken ?? "")",\
      "Expiration":"\(end)"}
      """
  }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let issuer: CredentialIssuer
    private var head: HTTPRequestHead?

    init(_ issuer: CredentialIssuer) { self.issuer = issuer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head): self.head = head
      case .body: break
      case .end:
        guard let head else { return }
        switch issuer.answer(head) {
        case .silence: break
        case .close: context.close(promise: nil)
        case .reply(let status, let text):
          let headers: HTTPHeaders = ["Content-Length": "\(text.utf8.count)", "Content-Type": "application/json"]
          let reply = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
          context.write(wrapOutboundOut(.head(reply)), promise: nil)
          context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
          context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
      }
    }
  }
}
