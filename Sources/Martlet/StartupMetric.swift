import AWSKit
import Logging
import SyncEngine

extension Configuration {
  /// How long the first look at everything took, once, as the metric `StartupSyncTime` of CloudWatch, in seconds.
  public struct StartupMetric: Hashable, Sendable {
    /// The URL of CloudWatch.
    public var endpoint: String
    public var region: String
    public var namespace: String

    public init(endpoint: String, region: String, namespace: String) {
      self.endpoint = endpoint
      self.region = region
      self.namespace = namespace
    }
  }
}

extension Configuration.StartupMetric {
  var problems: [String] {
    do { _ = try S3Endpoint(url: endpoint) } catch { return ["--cloudwatch-monitoring-endpoint \(endpoint): \(error)"] }
    return []
  }
}

/// Tells CloudWatch of the start.
struct StartupMetricSender: Sendable {
  private let metric: Configuration.StartupMetric
  private let client: CloudWatchClient
  private let logger: Logger

  /// Nil where nobody wants to know.
  init?(
    _ configuration: Configuration, settings: AWSSettings, credentials: CredentialCache, transport: HTTPTransport,
    logger: Logger
  ) throws {
    guard let metric = configuration.startupMetric, !configuration.dryRun else { return nil }
    self.metric = metric
    let endpoint = try ServiceEndpoint(
      .cloudWatch, settings: settings, url: metric.endpoint, region: metric.region)
    client = CloudWatchClient(endpoint: endpoint, credentials: credentials, transport: transport, logger: logger)
    self.logger = logger
  }

  /// A failure is told and ends nothing.
  func send(_ time: Duration) async {
    do {
      try await client.put(
        time / .seconds(1), unit: "Seconds", metric: "StartupSyncTime", namespace: metric.namespace)
    } catch is CancellationError {
    } catch {
      logger.warning("--cloudwatch-monitoring-endpoint: StartupSyncTime was not sent: \(error)")
    }
  }
}

/// The moment at which the first full pass is complete, for one listener.
struct FirstPass: Sendable {
  private let began: Int64
  private let ends: AsyncStream<Duration>
  private let end: AsyncStream<Duration>.Continuation

  /// Uptime, nanoseconds.
  init(began: Int64) {
    self.began = began
    (ends, end) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1))
  }

  /// Only the first time counts.
  func passEnded(now: Int64) {
    end.yield(.nanoseconds(now - began))
    end.finish()
  }

  /// How long it took; nil where it was told already, and when cancelled.
  func duration() async -> Duration? {
    for await duration in ends { return duration }
    return nil
  }
}
