internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1

/// Requests for `http://` endpoints by way of a proxy: they go to the proxy and name their target in full (RFC 9112,
/// 3.2.2). AsyncHTTPClient opens a tunnel (CONNECT) for these as well, which proxies allow for port 443 alone as a
/// rule; therefore the connection is told to be one to the proxy, and the last step before the wire names the target.
enum ForwardProxy {
  /// - Parameter target: scheme and authority of the request's URL, such as `http://store.example:9000`.
  static func redirect(_ request: HTTPClientRequest, to proxy: ProxySettings.Proxy, target: String) -> HTTPClientRequest
  {
    var redirected = request
    let host = proxy.host.contains(":") ? "[\(proxy.host)]" : proxy.host
    redirected.url = "http://\(host):\(proxy.port)" + request.url.dropFirst(target.count)
    if !redirected.headers.contains(name: "Host") {
      redirected.headers.add(name: "Host", value: String(target.dropFirst("http://".count)))
    }
    if let authorization = proxy.authorization {
      redirected.headers.replaceOrAdd(name: "Proxy-Authorization", value: authorization.headerValue)
    }
    return redirected
  }

  /// For `HTTPClient.Configuration.http1_1ConnectionDebugInitializer`, the one place where a handler can be added.
  @Sendable static func prepare(_ channel: any Channel) -> EventLoopFuture<Void> {
    channel.eventLoop.makeCompletedFuture {
      let pipeline = channel.pipeline.syncOperations
      let encoder = try pipeline.context(handlerType: HTTPRequestEncoder.self)
      try pipeline.addHandler(TargetNamer(), position: .after(encoder.handler))
    }
  }

  private final class TargetNamer: ChannelOutboundHandler {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
      guard case .head(var head) = unwrapOutboundIn(data), let host = head.headers.first(name: "Host") else {
        return context.write(data, promise: promise)
      }
      head.uri = "http://\(host)\(head.uri)"
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    }
  }
}

extension ProxySettings.Proxy {
  var authorization: HTTPClient.Authorization? {
    user.map { .basic(username: $0, password: password ?? "") }
  }
}
