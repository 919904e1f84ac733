import SyncModel

extension Engine {
  /// The first pass, then a look every poll interval, until asked to stop.
  func passes() async throws {
    // A pass that a pause cuts off is begun anew after it.
    repeat {
      await untilResumed()
      try await retryingWhatMayPass { try await firstContact() }
      if stop.isRequested { return }
    } while undecided != nil
    status.watch = await local.watchState
    repeat {
      await untilResumed()
      try await retryingWhatMayPass { try await pass(isFull: true) }
    } while !status.firstPassCompleted && !stop.isRequested
    var lastFull = environment.uptime()
    if options.once || options.isDryRun {
      if !options.isDryRun { try await finishOnce() }
      return
    }
    while !stop.isRequested {
      await pause(nextPoll())
      // A pause of a cancelled task is none: what fails at once would be tried again at once.
      if stop.isRequested || Task.isCancelled { return }
      if isPaused { continue }
      do {
        let age = environment.uptime() - lastFull
        let watch = await local.watchState
        // What changed between the last walk and the first event of a watch is known to neither.
        let wasLive = status.watch == .live
        status.watch = watch
        let isFull = needsPass || watch != .live || !wasLive || age >= options.fullPassInterval.nanoseconds
        // What changes announces itself on both sides.
        if !isFull, feedIsLive, !feedHasChanged, passFailures == 0 { continue }
        feedHasChanged = false
        if try await pass(isFull: isFull), isFull { lastFull = environment.uptime() }
        passFailures = 0
      } catch is CancellationError {
        return
      } catch {
        passFailures += 1
        dropUnproven()
        status.lastError = "\(error)"
        observer.record(.passFailed(reason: "\(error)"))
      }
    }
  }

  /// Jittered, so that a fleet does not ask in step; after failures with backoff.
  private func nextPoll() -> Duration {
    let poll = options.poll.nanoseconds
    let jitter = Int64(environment.random() % UInt64(max(1, poll / 5)))
    if passFailures > 0 {
      return .nanoseconds(min(poll + jitter, Int64(1_000_000_000) << min(passFailures, 8)))
    }
    return .nanoseconds(poll - poll / 10 + jitter)
  }

  private func untilResumed() async {
    while isPaused, !stop.isRequested, !Task.isCancelled { await pause(nextPoll()) }
  }

