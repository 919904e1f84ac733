import EventFeed
import LocalTree
import Logging
import NIOConcurrencyHelpers
import RemoteTree
import SyncEngine
import SyncModel

/// A run from its beginning to its end, and begun anew where the root comes back on another volume.
extension Syncer {
  func syncUntilStopped() async throws {
    var hasRun = false
    while true {
      do {
        if try await runOnce() { return }
        hasRun = true
      } catch let error as MartletError where error.code == .lease {
        throw error
      } catch let error where hasRun && !isStopped && !(error is CancellationError) {
        // After the first pass nothing ends it (I11).
        logger.warning("cannot go on with the root that is back, trying again: \(error)")
        try await environment.sleep(for: .seconds(2))
      }
    }
  }

  /// False where the root was mounted anew and everything must be opened again.
  private func runOnce() async throws -> Bool {
    let assembly = try await Assembly(
      configuration, variables: variables, bandwidth: bandwidth, logger: logger, isStopped: { self.isStopped })
    var outcome: SyncOutcome?
    do { outcome = try await run(assembly) } catch {
      await assembly.run.invalidations?.close()
      await assembly.run.lease?.close()
      await assembly.close()
      throw error
    }
    // First: others wait for it.
    await assembly.run.lease?.close()
    if outcome != nil { await finish(assembly.run) }
    let left = await assembly.run.invalidations?.close()
    outcome?.invalidationLeft = left
    await assembly.close()
    // Nothing may keep what is open on the volume that is gone: its lock is wanted again.
    state.withLockedValue { $0 = outcome.map { .ended($0) } ?? .waiting }
    return outcome != nil
  }

  /// Longest time that `once` waits for CloudFront, nanoseconds. Its limits last for minutes.
  private static let invalidationPatience: Int64 = 300_000_000_000
  /// What is left of the time to stop, at least; the service group waits a little longer than the time-out.
  private static let leastInvalidationTime: Int64 = 2_000_000_000

  /// What is told and taken away when the engine has ended, side by side.
  private func finish(_ run: Run) async {
    await withTaskGroup(of: Void.self) { group in
      if let invalidations = run.invalidations { group.addTask { await self.finish(invalidations) } }
      if let journal = run.journal { group.addTask { await journal.finish(within: Self.journalPatience) } }
      if let feed = run.feed, configuration.eventQueue?.cleansUp == true {
        group.addTask { await self.cleanUp(feed) }
      }
      if let nodes = run.nodes { group.addTask { _ = await self.hurried { await nodes.leave() } } }
    }
  }

  /// Of what is left to be told to other nodes.
  private static let journalPatience: Duration = .seconds(3)
  /// Beyond the time to stop, and at least; the service group waits five seconds longer.
  private static let cleanUpTime: Int64 = 4_000_000_000

  private func cleanUp(_ feed: EventFeed) async {
    let isComplete = await hurried { [logger] in
      if let left = await feed.cleanUp() { logger.warning("--event-queue-cleanup: \(left)") }
    }
    if !isComplete {
      logger.warning("--event-queue-cleanup: there was no time to take everything away that carries events")
    }
  }

  /// False where it was cancelled, since it took too long.
  private func hurried(_ work: @escaping @Sendable () async -> Void) async -> Bool {
    let now = environment.uptime()
    let end = stopTime.withLockedValue { $0 }.map { $0 + Int64(configuration.shutdownTimeout / .nanoseconds(1)) } ?? now
    let time = max(end, now) + Self.cleanUpTime - now
    return await withTaskGroup(of: Bool.self) { [environment] group in
      group.addTask {
        await work()
        return true
      }
      group.addTask {
        try? await environment.sleep(for: .nanoseconds(time))
        return false
      }
      defer { group.cancelAll() }
      return await group.next() ?? true
    }
  }

  private func finish(_ invalidations: Invalidations) async {
    let now = environment.uptime()
    // Who stops while tries are repeated waits for none but the one under way.
    let wasStopped = isStopped
    let timeout = wasStopped ? Int64(configuration.shutdownTimeout / .nanoseconds(1)) : Self.leastInvalidationTime
    await invalidations.finish(
      until: { [stopTime] in
        guard let stopped = stopTime.withLockedValue({ $0 }) else { return now + Self.invalidationPatience }
        return max(stopped + timeout, now + Self.leastInvalidationTime)
      }, retries: !wasStopped)
  }

