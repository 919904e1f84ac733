internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// The connections to AWS: an AsyncHTTPClient set up so that signed requests arrive as they were signed.
public final class HTTPTransport: Sendable {
  public struct Configuration: Sendable {
    /// Limit for a connection to be made, TLS included, or to become free.
    public var connectTimeout: Duration = .seconds(10)
    /// Limit for the time in which no byte moves.
    public var stallTimeout: Duration = .seconds(60)
    /// More requests at once wait for a free connection, at most the connect time-out.
    public var connectionsPerHost = 128
    /// How long an unused connection is kept. Shorter than S3 keeps its end: a request on a connection that the
    /// server is closing fails with an unknown outcome.
    public var idleTimeout: Duration = .seconds(15)
    /// PEM file with the certificate authorities to trust in place of the system's.
    public var caBundle: String?

    public init() {}
  }

  let client: HTTPClient

  /// - Throws: when the bundle of certificate authorities cannot be read.
  public init(configuration: Configuration = Configuration()) throws {
    var tls = TLSConfiguration.makeClientConfiguration()
    if let bundle = configuration.caBundle {
      do {
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(bundle))
      } catch {
        throw S3Error(
          .invalidArgument, message: "cannot read the CA bundle \(bundle) (AWS_CA_BUNDLE or ca_bundle)", cause: error)
      }
    }
    var settings = HTTPClient.Configuration(
      tlsConfiguration: tls, redirectConfiguration: .disallow,
      timeout: .init(
        connect: TimeAmount(configuration.connectTimeout), read: TimeAmount(configuration.stallTimeout),
        write: TimeAmount(configuration.stallTimeout)),
      decompression: .disabled)
    settings.httpVersion = .http1Only
    settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = configuration.connectionsPerHost
    settings.connectionPool.idleTimeout = TimeAmount(configuration.idleTimeout)
    // The retries of this layer know about backoff and hooks, the pool's do not.
    settings.connectionPool.retryConnectionEstablishment = false
    // Not .randomized: with an address in place of a name it ends a debug build (NIO: leaking promise).
    settings.dnsResolver = .system
    client = HTTPClient(eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton), configuration: settings)
  }

  /// To be called once, after the last request.
  public func shutdown() async throws {
    try await client.shutdown()
  }

  /// - Parameter timeout: until the head of the reply has arrived.
  func send(_ request: HTTPClientRequest, timeout: Duration) async throws -> HTTPClientResponse {
    do {
      return try await client.execute(request, timeout: TimeAmount(timeout))
    } catch {
      throw try HTTPFailure(classifying: error)
    }
  }
}
