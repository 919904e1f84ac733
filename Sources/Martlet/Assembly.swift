import AWSKit
import BaseStore
import EventFeed
import LocalTree
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import RemoteTree
import SyncEngine
import SyncModel

/// The parts of a run, put together from a configuration.
struct Assembly: Sendable {
  let directory: StateDirectory
  let store: BaseStore
  let local: LocalTree
  let remote: RemoteTree
  let options: EngineOptions
  let run: Run
  /// Told by the client when the server asks to slow down; the engine listens.
  let slowDown: SlowDownRelay
  let capabilities: Capabilities
  private let lock: InstanceLock?
  private let transport: HTTPTransport
  /// Its connections share the journal's loop.
  private let journalTransport: HTTPTransport?

  /// Throws where something cannot be used; retries while the server cannot be reached, unless `once`.
  init(
    _ configuration: Configuration, variables: [String: String], bandwidth: RunBandwidth, logger: Logger,
    isStopped: @escaping @Sendable () -> Bool
  ) async throws {
    guard configuration.problems.isEmpty else {
      throw MartletError(.configuration, configuration.problems.joined(separator: "\n"))
    }
    let location = try configuration.place
    let connection = try Connection(configuration, location: location, environment: variables)
    connection.announce(to: logger)
    bandwidth.begin(up: connection.bandwidth.up, down: connection.bandwidth.down)
    let remoteID = StateDirectory.remoteID(endpoint: connection.endpointName, location: location)
    let root = FileCalls.resolved(configuration.root) ?? configuration.root
    let layout: RootLayout
    do {
      if configuration.checksAtStart { try FileCalls.checkWritable(root) }
      layout = try RootLayout(
        root, remoteID: remoteID, quota: TrashQuota(retention: configuration.trashRetention))
    } catch  where configuration.checksAtStart {
      throw await Self.everythingWrong(MartletError(error), configuration, connection, location, logger)
    }
    if let stateDirectory = configuration.stateDir {
      directory = StateDirectory(path: FileCalls.absolute(stateDirectory) + "/" + remoteID)
      try directory.create()
      lock = try InstanceLock(directory)
    } else {
      directory = StateDirectory(path: layout.stateFolder)
      lock = nil
    }
    store = try BaseStore(path: directory.database)
    var node = try await NodeIdentity.establish(
      wanted: configuration.nodeID, isCopied: layout.isCopied, root: root, in: store)
    if layout.isCopied { try layout.adopt() }

    var transportConfiguration = connection.transport
    transportConfiguration.receiving = bandwidth.limits.down
    transport = try HTTPTransport(configuration: transportConfiguration)
    let journalLoop = MultiThreadedEventLoopGroup.singleton.next()
    journalTransport = try configuration.journal.map { _ in
      try HTTPTransport(configuration: transportConfiguration, on: journalLoop)
    }
    let slowDown = SlowDownRelay()
    self.slowDown = slowDown
    var engineOptions = try Self.options(configuration, root: root, node: node, location: location)
    connection.section.limit(&engineOptions)
    let invalidations: Invalidations?
    let lease: LeaseKeeper?
    let feed: EventFeed?
    let nodes: NodeKeeper?
    let startupMetric: StartupMetricSender?
    let journal: JournalKeeper?
    do {
      let credentials = Self.credentials(configuration, connection.settings, transport, logger)
      var client = S3Client(
        configuration: connection.client, credentials: credentials, transport: transport, logger: logger)
      client.configuration.onThrottle = { slowDown.signal() }
      client.configuration.bandwidth = bandwidth.limits
      do {
        invalidations = try await Self.invalidations(
          configuration, connection.settings, location, store: store, credentials: credentials, transport, logger)
      } catch  where configuration.checksAtStart {
        throw await Self.everythingWrong(MartletError(error), configuration, connection, location, logger)
      }
      startupMetric = try StartupMetricSender(
        configuration, settings: connection.settings, credentials: credentials, transport: transport, logger: logger)
      var settings = ObjectSettings(configuration.objects)
      settings.keepsOwner = configuration.preserveOwner
      capabilities = Capabilities(
        store: store,
        probe: CapabilityProbe(client: client, location: location, settings: settings, logger: logger), logger: logger)
      let found = try await capabilities.establish(configuration, isStopped: isStopped)
      // First: what follows has the node's id in its name.
      nodes = Self.nodeKeeper(configuration, client, location, base: node, found, settings, store, logger)
      if let nodes {
        await nodes.claim()
        node = nodes.id
        engineOptions.nodeID = node
      }
      lease = try Self.lease(configuration, client, location, node: node, found, settings, logger)
      journal = Self.journal(
        configuration, journalTransport.map(client.over), on: journalLoop, location, store: store, found, settings,
        logger)
      let pool = BlockingPool()
      remote = RemoteTree(
        client: client, location: location, node: node, capabilities: found, settings: settings,
        plan: connection.section.plan(engineOptions), logger: logger, writing: pool)
      feed = EventFeed.make(
        configuration, settings: connection.settings, location: location, node: node, remote: remote, client: client,
        credentials: credentials, transport: transport, stallTimeout: transportConfiguration.stallTimeout,
        logger: logger)
      var options = LocalTree.Options(node: node, prefixLength: location.prefix.utf8.count)
      options.symlinks = configuration.linkPolicy
      options.preservesOwner = configuration.preserveOwner
      // A clock that is set wrong for a while must not end the retention of the whole trash.
      options.wallTime = { [client] in
        SystemEnvironment().wallTime().advanced(by: .seconds(client.clockOffset))
      }
      options.watch = WatchPolicy(rawValue: configuration.watch.rawValue) ?? .auto
      options.expiresTrash = !configuration.dryRun
      local = try LocalTree(layout, options: options, pool: pool, logger: logger)
    } catch {
      try? await transport.shutdown()
      try? await journalTransport?.shutdown()
      try? store.close()
      throw error
    }
    if !remote.capabilities.markers, remote.capabilities.canWrite {
      engineOptions.policy.directories = .none
      logger.notice("the server keeps no folder markers: empty folders are not synced")
    }
    options = engineOptions
    run = Run(
      root: root, location: location, node: node, poll: engineOptions.poll,
      fullPassInterval: configuration.fullPassEvery,
      safety: configuration.nothingIsSent ?? remote.safetyLevel.explanation,
      invalidations: invalidations, lease: lease, journal: journal, feed: feed, nodes: nodes,
      startupMetric: startupMetric,
      bandwidth: bandwidth.limits)
  }

