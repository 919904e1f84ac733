import SyncModel

extension Engine {
  /// `--once`: until nothing is left that could be settled now.
  func finishOnce() async throws {
    while !stop.isRequested {
      if !isPaused, dirty.count == 0, dispatched == 0, spilled == 0, spool.isEmpty, !isFlushing {
        guard needsPass else { return }
        try await pass(isFull: true)
        continue
      }
      try await environment.sleep(for: .milliseconds(20))
    }
  }

  /// What is asked for after a request to stop: the last local changes go up, as far as the time allows.
  func drain() async {
    // Without a decision about first contact nothing is changed.
    if undecided != nil { return }
    status.state = .stopping
    observer.record(.stopping)
    hastenWriters()
    let deadline = environment.uptime() + options.shutdownTimeout.nanoseconds
    let environment = environment
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        await self.lastScan()
        while await !self.isDrained, !Task.isCancelled {
          try? await environment.sleep(for: .milliseconds(20))
        }
      }
      group.addTask {
        try? await environment.sleep(for: .nanoseconds(max(0, deadline - environment.uptime())))
      }
      await group.next()
      group.cancelAll()
    }
  }

  /// What is kept open for writing waits no longer than the run can.
  private func hastenWriters() {
    let limit = min(5 * Self.shortRest, options.shutdownTimeout.nanoseconds / 4)
    openFiles.hasten(to: Self.shortRest, limit: limit, now: environment.uptime())
    for entry in openFiles.waiting { mark(entry.path, .localEvent) }
  }

  private func lastScan() async {
    do {
      try await scan(.root)
    } catch is CancellationError {
    } catch {
      status.lastError = "\(error)"
      report("/", "the last look at the folder failed (\(error)); what changed of late may not have been sent")
    }
  }

  /// What keeps failing is reported, not waited for.
  private var isDrained: Bool {
    isPaused && dispatched == 0 && !isFlushing
      || dispatched == 0 && spilled == 0 && (spool.isEmpty || awaitsMirror) && !isFlushing && dirty.count < 1000
        && dirty.paths(limit: 1000).allSatisfy { quarantine.entry(for: $0) != nil }
  }

  func summary() -> RunSummary {
    var summary = RunSummary()
    summary.unsynced =
      quarantine.reported.map { PathReport(name: $0.path.string, reason: $0.message) }
      + dirty.paths(limit: 1000).map {
        PathReport(name: $0.string, reason: "not yet in sync")
      }
      + spool.entries.keys.sorted().prefix(1000).map {
        PathReport(name: $0.string, reason: "its deletion did not cross yet")
      }
    if spilled > 0 {
      summary.unsynced.append(PathReport(name: "/", reason: "\(spilled) more paths are not yet in sync"))
    }
    summary.deletionsHalted = status.deletionsHalted
    summary.committed = status.committed
    summary.conflicts = status.conflicts
    return summary
  }

  /// A picture of the moment.
  package func currentStatus() async -> EngineStatus {
    // What the last pass saw of it may be half a minute old.
    let watch = await local.watchState
    var now = status
    now.watch = watch
    now.active = active.values.sorted { $0.id.value < $1.id.value }
    now.pending = dirty.count + spilled + running.count
    let uptime = environment.uptime()
    now.oldestUnsynced = dirty.oldestSince.map { .nanoseconds(max(0, uptime - $0)) }
    now.quarantined = reports.all
    now.busy = openFiles.waiting.map {
      BusyFile(path: $0.path, wait: .nanoseconds(max(0, uptime - $0.since)))
    }
    if now.state != .stopping, now.state != .stopped {
      // What keeps failing waits for its next try, which may be hours away.
      let isIdle =
        !passIsRunning && running.isEmpty && now.pending <= quarantine.reported.count + openFiles.reportedCount
      now.state = isPaused ? .paused : !now.firstPassCompleted ? .starting : isIdle ? .idle : .syncing
    }
    return now
  }
}
