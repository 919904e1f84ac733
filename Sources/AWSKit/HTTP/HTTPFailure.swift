internal import AsyncHTTPClient
internal import Glibc
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// A request that got no complete reply.
struct HTTPFailure: Error {
  enum Kind {
    /// Nothing was sent.
    case cannotConnect
    case connectionLost
    case timedOut
    /// The request itself is not valid HTTP.
    case invalidRequest
  }

  let kind: Kind
  let message: String
  let cause: any Error

  init(kind: Kind, message: String, cause: any Error) {
    self.kind = kind
    self.message = message
    self.cause = cause
  }

  /// - Throws: `CancellationError` when the error says that the task was cancelled, an error of the body's source as
  ///   it is.
  init(classifying error: any Error) throws {
    switch error {
    case let failure as HTTPFailure: self = failure
    case is CancellationError: throw error
    case let error as HTTPClientError:
      switch error {
      case .cancelled: throw CancellationError()
      case .connectTimeout:
        self.init(kind: .cannotConnect, message: "the connection was not made in time", cause: error)
      case .getConnectionFromPoolTimeout:
        self.init(kind: .cannotConnect, message: "no connection became free in time", cause: error)
      case .tlsHandshakeTimeout, .socksHandshakeTimeout, .httpProxyHandshakeTimeout:
        self.init(kind: .cannotConnect, message: "the handshake did not end in time", cause: error)
      case .readTimeout: self.init(kind: .timedOut, message: "the server sent nothing for too long", cause: error)
      case .writeTimeout: self.init(kind: .timedOut, message: "the server took nothing for too long", cause: error)
      case .deadlineExceeded: self.init(kind: .timedOut, message: "the request took too long", cause: error)
      case .proxyAuthenticationRequired:
        self.init(
          kind: .cannotConnect,
          message: "the proxy does not take the user name and password of HTTP_PROXY or HTTPS_PROXY, or wants them",
          cause: error)
      case .invalidProxyResponse:
        self.init(kind: .cannotConnect, message: "the proxy did not open a connection to the server", cause: error)
      case .remoteConnectionClosed:
        self.init(kind: .connectionLost, message: "the server closed the connection", cause: error)
      case .bodyLengthMismatch:
        self.init(kind: .invalidRequest, message: "the body does not have the announced length", cause: error)
      // The long description holds the values of headers that HTTP does not allow: a token, perhaps.
      default: self.init(kind: .classify(error), message: error.shortDescription, cause: error)
      }
    case is NIOConnectionError, is ChannelError:
      self.init(kind: .classifyChannel(error), message: "cannot connect: \(Self.reason(error))", cause: error)
    case let error as NIOSSLError:
      if case .handshakeFailed = error {
        self.init(kind: .cannotConnect, message: "TLS handshake failed: \(error)", cause: error)
      } else {
        self.init(kind: .connectionLost, message: "TLS: \(error)", cause: error)
      }
    case is NIOSSLExtraError:
      // The certificate is not valid for the host: found before anything is sent.
      self.init(kind: .cannotConnect, message: "TLS: \(error)", cause: error)
    case let error as IOError where error.isOfConnecting:
      self.init(kind: .cannotConnect, message: "cannot connect: \(error)", cause: error)
    case is IOError, is HTTPParserError, is NIOSSLCloseTimedOutError:
      self.init(kind: .connectionLost, message: "the connection was lost: \(error)", cause: error)
    default:
      // What the body's own source threw is not the network's fault.
      throw error
    }
  }

  private static func reason(_ error: any Error) -> String {
    guard let error = error as? NIOConnectionError else { return "\(error)" }
    let target = "\(error.host):\(error.port)"
    if let dns = error.dnsAError ?? error.dnsAAAAError, error.connectionErrors.isEmpty { return "\(target): \(dns)" }
    return "\(target): \(error.connectionErrors.last.map { "\($0.error)" } ?? "no address")"
  }
}

extension HTTPFailure.Kind {
  fileprivate static func classify(_ error: HTTPClientError) -> Self {
    // Made of the request before it is sent; their codes carry values, so names tell them apart.
    let unsent = ["invalidHeader", "invalidURL", "emptyHost", "emptyScheme", "unsupportedScheme", "traceRequest"]
    let name = "\(error)"
    return unsent.contains { name.contains($0) } ? .invalidRequest : .connectionLost
  }

  fileprivate static func classifyChannel(_ error: any Error) -> Self {
    guard let error = error as? ChannelError else { return .cannotConnect }
    if case .connectTimeout = error { return .cannotConnect }
    return .connectionLost
  }
}

extension IOError {
  /// Whether it is about a connection that was never made. Only that refuses; other codes may come from both, and
  /// NIO's text alone tells them apart.
  fileprivate var isOfConnecting: Bool {
    let text = "\(self)"
    return errnoCode == ECONNREFUSED || text.hasPrefix("connect(") || text.hasPrefix("finishing a non-blocking connect")
  }
}
