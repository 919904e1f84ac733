internal import AsyncHTTPClient
internal import NIOConcurrencyHelpers
package import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL

/// The connections to AWS: an AsyncHTTPClient set up so that signed requests arrive as they were signed.
public final class HTTPTransport: Sendable {
  public struct Configuration: Sendable {
    /// Limit for a connection to be made, TLS included, or to become free. Zero: none.
    public var connectTimeout: Duration = .seconds(10)
    /// Limit for the time in which no byte moves. Zero: none.
    public var stallTimeout: Duration = .seconds(60)
    /// More requests at once wait for a free connection, at most the connect time-out.
    public var connectionsPerHost = 128
    /// How long an unused connection is kept. Shorter than S3 keeps its end: a request on a connection that the
    /// server is closing fails with an unknown outcome.
    public var idleTimeout: Duration = .seconds(15)
    /// PEM file with the certificate authorities to trust in place of the system's.
    public var caBundle: String?
    /// False: whoever is on the way may pose as the server.
    public var verifiesCertificates = true
    /// Connections are made over IPv4 only.
    public var forcesIPv4 = false
    public var proxies = ProxySettings()
    /// Of downloads: connections read in small steps while it limits them.
    public var receiving = BandwidthLimits().down

    public init() {}
  }

  /// Without a proxy.
  let client: HTTPClient
  /// Through CONNECT, and by the full name of the target; nil where no proxy is set.
  private let tunnel: HTTPClient?
  private let forward: HTTPClient?
  private let proxies: ProxySettings
  private let isShutDown = NIOLockedValueBox(false)

  /// - Throws: ``S3Error`` (`invalidArgument`) when the bundle of certificate authorities cannot be read.
  public convenience init(configuration: Configuration = Configuration()) throws {
    try self.init(configuration: configuration, on: MultiThreadedEventLoopGroup.singleton)
  }

  /// - Parameter loops: of all connections.
  /// - Throws: ``S3Error`` (`invalidArgument`) when the bundle of certificate authorities cannot be read.
  package init(configuration: Configuration, on loops: any EventLoopGroup) throws {
    var settings = try Self.settings(configuration)
    func make(_ settings: HTTPClient.Configuration) -> HTTPClient {
      HTTPClient(eventLoopGroupProvider: .shared(loops), configuration: settings)
    }
    proxies = configuration.proxies
    client = make(settings)
    forward = configuration.proxies.plain.map { _ in
      var settings = settings
      settings.http1_1ConnectionDebugInitializer = { [receiving = configuration.receiving] channel in
        PacedReceiveAllocator.install(receiving, on: channel).flatMap { ForwardProxy.prepare(channel) }
      }
      return make(settings)
    }
    tunnel = configuration.proxies.secure.map { proxy in
      settings.proxy = .server(host: proxy.host, port: proxy.port, authorization: proxy.authorization)
      return make(settings)
    }
  }

  private static func settings(_ configuration: Configuration) throws -> HTTPClient.Configuration {
    let stall = configuration.stallTimeout == .zero ? nil : TimeAmount(configuration.stallTimeout)
    // Without a limit of its own the library has one of ten seconds.
    var timeout = HTTPClient.Configuration.Timeout(
      connect: configuration.connectTimeout == .zero ? .hours(24) : TimeAmount(configuration.connectTimeout),
      read: stall)
    timeout.write = stall
    var settings = HTTPClient.Configuration(
      tlsConfiguration: try tls(configuration), redirectConfiguration: .disallow, timeout: timeout,
      decompression: .disabled)
    settings.httpVersion = .http1Only
    settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = configuration.connectionsPerHost
    settings.connectionPool.idleTimeout = TimeAmount(configuration.idleTimeout)
    // The retries of this layer know about backoff and hooks, the pool's do not.
    settings.connectionPool.retryConnectionEstablishment = false
    // Not .randomized: with an address in place of a name it ends a debug build (NIO: leaking promise).
    settings.dnsResolver = .system
    // An address of the other family cannot be reached from this one, so it is not used.
    if configuration.forcesIPv4 { settings.localAddress = "0.0.0.0" }
    settings.http1_1ConnectionDebugInitializer = { [receiving = configuration.receiving] channel in
      PacedReceiveAllocator.install(receiving, on: channel)
    }
    return settings
  }

  /// As in botocore, a bundle does not matter where nothing is verified.
  private static func tls(_ configuration: Configuration) throws -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    guard configuration.verifiesCertificates else {
      tls.certificateVerification = .none
      return tls
    }
    guard let bundle = configuration.caBundle else { return tls }
    do {
      let authorities = try NIOSSLCertificate.fromPEMFile(bundle)
      guard !authorities.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
      tls.trustRoots = .certificates(authorities)
    } catch {
      throw S3Error(
        .invalidArgument,
        message: "cannot read the CA bundle \(bundle) (--ca-bundle, AWS_CA_BUNDLE, ca_bundle or REQUESTS_CA_BUNDLE): "
          + "give a PEM file with certificates", cause: error)
    }
    return tls
  }

  /// The library ends the process where a client is let go of that was not shut down, as happens where an error comes
  /// between.
  deinit {
    if isShutDown.withLockedValue({ $0 }) { return }
    Task { [clients] in for client in clients { try? await client.shutdown() } }
  }

  private var clients: [HTTPClient] { [tunnel, forward, client].compactMap(\.self) }

  /// To be called after the last request, once.
  public func shutdown() async throws {
    isShutDown.withLockedValue { $0 = true }
    var failure: (any Error)?
    for client in clients {
      do { try await client.shutdown() } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
  }

  /// - Parameters:
  ///   - timeout: until the head of the reply has arrived.
  ///   - direct: without a proxy, whatever the environment says: for what the machine itself offers.
  func send(
    _ request: HTTPClientRequest, timeout: Duration, direct: Bool = false
  ) async throws -> HTTPClientResponse {
    do {
      let target = direct || proxies.isEmpty ? nil : Self.target(of: request.url)
      let proxy = target.flatMap { proxies.proxy(isSecure: $0.isSecure, authority: $0.authority) }
      guard let target, let proxy else { return try await client.execute(request, timeout: TimeAmount(timeout)) }
      if target.isSecure, let tunnel { return try await tunnel.execute(request, timeout: TimeAmount(timeout)) }
      let redirected = ForwardProxy.redirect(request, to: proxy, target: "http://\(target.authority)")
      let response = try await (forward ?? client).execute(redirected, timeout: TimeAmount(timeout))
      if response.status == .proxyAuthenticationRequired { throw HTTPClientError.proxyAuthenticationRequired }
      return response
    } catch {
      throw try HTTPFailure(classifying: error)
    }
  }

  private static func target(of url: String) -> (isSecure: Bool, authority: String)? {
    let isSecure = url.hasPrefix("https://")
    guard isSecure || url.hasPrefix("http://") else { return nil }
    let rest = url.dropFirst(isSecure ? "https://".count : "http://".count)
    return (isSecure, rest.prefix { $0 != "/" && $0 != "?" }.lowercased())
  }
}
