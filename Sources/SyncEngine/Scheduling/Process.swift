import SyncModel

extension Engine {
  /// Settles one path: observe, plan, commit, until the two sides agree or it must wait.
  func process(_ work: Work) async {
    guard let outcome = await attempt(work) else { return }
    switch outcome {
    case .settled: break
    case .deletion(let side):
      // A hinted absence has had its time to reappear before it was looked at.
      let waited = work.view == nil ? Self.absenceSettle.nanoseconds : 0
      spool.add(
        work.path, side, now: environment.uptime() - waited, isHinted: work.view == nil, revision: store.revision)
      wake.signal()
    case .later(let delay): postpone(work.path, delay)
    case .renamed(let from): await processRename(from: from, to: work.path)
    }
  }

  /// With --once nothing waits for ever: a file that somebody keeps open or goes on writing is left to the next run.
  func postpone(_ path: RelativePath, _ delay: Duration) {
    if options.once {
      let now = environment.uptime()
      let last = postponed[path]
      // A look ahead of time, for an event, is none of the tries.
      if last.map({ now >= $0.until }) ?? true {
        postponed[path] = Postponement(count: (last?.count ?? 0) + 1, until: now + delay.nanoseconds)
      }
      if postponed[path]!.count > Self.maximumPostponements {
        report(path.string, "goes on changing or is kept open for writing; it is left to the next run")
        return
      }
    }
    mark(path, .retry, after: delay, since: openFiles.entry(for: path)?.since)
  }

  private static var maximumPostponements: Int { 5 }

  struct Postponement: Sendable {
    var count: Int
    /// Uptime nanoseconds.
    var until: Int64
  }

  /// Nil: cancelled, or it failed and is retried later.
  func attempt(_ work: Work) async -> Outcome? {
    let path = work.path
    if !work.isNews, let due = quarantine.entry(for: path)?.nextTry, due > environment.uptime() {
      turn(path, .backsOff)
      remoteNews.insert(path)
      mark(path, .retry, after: .nanoseconds(due - environment.uptime()))
      return nil
    }
    let delivery = delivery(work)
    running[path, default: 0] += 1
    defer { running[path] = running[path].flatMap { $0 > 1 ? $0 - 1 : nil } }
    do {
      let outcome = try await locked([path]) {
        try Task.checkCancellation()
        return try await settle(work)
      }
      succeeded(path)
      switch outcome {
      case .settled, .renamed:
        writerIsDone(with: path)
        mirror.settled(path)
      case .later, .deletion: break
      }
      if let delivery {
        await ended(delivery, outcome)
      } else if case .settled = outcome {
        // Who waits for it learns nothing from what was seen earlier, and nobody else may look again.
        lookAgain(at: path)
      }
      return outcome
    } catch {
      await failed(path, error)
      if let delivery { ended(delivery, error) }
      return nil
    }
  }

  func succeeded(_ path: RelativePath) {
    if quarantine.succeeded(path) != nil { report(path.string, nil) }
  }

  /// Every failure is retried with backoff for ever; a path that keeps failing is reported (I11, I12).
  func failed(_ path: RelativePath, _ error: any Error) async {
    if error is CancellationError || Task.isCancelled {
      // Cut off by the end of the run, which tells what is left.
      mark(path, .retry)
      return
    }
    if stop.isRequested, let failure = error as? LocalFailure, failure.code == .stopping { return }
    status.lastError = "\(error)"
    let now = environment.uptime()
    let entry = quarantine.failed(path, message: "\(error)", now: now, random: environment.random())
    observer.record(.retrying(path, reason: "\(error)"))
    if quarantine.isReported(entry) { report(path.string, "\(error)") }
    // The next try has no view of its own: going by the base, what is new in the bucket would count as settled.
    if quarantine.entry(for: path) != nil { remoteNews.insert(path) }
    // With --once nothing waits for better times: what failed is reported in the summary.
    if !options.once || entry.failures < 3 {
      mark(path, .retry, after: .nanoseconds(entry.nextTry - now), since: entry.since)
    }
  }

  /// A path changes so often that planning never ends: give it time.
  private static var maximumRounds: Int { 8 }

  private func settle(_ work: Work) async throws -> Outcome {
    let path = work.path
    guard options.filters.includes(path) else {
      // A filter change is a first contact in waiting: the row of an excluded path proves nothing later.
      if options.isDryRun { return .settled }
      try await dropIntents(of: path)
      if try await store.row(path)?.entry != nil { try await forget(path) }
      return .settled
    }
    let work = try await withoutOutdatedDeletion(work)
    if work.isNews { try await endLeavingAlone(path) }
    var sight = try await look(work)
    let bytes = memoryNeeded(sight)
    guard bytes >= MemoryBudget.threshold else { return try await settle(work, &sight) }
    await memory.acquire(bytes)
    do {
      let outcome = try await settle(work, &sight)
      sight.content = nil
      await memory.release(bytes)
      return outcome
    } catch {
      sight.content = nil
      await memory.release(bytes)
      throw error
    }
  }

  /// A row that was written after a deletion was planned says that both sides had the path then: what was absent is an
  /// earlier version, and the path is looked at like any other.
  private func withoutOutdatedDeletion(_ work: Work) async throws -> Work {
    guard let deletion = work.deletion, let row = try await store.row(work.path), row.revision > deletion.revision
    else { return work }
    turn(work.path, .deletionIsOutdated)
    // A listing missed it once.
    if deletion.side == .local { remoteNews.insert(work.path) }
    return Work(work.path)
  }