  func close() async {
    slowDown.disconnect()
    try? await transport.shutdown()
    try? await journalTransport?.shutdown()
    try? store.close()
  }

  /// What is wrong with the folder or the distribution, and with what else if anything is.
  private static func everythingWrong(
    _ first: MartletError, _ configuration: Configuration, _ connection: Connection, _ location: S3Location,
    _ logger: Logger
  ) async -> MartletError {
    guard let transport = try? HTTPTransport(configuration: connection.transport) else { return first }
    var wrong = first
    let credentials = Self.credentials(configuration, connection.settings, transport, logger)
    do {
      let client = S3Client(
        configuration: connection.client, credentials: credentials, transport: transport, logger: logger)
      _ = try await CapabilityProbe(
        client: client, location: location, settings: ObjectSettings(configuration.objects), logger: logger
      ).run()
    } catch {
      wrong.message += "; \(MartletError(error).message)"
    }
    if first.code != .distribution, let distribution = configuration.cloudFront?.distribution {
      do {
        let client = try cloudFront(configuration, connection.settings, credentials, transport, logger)
        try await Invalidations.check(distribution, client, logger)
      } catch {
        wrong.message += "; \(MartletError(error).message)"
      }
    }
    try? await transport.shutdown()
    return wrong
  }

  static func credentials(
    _ configuration: Configuration, _ settings: AWSSettings, _ transport: HTTPTransport, _ logger: Logger
  ) -> CredentialCache {
    let services = CredentialServices(transport: transport, region: configuration.region)
    let provider: any CredentialProvider =
      switch configuration.credentials {
      case _ where !configuration.signsRequests: StaticCredentialProvider(.anonymous, name: "--no-sign-request")
      case .chain: CredentialChain.standard(settings: settings, services: services)
      case .environment: CredentialChain.environment(settings: settings)
      case .container: CredentialChain.container(settings: settings, services: services)
      }
    return CredentialCache(provider: provider, now: AWSTimestamp.systemNow, logger: logger)
  }

