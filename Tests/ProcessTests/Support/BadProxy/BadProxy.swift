import EmbeddedS3
import Glibc
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix

/// What went through a proxy.
struct ProxiedRequest: Sendable {
  var method: String
  var target: String
  var headers: HTTPHeaders
  /// Of a proxy that records.
  var body: [UInt8] = []
}

/// A proxy between one Martlet and the server that does what bad networks, load balancers and servers do.
final class BadProxy: Sendable {
  typealias Incoming = NIOAsyncChannel<HTTPServerRequestPart, HTTPServerResponsePart>
  typealias Outgoing = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

  enum Mode: Sendable {
    case good
    case bad
    /// Every connection ends at once.
    case down
  }

  private struct State {
    var mode = Mode.bad
    var plan: ProxyPlan
    var requests: [ProxiedRequest] = []
    /// Requests that the server is still to get.
    var late = 0
  }

  let serverPort: Int
  let port: Int
  /// Whether the body of this reply may be changed.
  let corrupts: @Sendable (HTTPHeaders) -> Bool
  /// Whether the bodies of requests are kept as well.
  let keepsBodies: Bool
  private let listener: NIOAsyncChannel<AcceptedConnection<HTTPServerRequestPart, HTTPServerResponsePart>, Never>
  private let state: NIOLockedValueBox<State>
  private let group = MultiThreadedEventLoopGroup.singleton

  var url: String { "http://127.0.0.1:\(port)" }

  /// One that only records.
  convenience init(recording serverPort: Int) async throws {
    try await self.init(
      serverPort: serverPort, plan: ProxyPlan(seed: 0, badness: 0, faults: [.delay], patience: 0...0),
      keepsBodies: true)
    mode = .good
  }

  init(
    serverPort: Int, plan: ProxyPlan, keepsBodies: Bool = false,
    corrupts: @escaping @Sendable (HTTPHeaders) -> Bool = { _ in true }
  ) async throws {
    self.keepsBodies = keepsBodies
    self.serverPort = serverPort
    self.corrupts = corrupts
    state = NIOLockedValueBox(State(plan: plan))
    listener = try await ServerBootstrap(group: group).serverChannelOption(.backlog, value: 256)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .bind(host: "127.0.0.1", port: 0) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false)
          return AcceptedConnection(try Incoming(wrappingChannelSynchronously: channel))
        }
      }
    port = listener.channel.localAddress?.port ?? 0
  }

  /// Until it is cancelled.
  func run() async throws {
    try await withThrowingDiscardingTaskGroup { group in
      try await listener.executeThenClose { connections in
        for try await connection in connections {
          group.addTask { await ProxiedConnection(self, connection.take()).serve() }
        }
      }
    }
  }

  var mode: Mode {
    get { state.withLockedValue { $0.mode } }
    set { state.withLockedValue { $0.mode = newValue } }
  }

  var counts: [ProxyFault: Int] { state.withLockedValue { $0.plan.counts } }
  /// Method and target of each, oldest first.
  var requests: [String] { recorded.map { "\($0.method) \($0.target)" } }
  var recorded: [ProxiedRequest] { state.withLockedValue { $0.requests } }
  /// Requests that the server is still to get.
  var late: Int { state.withLockedValue { $0.late } }

  func draw(_ request: HTTPRequestHead, hasBody: Bool) -> ProxyPlan.Draw {
    state.withLockedValue { state in
      state.requests.append(
        ProxiedRequest(method: request.method.rawValue, target: request.uri, headers: request.headers))
      var draw = state.plan.draw(hasBody: hasBody)
      draw.request = state.requests.count - 1
      switch state.mode {
      case .good: draw.fault = nil
      case .bad: break
      case .down: draw.fault = .reset
      }
      return draw
    }
  }

  /// Bytes that are kept of a body. What a service is asked for is short.
  private static let longestBody = 256 << 10

  func passed(_ bytes: ByteBuffer, of request: Int) {
    guard keepsBodies else { return }
    state.withLockedValue { state in
      let room = Self.longestBody - state.requests[request].body.count
      state.requests[request].body += bytes.readableBytesView.prefix(max(0, room))
    }
  }

  func happened(_ fault: ProxyFault) { state.withLockedValue { $0.plan.happened(fault) } }

  func waitsToLand(_ change: Int) { state.withLockedValue { $0.late += change } }

  /// A connection to the server, reset when it ends: waiting ends of thousands would use up the ports.
  func connect() async throws -> Outgoing {
    try await ClientBootstrap(group: group)
      .connect(host: "127.0.0.1", port: serverPort) { channel in
        channel.eventLoop.makeCompletedFuture {
          _ = Self.resetsWhenClosed(channel)
          try channel.pipeline.syncOperations.addHTTPClientHandlers()
          return try Outgoing(wrappingChannelSynchronously: channel)
        }
      }
  }

  static func resetsWhenClosed(_ channel: any Channel) -> EventLoopFuture<Void>? {
    (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
  }
}