  /// Bytes of the content that may be held, going by what was seen; larger ones are never held whole.
  private func memoryNeeded(_ sight: Sight) -> Int64 {
    let sizes = [sight.local.stamp?.size, sight.remote.stamp?.size].compactMap { $0 }
    return min(sizes.filter { $0 <= options.largeSize }.max() ?? 0, MemoryBudget.capacity)
  }

  private func settle(_ work: Work, _ sight: inout Sight) async throws -> Outcome {
    let outcome = try await carryOut(work, &sight)
    // No pass looks for what was begun to be sent and is not wanted any more.
    if case .settled = outcome, !options.isDryRun { try await closeUploads(work.path, sight) }
    return outcome
  }

  private func carryOut(_ work: Work, _ sight: inout Sight) async throws -> Outcome {
    let path = work.path
    for _ in 0..<Self.maximumRounds {
      let plan = Planner.plan(
        path: path, base: sight.base, local: sight.local, remote: sight.remote,
        policy: policy(
          for: path, sight.local, sight.remote, deletes: work.mayDelete, isExisting: work.isExisting),
        neighbours: sight.neighbours)
      let situation = Situation(
        path: path, base: sight.base, local: sight.local, remote: sight.remote, neighbours: sight.neighbours)
      observer.record(.considered(path, situation, plan))
      guard let operation = plan else {
        clashes[path] = nil
        markersDue[path] = nil
        return .settled
      }
      if operation != .putMarker { markersDue[path] = nil }
      if let rest = restOfPersistence(operation, sight.local) {
        turn(path, .localPersists)
        remoteNews.insert(path)
        return .later(rest)
      }
      if operation.changesLocal, try await isLeftAlone(path, isGone: sight.remote == .absent) { return .settled }
      if options.isDryRun, operation.isChange {
        observer.record(.planned(path, operation))
        return .settled
      }
      if work.onlyCompares, operation.isChange { return .settled }
      if isPaused, operation.isChange || operation.isComparison { return put(off: operation) }
      do {
        if let outcome = try await execute(operation, work, &sight) { return outcome }
      } catch let failure as LocalFailure where failure.code == .changed || failure.code == .vanished {
        turn(path, .localChanged)
        sight.local = try await observeLocal(path, &sight)
      } catch let failure as LocalFailure where failure.code == .busy {
        return try waitForWriter(of: path, sight, failure)
      } catch let failure as RemoteFailure where failure.code == .notOurTurn {
        return .later(.seconds(1))
      } catch let failure as RemoteFailure where failure.code == .conditionFailed || failure.code == .notFound {
        turn(path, .conditionFailed)
        try await noteFailedCondition(path, &sight, failure)
      } catch let failure as RemoteFailure where failure.code == .raced {
        turn(path, .raceLost)
        try await environment.sleep(for: .milliseconds(20 + Int64(environment.random() % 80)))
        try await observeOutcome(path, &sight)
      } catch let failure as RemoteFailure where failure.code == .uploadGone {
        turn(path, .uploadAbandoned)
        try await observeOutcome(path, &sight)
        try await dropUploads(of: path)
      }
    }
    turn(path, .changesTooOften)
    return .later(.seconds(1))
  }

  /// Until the pause is over: then everything that is dirty, or in the spool, goes on.
  private func put(off operation: Operation) -> Outcome {
    switch operation {
    case .deleteLocal, .removeLocalDirectory: .deletion(.local)
    case .deleteRemote, .deleteMarker: .deletion(.remote)
    default: .later(.zero)
    }
  }

  /// What stands there may be what we sent ourselves, earlier and without a reply.
  private func observeOutcome(_ path: RelativePath, _ sight: inout Sight) async throws {
    if try await resolveIntents(path, &sight) {
      sight.base = try await store.row(path)?.entry
    } else {
      try await observeRemote(path, &sight)
    }
  }

  /// A failed condition is never retried with the same stamp. The same one twice means that the server
  /// refuses what it just told us.
  private func noteFailedCondition(_ path: RelativePath, _ sight: inout Sight, _ failure: RemoteFailure) async throws {
    let stamp = sight.remote.stamp
    let wasAssumed = sight.remoteIsAssumed
    try await observeOutcome(path, &sight)
    guard !wasAssumed, sight.remote.stamp == stamp else {
      failedConditions[path] = nil
      return
    }
    if let before = failedConditions.updateValue(stamp, forKey: path), before == stamp {
      failedConditions[path] = nil
      observer.record(.capabilitiesDoubted)
      throw RemoteFailure(
        .notPossible,
        "the server refused a condition on the very version it names for “\(path)” twice: \(failure.message)")
    }
  }
}

extension RemoteState {
  /// Of the object or marker.
  var stamp: RemoteStamp? {
    switch self {
    case .object(let stamp, _), .marker(let stamp): stamp
    case .absent, .implied: nil
    }
  }
}

extension LocalState {
  var stamp: LocalStamp? {
    if case .present(let stamp, _) = self { stamp } else { nil }
  }
}

extension Operation {
  /// Changes one of the two sides.
  var isChange: Bool {
    switch self {
    case .inspectLocal, .inspectRemote, .compare, .adopt, .forget, .leave, .blocked: false
    default: true
    }
  }

  /// May read the object.
  var isComparison: Bool { if case .compare = self { true } else { false } }

  /// Changes the folder. A conflict may as well; who wins it is not known yet.
  var changesLocal: Bool {
    switch self {
    case .download, .deleteLocal, .makeLocalDirectory, .removeLocalDirectory, .yieldToDirectory: true
    default: false
    }
  }
}
