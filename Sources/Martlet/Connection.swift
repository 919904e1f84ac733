import AWSKit
import Logging
import SyncModel

/// How the server is spoken to: options, variables and AWS's files put together, before anything is sent.
struct Connection: Sendable {
  let settings: AWSSettings
  /// For the state on disk.
  let endpointName: String
  let transport: HTTPTransport.Configuration
  let client: S3Client.Configuration
  /// Of the profile.
  let section: S3Section
  /// Bytes per second at start, up and down.
  let bandwidth: (up: Configuration.Bandwidth, down: Configuration.Bandwidth)

  /// - Throws: `MartletError` (`configuration`) for what cannot work whatever the server says.
  init(_ configuration: Configuration, location: S3Location, environment: [String: String]) throws {
    settings = try AWSSettings(environment: environment, profile: configuration.profile)
    endpointName = configuration.endpointURL ?? settings.endpointURL(service: "S3") ?? "aws"
    do {
      transport = try Self.transport(configuration, settings, environment)
      section = try settings.s3Section()
      try settings.checkWords()
      client = try Self.client(configuration, settings, section)
      let usual = try settings.maximumBandwidth().map { Configuration.Bandwidth.bytesPerSecond($0.bytesPerSecond) }
      bandwidth = (
        up: configuration.maxBandwidthUp ?? usual ?? .unlimited,
        down: configuration.maxBandwidthDown ?? usual ?? .unlimited
      )
      _ = try client.endpoint.address(bucket: location.bucket, region: client.endpoint.region)
    } catch let error as S3Error {
      throw MartletError(.configuration, error.message, cause: error)
    }
  }

  /// Tells what is unusual about it.
  func announce(to logger: Logger) {
    if !transport.verifiesCertificates {
      logger.warning(
        "--no-verify-ssl: certificates are not verified; whoever is on the way can read and change what is sent")
    }
    for note in notes { logger.notice("\(note)") }
    if let proxies = transport.proxies.summary { logger.info("requests go through a proxy: \(proxies)") }
  }

  /// What of AWS's files and variables is not done as it says, a line each.
  var notes: [String] {
    let idle = settings.withoutEffect.joined(separator: ", ")
    return section.notes + (idle.isEmpty ? [] : ["\(idle): without effect (AWS's variables and profile)"])
  }

  private static func transport(
    _ configuration: Configuration, _ settings: AWSSettings, _ environment: [String: String]
  ) throws -> HTTPTransport.Configuration {
    var transport = HTTPTransport.Configuration()
    transport.caBundle = configuration.caBundle ?? settings.caBundle
    transport.verifiesCertificates = configuration.verifiesCertificates
    transport.proxies = try ProxySettings(environment: environment)
    transport.forcesIPv4 = configuration.forcesIPv4
    if let limit = configuration.cliReadTimeout { transport.stallTimeout = limit }
    if let limit = configuration.cliConnectTimeout { transport.connectTimeout = limit }
    return transport
  }

  private static func client(
    _ configuration: Configuration, _ settings: AWSSettings, _ section: S3Section
  ) throws -> S3Client.Configuration {
    var client = S3Client.Configuration(
      endpoint: try S3Endpoint(
        settings: settings, url: configuration.endpointURL, region: configuration.region,
        addressingStyle: configuration.addressing == .auto
          ? nil : S3Endpoint.AddressingStyle(rawValue: configuration.addressing.rawValue)))
    client.checksums = settings.checksums
    client.asksForChecksums = settings.asksForChecksums
    client.signsPayload = section.signsPayload
    client.retry = try settings.retryPolicy()
    try client.apply(configuration.objects)
    if let limit = configuration.cliReadTimeout {
      // A request that hangs for ever would hold its path for ever (I11): a day stands for no limit.
      client.requestTimeout = limit == .zero ? .seconds(86_400) : max(client.requestTimeout, limit * 2)
    }
    return client
  }
}