  /// Nil where the root is back after it was lost, though not as the folder that is open.
  private func run(_ assembly: Assembly) async throws -> SyncOutcome? {
    let invalidations = configuration.dryRun ? nil : assembly.run.invalidations
    try await invalidations?.begin()
    let (feed, journal) = (assembly.run.feed, assembly.run.journal)
    await journal?.begin()
    let told: any RemoteTreePort = journal?.telling(assembly.remote) ?? assembly.remote
    let guarded = assembly.run.lease?.guarding(told) ?? told
    let remote: any RemoteTreePort = feed?.telling(guarded) ?? guarded
    let seen: any SyncObserver = journal?.telling(monitor) ?? monitor
    let observer = invalidations?.telling(seen) ?? seen
    let engine = Engine(
      local: assembly.local, remote: invalidations?.telling(remote) ?? remote,
      store: assembly.store, environment: environment, options: assembly.options,
      observer: observer)
    assembly.slowDown.connect { engine.slowDown() }
    state.withLockedValue { $0 = .running(engine, assembly.run, assembly.store) }
    // A stop or a pause may have come before the engine was there to take it.
    if isStopped { engine.requestStop() }
    await engine.setPaused(pausing.withLockedValue { $0 })
    let control = ControlServer(path: assembly.directory.controlSocket, logger: logger) { await self.answer($0) }
    let tidying = AsideTidying(
      remote: assembly.remote, retention: configuration.trashRetention, logger: logger)
    return try await withThrowingTaskGroup(of: End.self) { group in
      group.addTask {
        await control.run()
        return .service
      }
      group.addTask { .engine(try await engine.run()) }
      if let metric = assembly.run.startupMetric {
        group.addTask { [firstPass] in
          if let duration = await firstPass.duration() { await metric.send(duration) }
          return .service
        }
      }
      if let lease = assembly.run.lease {
        group.addTask {
          try await lease.run()
          return .service
        }
      }
      if let invalidations {
        group.addTask {
          await invalidations.run()
          return .service
        }
      }
      if let journal {
        let listensToOthers = !configuration.once
        group.addTask {
          await journal.run(
            listensToOthers ? engine : nil, FolderNews(remote: assembly.remote, store: assembly.store))
          return .service
        }
      }
      if let feed {
        group.addTask {
          await feed.run(engine)
          return .service
        }
      }
      if let nodes = assembly.run.nodes {
        group.addTask { [logger] in
          await nodes.run { await self.status() }
          guard !Task.isCancelled else { return .service }
          logger.notice("starting over as \(nodes.id)")
          return .restart
        }
      }
      if configuration.nothingIsSent == nil {
        if assembly.remote.safetyLevel != .conditional {
          group.addTask {
            await tidying.run()
            return .service
          }
        }
        group.addTask { [monitor] in
          await assembly.capabilities.reconsider(monitor.doubtedCapabilities, of: assembly.remote)
          return .service
        }
      }
      if !configuration.dryRun && !configuration.once {
        group.addTask { [environment, logger] in
          while !Task.isCancelled {
            try await environment.sleep(for: Self.rootInterval)
            guard await assembly.local.rootIsBack() else { continue }
            logger.notice("the root is back, on a volume that was mounted anew; starting over with it")
            return .restart
          }
          return .service
        }
      }
      while let end = try await group.next() {
        switch end {
        case .service: continue
        case .restart:
          group.cancelAll()
          while await group.nextResult() != nil {}
          return nil
        case .engine(let summary):
          group.cancelAll()
          var outcome = SyncOutcome(summary, reports: monitor.reports)
          outcome.leftApart = await StatusReport.LeftApart(assembly.store)?.count ?? 0
          outcome.drop(await linksOfTheFolder(outcome, assembly.remote))
          outcome.note(
            archived: assembly.remote.skippedAsArchived, isIgnored: configuration.objects.ignoresGlacierWarnings,
            passedOver: PassedOver(
              root: configuration.root, followsLinks: configuration.symlinks == .follow
            ).includes)
          return outcome
        }
      }
      return nil
    }
  }

  /// Between two looks whether a root that was lost is back: each wakes several threads, and it hardly ever is.
  private static let rootInterval: Duration = .seconds(10)
  /// Links looked for in the bucket at the end, at most.
  private static let linkLimit = 100

  /// Where only the bucket's changes are carried, a link that is left alone matters if the bucket has its name, or if
  /// it should be deleted.
  private func linksOfTheFolder(_ outcome: SyncOutcome, _ remote: RemoteTree) async -> Set<String> {
    guard configuration.directions == .down, !configuration.deletes.contains(.down) else { return [] }
    var links: Set<String> = []
    for name in outcome.unsynced.map(\.path) where links.count < Self.linkLimit {
      guard let path = try? RelativePath(validating: name), FileCalls.isLink(configuration.root + "/" + name),
        (try? await remote.proveAbsent(path)) == true
      else { continue }
      links.insert(name)
    }
    return links
  }

  private enum End: Sendable {
    case engine(RunSummary)
    /// Everything has to be opened anew.
    case restart
    /// Something beside the engine has nothing more to do.
    case service
  }
}
