import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import AWSKit

@Suite struct HTTPTransportTests {
  /// An error between its making and its shutdown ended the whole process.
  @Test func closesItsConnectionsWhenItIsLetGoOf() async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let closed = loop.makePromise(of: Void.self)
    let server = try await ServerBootstrap(group: loop)
      .childChannelInitializer { channel in
        channel.closeFuture.cascade(to: closed)
        return channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(NoContent())
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    try await useAndForget("http://127.0.0.1:\(server.localAddress?.port ?? 0)/")
    try await closed.futureResult.get()
    try await server.close()
  }

  private func useAndForget(_ url: String) async throws {
    var configuration = HTTPTransport.Configuration()
    configuration.idleTimeout = .seconds(3_600)
    let transport = try HTTPTransport(configuration: configuration)
    #expect(try await transport.send(HTTPClientRequest(url: url), timeout: .seconds(30)).status == .noContent)
  }

  private final class NoContent: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard case .end = unwrapInboundIn(data) else { return }
      context.write(
        wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .noContent))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
  }
}