  /// Ends early when asked to stop.
  private func pause(_ duration: Duration) async {
    if stop.isRequested { return }
    let (environment, pauseEnd) = (environment, pauseEnd)
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        do { try await environment.sleep(for: duration) } catch { return }
        pauseEnd.signal()
      }
      await pauseEnd.wait()
      group.cancelAll()
    }
  }

  /// Before the first pass a missing root, bucket or permission ends the run; what may pass is retried.
  private func retryingWhatMayPass(_ look: () async throws -> Void) async throws {
    while true {
      do {
        return try await look()
      } catch let failure as RemoteFailure
        where failure.isPassing && !options.once && !stop.isRequested && !Task.isCancelled
      {
        passFailures += 1
        dropUnproven()
        observer.record(.passFailed(reason: failure.message))
        await pause(nextPoll())
        if stop.isRequested { return }
      }
    }
  }

  enum PassScope { case everything, compare }

  /// One look at the prefix, and where `isFull` at the root, merged with the base. Returns whether it
  /// reached the end. Throws where either side could not be read to the end: no absence counts then.
  @discardableResult
  func pass(isFull: Bool, only scope: PassScope = .everything) async throws -> Bool {
    let awaited = isFull && scope == .everything ? passAwaited : []
    do {
      let isComplete = try await look(isFull: isFull, only: scope)
      if isComplete { for waiter in awaited { answer(waiter, nil) } }
      // A deletion that left the spool without an attempt, for one.
      for path in deliveries.paths { mark(path, .localEvent) }
      return isComplete
    } catch {
      for waiter in awaited { answer(waiter, error) }
      throw error
    }
  }

  private func look(isFull: Bool, only scope: PassScope) async throws -> Bool {
    passIsRunning = true
    defer {
      passIsRunning = false
      wake.signal()
    }
    needsPass = false
    observer.record(.passStarted(isFull: isFull))
    mirror.beginPass()
    let mount = try await local.checkRoot()
    let started = store.revision
    let known = try await store.leafCount()
    let wasFound = isFull && !mirror.isSeeking
    var summary = PassSummary()
    summary.isFull = isFull
    var merge = Merge(
      local: isFull ? LocalStream(local.walk(.root), rootMount: mount, root: .root, store: store) : nil,
      base: BaseStream(store), remote: RemoteStream(remote, store: store))
    let isWhole = try await runMerge(&merge, scope, &summary)
    summary.localEntries = merge.local?.count ?? 0
    summary.remoteEntries = merge.remote?.count ?? 0
    if isFull, isWhole || stop.isRequested { report(merge) }
    guard isWhole, !stop.isRequested, !isPaused else {
      // What is missing in a part of a listing was never weighed against the whole.
      dropUnproven()
      needsPass = true
      return false
    }
    if scope == .everything {
      for name in reports.unblocked() where !reports.isFromPass(name) { report(name, nil) }
      if merge.remote?.isOrdered == false {
        dropUnproven()
        observer.record(.passFailed(reason: "the server's listing was not in order; no deletion is derived from it"))
      }
      summary.deletions = spool.entries.count
      let isMore = !spool.left.isEmpty
      await flushDeletions(
        isEmptyListing: !summary.hasRemoteLeaf, isEmptyRoot: isFull && !summary.hasLocalLeaf,
        knownBefore: known, looked: isFull ? [.local, .remote] : [.local], isMirrorFound: wasFound)
      // What did not fit is found again; what is halted, by the passes that come anyway.
      let hasSeenAll = isFull && merge.remote?.isOrdered != false
      let seeksMore = hasSeenAll && mirror.endPass() || isMore && options.policy.mirror != nil
      if seeksMore, status.deletionsHalted == nil { needsPass = true }
      try await sweepUnnamedUploads()
      try await store.dropTombstones(through: started)
      if hasSeenAll { try await endMeeting() }
      status.firstPassCompleted = true
      status.lastPassEnded = environment.uptime()
      observer.record(.passEnded(summary))
    }
    return true
  }

  private func report(_ merge: Merge) {
    // What is unreadable for long is among the problems, with its reason; the others were gone when they were opened.
    reportPass((merge.local?.problems ?? []) + (merge.remote?.problems ?? []))
  }

  /// Settles what differs while the streams go on, a bounded number of paths at once.
  /// False where a stop or a pause came before the end.
  private func runMerge(
    _ merge: inout Merge, _ scope: PassScope, _ summary: inout PassSummary
  ) async throws -> Bool {
    var submitted = 0
    var isWhole = true
    var held = merge
    var failure: (any Error)?
    await withDiscardingTaskGroup { group in
      do {
        merging: while let decided = try await held.next() {
          for (seen, neighbours) in decided {
            // Uploads under way end; the drain finds what was not begun.
            if stop.isRequested || isPaused {
              isWhole = false
              break merging
            }
            note(seen, in: &summary)
            guard var work = work(for: seen, neighbours, scope) else { continue }
            // What was merged out of order missed its row.
            if held.remote?.isOrdered == false { work.view?.baseRevision = nil }
            if let taken = work.taken, !mirror.note(seen.path, taken) { continue }
            submitted += 1
            while submittedInFlight >= concurrency * 2 + waitingInLane {
              try Task.checkCancellation()
              await submissionRoom.wait()
            }
            submittedInFlight += 1
            group.addTask { [work] in
              await self.process(work)
              await self.finishSubmitted()
            }
          }
        }
      } catch {
        // A listing that fails cancels no transfer.
        failure = error
      }
    }
    if let failure { throw failure }
    merge = held
    summary.submitted = submitted
    return isWhole
  }

  private func finishSubmitted() {
    submittedInFlight -= 1
    submissionRoom.signal()
  }

  /// Folders alone, and what is left out, leave a side empty.
  private func note(_ seen: Seen, in summary: inout PassSummary) {
    if summary.hasLocalLeaf && summary.hasRemoteLeaf || seen.path.isDirectory { return }
    guard options.filters.includes(seen.path) else { return }
    if seen.local?.stamp != nil { summary.hasLocalLeaf = true }
    if seen.remote?.stamp != nil { summary.hasRemoteLeaf = true }
  }

  /// Nil: nothing to do, going by what was seen.
  private func work(for seen: Seen, _ neighbours: Neighbours, _ scope: PassScope) -> Work? {
    let entry = seen.base?.entry
    // A side that was not looked at counts as in sync; then only a difference on the other is news.
    if seen.local == nil, !neighbours.remoteHasDescendants, let entry,
      seen.remote.map({ isUnchanged($0, entry) }) ?? true
    {
      return nil
    }
    guard options.filters.includes(seen.path) else { return entry == nil ? nil : Work(seen.path) }
    if case .tombstone = seen.base, seen.local?.stamp == nil, seen.remote == .absent { return nil }
    let local = seen.local ?? assumedLocal(entry)
    let remote = seen.remote ?? assumedRemote(entry)
    let operation = Planner.plan(
      path: seen.path, base: entry, local: local, remote: remote,
      policy: policy(for: seen.path, local, remote, isExisting: true), neighbours: neighbours)
    guard let operation else { return nil }
    if scope == .compare {
      guard case .compare = operation else { return nil }
    }
    var view = View()
    view.base = seen.base
    view.baseRevision = seen.baseRevision
    view.local = seen.local
    view.localRevision = seen.localRevision
    view.remote = seen.remote
    view.remoteRevision = seen.remoteRevision
    view.neighbours = neighbours
    var work = Work(seen.path, view: view)
    work.onlyCompares = scope == .compare
    if case .leave = operation { work.isExisting = true }
    if mirror.isSeeking { work.taken = taken(by: operation, entry) }
    return work
  }

  private func isUnchanged(_ remote: RemoteState, _ entry: BaseEntry) -> Bool {
    switch remote {
    case .object(let stamp, _): entry.remote.map { stamp.isSameVersion(as: $0) } ?? false
    case .marker, .implied: true
    case .absent: false
    }
  }

  private func assumedLocal(_ entry: BaseEntry?) -> LocalState {
    guard let entry else { return .absent(mount: MountID(0)) }
    return .present(entry.local, content: entry.fingerprint)
  }

  private func assumedRemote(_ entry: BaseEntry?) -> RemoteState {
    guard let entry else { return .absent }
    if entry.path.isDirectory { return entry.assumedDirectory }
    return entry.remote.map { .object($0) } ?? .absent
  }

  /// A look at a part of the root only: what the watcher could not say in detail.
  func scan(_ directory: RelativePath) async throws {
    let mount = try await local.checkRoot()
    var nearest = mount
    if !directory.isRoot {
      switch try await local.observe(directory) {
      case .present(let stamp): nearest = stamp.mount
      case .absent(let found): nearest = found
      case .unsupported, .below: return
      }
      mark(directory, .localEvent)
    }
    var merge = Merge(
      local: LocalStream(local.walk(directory), rootMount: nearest, root: directory, store: store),
      base: BaseStream(store, below: directory), remote: nil)
    while let decided = try await merge.next() {
      for (seen, neighbours) in decided {
        guard let work = work(for: seen, neighbours, .everything) else {
          // What was moved here while the sides meet is news, though its files are old.
          if !directory.isRoot, meetingBegan != nil, seen.base?.entry?.isLeftAlone == true {
            mark(seen.path, .localEvent)
          }
          continue
        }
        // The passes see to what was there before the start; what was moved into the folder since is news.
        if directory.isRoot, work.taken != nil || work.isExisting { continue }
        let isAbsent = seen.local?.stamp == nil
        mark(
          seen.path, isAbsent ? [.localEvent, .absenceSeen] : .localEvent,
          after: isAbsent ? Self.absenceSettle : .zero)
      }
    }
    for problem in merge.local?.problems ?? [] { report(problem.name, problem.reason) }
  }

  /// The paths below `directory` whose local side is not the base's, and those whose turn is still to come.
  func forEachDifference(
    below directory: RelativePath, _ body: (RelativePath) async throws -> Void, problem: (PathReport) -> Void
  ) async throws {
    var mount = try await local.checkRoot()
    if !directory.isRoot {
      guard case .present(let stamp) = try await local.observe(directory) else {
        // What is no folder any more cannot be walked.
        return try await forEachRow(below: directory, body)
      }
      mount = stamp.mount
    }
    var merge = Merge(
      local: LocalStream(local.walk(directory), rootMount: mount, root: directory, store: store),
      base: BaseStream(store, below: directory), remote: nil)
    while let decided = try await merge.next() {
      for (seen, neighbours) in decided
      where dirty.entry(for: seen.path) != nil || running[seen.path] != nil
        || work(for: seen, neighbours, .everything) != nil
      {
        try await body(seen.path)
      }
    }
    for found in merge.local?.problems ?? [] { problem(found) }
  }

  private func forEachRow(below directory: RelativePath, _ body: (RelativePath) async throws -> Void) async throws {
    var last: RelativePath?
    while true {
      let entries = try await store.entries(below: directory, after: last, limit: BaseStream.batchSize)
      for entry in entries { try await body(entry.path) }
      guard let next = entries.last?.path else { return }
      last = next
    }
  }
}

extension BaseEntry {
  /// What the bucket has of a directory, going by its row.
  var assumedDirectory: RemoteState { remote.map { .marker($0) } ?? (isApart ? .absent : .implied) }
}

extension RemoteFailure {
  /// May be gone by itself; the others need a person before the first pass is complete.
  var isPassing: Bool {
    switch code {
    case .unreachable, .throttled, .server, .outcomeUnknown, .corrupted, .raced: true
    default: false
    }
  }
}
