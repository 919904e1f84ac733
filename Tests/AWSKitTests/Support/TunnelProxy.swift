import NIOConcurrencyHelpers
import NIOCore
import NIOPosix

/// A proxy on loopback that knows CONNECT: it connects to the port asked for, whatever the host, and relays.
final class TunnelProxy: Sendable {
  private let channel: any Channel
  private let recorded: NIOLockedValueBox<[String]>

  /// The heads of the requests to it.
  var requests: [String] { recorded.withLockedValue { $0 } }
  var port: Int { channel.localAddress?.port ?? 0 }

  private init(channel: any Channel, recorded: NIOLockedValueBox<[String]>) {
    self.channel = channel
    self.recorded = recorded
  }

  /// - Parameter refusal: the status line to answer with; nil: tunnels are opened.
  static func start(refusal: String? = nil) async throws -> TunnelProxy {
    let recorded = NIOLockedValueBox<[String]>([])
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Entrance(refusal: refusal, recorded: recorded))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return TunnelProxy(channel: channel, recorded: recorded)
  }

  func stop() async throws { try await channel.close() }

  /// Reads the request, then relays to the other side.
  private final class Entrance: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let refusal: String?
    private let recorded: NIOLockedValueBox<[String]>
    private var head = ""
    private var peer: (any Channel)?

    init(refusal: String?, recorded: NIOLockedValueBox<[String]>) {
      self.refusal = refusal
      self.recorded = recorded
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let bytes = unwrapInboundIn(data)
      if let peer { return peer.writeAndFlush(bytes, promise: nil) }
      head += String(buffer: bytes)
      guard head.hasSuffix("\r\n\r\n") else { return }
      recorded.withLockedValue { [head] in $0.append(head) }
      guard refusal == nil, let port = Self.port(head) else {
        let reply = ByteBuffer(string: "HTTP/1.1 \(refusal ?? "400 Bad")\r\nContent-Length: 0\r\n\r\n")
        return context.channel.writeAndFlush(reply, promise: nil)
      }
      let entrance = context.channel
      let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
      ClientBootstrap(group: context.eventLoop)
        .channelInitializer { exit in
          exit.eventLoop.makeCompletedFuture { try exit.pipeline.syncOperations.addHandler(Exit(peer: entrance)) }
        }
        .connect(host: "127.0.0.1", port: port).whenComplete { result in
          guard case .success(let exit) = result else { return entrance.close(promise: nil) }
          bound.value.peer = exit
          entrance.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n"), promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) { peer?.close(promise: nil) }

    private static func port(_ head: String) -> Int? {
      let words = head.split(separator: " ", maxSplits: 2)
      return words.first == "CONNECT" ? words[1].split(separator: ":").last.flatMap { Int($0) } : nil
    }
  }

  private final class Exit: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let peer: any Channel
    init(peer: any Channel) { self.peer = peer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      peer.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { peer.close(promise: nil) }
  }
}