  private static func invalidations(
    _ configuration: Configuration, _ settings: AWSSettings, _ location: S3Location, store: BaseStore,
    credentials: CredentialCache, _ transport: HTTPTransport, _ logger: Logger
  ) async throws -> Invalidations? {
    guard let options = configuration.cloudFront else { return nil }
    let client = try cloudFront(configuration, settings, credentials, transport, logger)
    return try await Invalidations(options, location: location, client: client, store: store, logger: logger)
  }

  private static func lease(
    _ configuration: Configuration, _ client: S3Client, _ location: S3Location, node: String,
    _ capabilities: ServerCapabilities, _ settings: ObjectSettings, _ logger: Logger
  ) throws -> LeaseKeeper? {
    guard let options = configuration.lease, configuration.nothingIsSent == nil else { return nil }
    guard capabilities.canLease else {
      throw MartletError(
        .remote,
        "--dfs: the server ignores the conditions by which one node alone takes the lock "
          + "(If-None-Match and If-Match of PutObject): leave it out; \(capabilities.safetyLevel.explanation)")
    }
    let object = LockObject(
      client: client, location: location, capabilities: capabilities, settings: settings,
      patience: LeaseKeeper.patience(of: options))
    return LeaseKeeper(
      options, object: object, location: location, node: options.namesHost ? NodeIdentity.host : node,
      deletes: capabilities.deleteIfMatch, isPatient: configuration.once, logger: logger)
  }

  /// Nil where no other node needs to know of this one, or none can.
  private static func nodeKeeper(
    _ configuration: Configuration, _ client: S3Client, _ location: S3Location, base: String,
    _ capabilities: ServerCapabilities, _ settings: ObjectSettings, _ store: BaseStore, _ logger: Logger
  ) -> NodeKeeper? {
    guard configuration.tellsOfItself else { return nil }
    guard capabilities.canNameNodes else {
      logger.notice("the server cannot keep what nodes tell of each other: see that no two have the same --node-id")
      return nil
    }
    let objects = NodeObjects(client: capabilities.configured(client), location: location, settings: settings)
    return NodeKeeper(
      base: base, objects: objects, store: store, hearsEvents: configuration.eventQueue != nil, logger: logger)
  }

  /// For one request.
  private static let journalPatience: Duration = .seconds(10)

  private static func journal(
    _ configuration: Configuration, _ client: S3Client?, on loop: any EventLoop, _ location: S3Location,
    store: BaseStore, _ capabilities: ServerCapabilities, _ settings: ObjectSettings, _ logger: Logger
  ) -> JournalKeeper? {
    guard let client, let options = configuration.journal, !configuration.dryRun else { return nil }
    let objects = JournalObjects(
      client: client, location: location, folder: options.prefix, capabilities: capabilities, settings: settings,
      patience: journalPatience)
    let problem = capabilities.journalProblem
    return JournalKeeper(
      objects, on: loop, bucket: location.bucket, store: store, obstacle: configuration.nothingIsSent ?? problem,
      isImpossible: capabilities.canWrite && problem != nil, logger: logger)
  }

