import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// An HTTP server on loopback that answers from a closure and records what came.
final class TestServer: Sendable {
  struct Request: Sendable {
    let method: HTTPMethod
    /// As it came over the wire.
    let uri: String
    let headers: HTTPHeaders
    let body: [UInt8]

    var path: String { String(uri.prefix { $0 != "?" }) }
    var query: String { String(uri.dropFirst(path.count).dropFirst()) }
  }

  enum Answer: Sendable {
    case reply(Int, HTTPHeaders = [:], String = "")
    /// Announces more bytes than it sends, then closes.
    case truncated(announced: Int, sent: String)
    /// Closes without a reply.
    case close
    /// Never answers.
    case silence
  }

  private let channel: any Channel
  private let recorded: NIOLockedValueBox<[Request]>

  var requests: [Request] { recorded.withLockedValue { $0 } }
  var port: Int { channel.localAddress?.port ?? 0 }
  var url: String { "http://127.0.0.1:\(port)" }

  private init(channel: any Channel, recorded: NIOLockedValueBox<[Request]>) {
    self.channel = channel
    self.recorded = recorded
  }

  /// - Parameter tls: nil: plain HTTP.
  static func start(
    tls: NIOSSLContext? = nil, _ answer: @escaping @Sendable (Request, Int) -> Answer
  ) async throws -> TestServer {
    let recorded = NIOLockedValueBox<[Request]>([])
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(Handler(answer: answer, recorded: recorded))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return TestServer(channel: channel, recorded: recorded)
  }

  func stop() async throws { try await channel.close() }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let answer: @Sendable (Request, Int) -> Answer
    private let recorded: NIOLockedValueBox<[Request]>
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(answer: @escaping @Sendable (Request, Int) -> Answer, recorded: NIOLockedValueBox<[Request]>) {
      self.answer = answer
      self.recorded = recorded
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head):
        self.head = head
        body = []
      case .body(let chunk): body += chunk.readableBytesView
      case .end:
        guard let head else { return }
        let request = Request(method: head.method, uri: head.uri, headers: head.headers, body: body)
        let index = recorded.withLockedValue { recorded in
          recorded.append(request)
          return recorded.count - 1
        }
        send(answer(request, index), isHead: head.method == .HEAD, context)
      }
    }

    private func send(_ answer: Answer, isHead: Bool, _ context: ChannelHandlerContext) {
      switch answer {
      case .reply(let status, var headers, let text):
        if !headers.contains(name: "Content-Length") {
          headers.add(name: "Content-Length", value: "\(text.utf8.count)")
        }
        write(status, headers, isHead ? "" : text, context)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
      case .truncated(let announced, let sent):
        write(200, ["Content-Length": "\(announced)"], sent, context)
        context.flush()
        context.close(promise: nil)
      case .close: context.close(promise: nil)
      case .silence: break
      }
    }

    private func write(_ status: Int, _ headers: HTTPHeaders, _ text: String, _ context: ChannelHandlerContext) {
      let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      if !text.isEmpty { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil) }
    }
  }
}
