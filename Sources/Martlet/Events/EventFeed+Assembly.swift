import AWSKit
import EventFeed
import Logging
import RemoteTree
import SyncEngine
import SyncModel

extension EventFeed {
  /// Nil without `--event-queue`, and where a run ends before an event could matter.
  static func make(
    _ configuration: Configuration, settings: AWSSettings, location: S3Location, node: String, remote: RemoteTree,
    client: S3Client, credentials: CredentialCache, transport: HTTPTransport, stallTimeout: Duration, logger: Logger
  ) -> EventFeed? {
    guard let queue = configuration.eventQueue, !configuration.once, !configuration.dryRun else { return nil }
    let names = FeedNames(queue: queue.name, node: node, bucket: location.bucket, prefix: location.prefix)
    let route = EventRoute(rawValue: queue.route.rawValue) ?? .auto
    let environment = SystemEnvironment()
    let run = String(environment.random(), radix: 16)
    var options = EventFeed.Options()
    options.canWrite = remote.capabilities.canWrite
    options.proofInterval = configuration.fullPassEvery
    options.wait = wait(within: stallTimeout)
    let scratchHeaders = ObjectSettings(configuration.objects).scratchHeaders
    return EventFeed(
      location: location, names: names, route: route, options: options, environment: environment, logger: logger
    ) {
      // S3 sends events within its own region.
      let region = try await client.findRegion(of: location.bucket) ?? "us-east-1"
      func endpoint(_ service: ServiceEndpoint.Service) throws -> ServiceEndpoint {
        try ServiceEndpoint(service, settings: settings, url: configuration.endpointURL, region: region)
      }
      let services = EventServices(
        sqs: SQSClient(
          endpoint: try endpoint(.sqs), credentials: credentials, transport: transport, logger: logger),
        sns: SNSClient(
          endpoint: try endpoint(.sns), credentials: credentials, transport: transport, logger: logger),
        eventBridge: EventBridgeClient(
          endpoint: try endpoint(.eventBridge), credentials: credentials, transport: transport, logger: logger))
      let objects = ScratchObjects(
        client: remote.capabilities.configured(client), location: location, headers: scratchHeaders)
      let lock =
        remote.capabilities.canWrite
        ? WiringLock(objects: objects, node: node, environment: environment, logger: logger) : nil
      return EventWiring(
        services: services, objects: objects, location: location, names: names, route: route, node: node, run: run,
        lock: lock, environment: environment, logger: logger)
    }
  }

  /// Seconds. A request that waits for messages moves no byte meanwhile.
  private static func wait(within stallTimeout: Duration) -> Int {
    guard stallTimeout > .zero else { return SQSClient.longestWait }
    return min(SQSClient.longestWait, max(1, Int(stallTimeout / .seconds(2))))
  }

  /// The remote side for an engine whose writes count.
  func telling(_ tree: any RemoteTreePort) -> any RemoteTreePort {
    ChangeTellingRemoteTree(tree: tree) { path, stamp in
      if let stamp { self.wrote(path, stamp) }
    }
  }
}

extension StatusReport.Events {
  init(_ report: FeedReport) {
    queue = report.queue
    route = report.route.rawValue
    state = State(rawValue: report.state.rawValue) ?? .failing
    taken = report.taken
    ignored = report.ignored
    unknown = report.unknown
    problem = report.problem
  }
}