  private static func cloudFront(
    _ configuration: Configuration, _ settings: AWSSettings, _ credentials: CredentialCache,
    _ transport: HTTPTransport, _ logger: Logger
  ) throws -> CloudFrontClient {
    let endpoint = try CloudFrontEndpoint(
      settings: settings, url: configuration.endpointURL, region: configuration.region)
    return CloudFrontClient(
      configuration: CloudFrontClient.Configuration(endpoint: endpoint), credentials: credentials,
      transport: transport, logger: logger)
  }

  static func options(
    _ configuration: Configuration, root: String, node: String, location: S3Location
  ) throws(MartletError) -> EngineOptions {
    var options = EngineOptions(nodeID: node)
    options.prefixLength = location.prefix.utf8.count
    options.once = configuration.once
    options.followsSymlinks = configuration.symlinks == .follow
    if configuration.symlinks != .preserve { options.symlinkRefusal = configuration.symlinks.refusal }
    options.isDryRun = configuration.dryRun
    // What other nodes do is told within seconds.
    options.poll = configuration.poll ?? (configuration.journal == nil ? .seconds(30) : .seconds(300))
    options.fullPassInterval = configuration.fullPassEvery
    options.uploadOpenAfter = configuration.uploadOpenAfter
    options.shutdownTimeout = configuration.shutdownTimeout
    options.deletionLimit = configuration.maxDelete.limit
    options.filters = Filters(
      rules: configuration.filters.map(\.rule), uploads: configuration.uploadFilters.map(\.rule),
      downloads: configuration.downloadFilters.map(\.rule), root: root, patterns: try configuration.patterns())
    options.policy.conflict = ConflictPolicy(rawValue: configuration.conflict.rawValue) ?? .newest
    options.policy.firstSync = configuration.firstSync.flatMap { FirstSyncPolicy(rawValue: $0.rawValue) }
    options.policy.comparison = FirstContactComparison(rawValue: configuration.comparison.rawValue) ?? .contents
    options.policy.directories = DirectoryPolicy(rawValue: configuration.directories.rawValue) ?? .empty
    if configuration.leavesExistingFiles { options.policy.existing = .leftAlone(isMeeting: false) }
    options.localPersistence = configuration.localPersistence
    options.asksAtFirstContact = configuration.asksAtFirstContact
    options.policy.changesLocal = configuration.directions.contains(.down)
    options.policy.changesRemote = configuration.directions.contains(.up)
    // What is missing on the side that is written comes back from the other.
    options.policy.deletesLocal = configuration.deletes.contains(.down) && configuration.directions.contains(.down)
    options.policy.deletesRemote = configuration.deletes.contains(.up) && configuration.directions.contains(.up)
    if configuration.mirrorsAtStart {
      switch options.policy.firstSync {
      case .remote where options.policy.deletesLocal: options.policy.mirror = .down
      case .local where options.policy.deletesRemote: options.policy.mirror = .up
      case .remote, .local, .keepBoth, nil: break
      }
    }
    // One direction decides a first contact.
    if configuration.directions != .both { options.asksAtFirstContact = false }
    return options
  }
}

/// Carries the server's wish to slow down to an engine that is made later than the client.
final class SlowDownRelay: Sendable {
  private let receiver = NIOLockedValueBox<(@Sendable () -> Void)?>(nil)

  func connect(_ receiver: @escaping @Sendable () -> Void) { self.receiver.withLockedValue { $0 = receiver } }

  /// What it holds of a run that is over is released.
  func disconnect() { receiver.withLockedValue { $0 = nil } }

  func signal() { receiver.withLockedValue(\.self)?() }
}

extension Configuration {
  fileprivate var linkPolicy: SymlinkPolicy {
    switch symlinks {
    case .preserve: .preserve
    case .skip: .skip
    case .follow: unsafeLinks ? .followAnywhere : .follow
    }
  }
}
