package import SyncModel

extension Engine {
  /// Returns when what `path` is at the time of the call, or later, is in the bucket; of a folder, everything below it
  /// but folder markers. What is gone here is then gone there. Waits while the server is away, while a program has the
  /// file open for writing and while paused; who is cancelled no longer waits.
  ///
  /// Throws `EngineFailure` with `.notSynced` where the options leave the path out, with `.notSent` where it failed, and
  /// with `.ended` where the run is over.
  package func deliver(_ path: RelativePath) async throws {
    let leaf = path.asLeaf
    try requireDelivery(of: leaf)
    if path.isRoot { return try await deliver(below: .root) }
    switch try await local.observe(leaf) {
    case .present(let stamp) where stamp.kind == .directory: try await deliver(below: leaf.asDirectory)
    case .present: try await deliver(leaf: leaf)
    case .unsupported(let reason): throw EngineFailure(.notSynced, "“\(leaf)” \(reason)")
    case .absent, .below:
      // It may have been a folder.
      try await deliver(below: leaf.asDirectory)
      try await deliver(leaf: leaf)
    }
  }

  private func requireDelivery(of path: RelativePath) throws {
    if hasEnded { throw EngineFailure.ended }
    if options.isDryRun { throw EngineFailure(.notSynced, "nothing is written to the bucket: --dryrun") }
    guard options.policy.changesRemote else {
      throw EngineFailure(.notSynced, "nothing is written to the bucket: --only-down")
    }
    if let name = ReservedNames.match(in: path) {
      throw EngineFailure(.notSynced, "“\(path)” belongs to “\(name)”, which is never synced")
    }
    if !path.isRoot, !isSent(path) { throw EngineFailure(.notSynced, "“\(path)” is excluded") }
  }

  private func isSent(_ path: RelativePath) -> Bool {
    options.filters.includes(path) && options.filters.includesUploads(of: path)
  }

  private func deliver(leaf path: RelativePath) async throws {
    try await answered { waiter in
      deliveries.add(waiter, for: path)
      mark(path, .localEvent)
    } afterwards: {
      deliveries.remove($0, for: path)
    }
  }

  /// Files of a folder that are waited for at once.
  private static var deliveriesAtOnce: Int { 64 }

  private func deliver(below directory: RelativePath) async throws {
    var problems: [PathReport] = []
    try await withThrowingTaskGroup(of: PathReport?.self) { group in
      var count = 0
      try await forEachDifference(below: directory) { path in
        guard isSent(path) else { return }
        // Its parents come with a file; markers of empty folders wait a while.
        if path.isDirectory { return mark(path, .localEvent) }
        if count >= Self.deliveriesAtOnce, let problem = try await group.next() ?? nil { problems.append(problem) }
        count += 1
        group.addTask {
          do {
            try await self.deliver(leaf: path)
            return nil
          } catch let failure as EngineFailure where failure.code == .notSent || failure.code == .notSynced {
            return PathReport(name: path.string, reason: failure.message)
          }
        }
      } problem: {
        if $0.reason != options.symlinkRefusal, problems.count < Reports.capacity { problems.append($0) }
      }
      for try await problem in group { if let problem { problems.append(problem) } }
    }
    guard let first = problems.first else { return }
    let more = problems.count > 1 ? ", and \(problems.count - 1) more" : ""
    throw EngineFailure(.notSent, "“\(first.name)”: \(first.reason)\(more)")
  }
}

extension Engine {
  /// The attempt that begins, where somebody waits for its end. What a pass saw earlier tells them nothing.
  func delivery(_ work: Work) -> Deliveries.Attempt? {
    work.view?.local == nil ? deliveries.attempt(work.path, revision: store.revision) : nil
  }

  /// Where somebody waits for it.
  func lookAgain(at path: RelativePath) {
    if deliveries.attempt(path, revision: 0) != nil { mark(path, .localEvent) }
  }

  func ended(_ attempt: Deliveries.Attempt, _ outcome: Outcome) async {
    switch outcome {
    case .settled: conclude(attempt, await verdict(attempt))
    case .deletion:
      deliveries.awaitDeletion(attempt)
      if let reason = status.deletionsHalted { conclude(attempt, .notInBucket("deletions are halted: \(reason)")) }
    case .later, .renamed: break
    }
  }

  /// What may pass is waited for; it is tried again in any case.
  func ended(_ attempt: Deliveries.Attempt, _ error: any Error) {
    switch error {
    case is CancellationError: break
    case let failure as LocalFailure where failure.code == .stopping: break
    case let failure as RemoteFailure where failure.isPassing || failure.code == .notOurTurn: break
    default: conclude(attempt, .notInBucket("\(error)"))
    }
  }

  func deliveriesAreHalted(_ reason: String) {
    for waiter in deliveries.awaitingDeletion {
      answer(waiter, EngineFailure(.notSent, "deletions are halted: \(reason)"))
    }
  }

  private func conclude(_ attempt: Deliveries.Attempt, _ verdict: Deliveries.Verdict) {
    let (told, reason) = deliveries.end(attempt, verdict)
    for waiter in told {
      answer(waiter, reason.map { EngineFailure(.notSent, "“\(attempt.path)” is not in the bucket: \($0)") })
    }
    if verdict == .unknown { mark(attempt.path, .localEvent, after: .milliseconds(250)) }
  }

  private func verdict(_ attempt: Deliveries.Attempt) async -> Deliveries.Verdict {
    let path = attempt.path
    do {
      let row = try await store.row(path)?.entry
      // What was seen in this attempt has its row, though it may have changed since.
      if let row, row.revision > attempt.revision, row.remote != nil, row.isAgreed { return .inBucket }
      switch try await local.observe(path) {
      case .absent, .below: return row == nil ? .inBucket : .unknown
      case .unsupported(let reason): return .notInBucket(reason)
      case .present(let stamp):
        if stamp.kind == .directory { return .inBucket }
        if row?.isApart == true {
          return .notInBucket("it differs from the object, and the options leave both as they are")
        }
        if let row, row.local == stamp, row.remote != nil, row.isAgreed { return .inBucket }
        return reports.reason(path).map { .notInBucket($0) } ?? .unknown
      }
    } catch is CancellationError {
      return .unknown
    } catch {
      return .notInBucket("\(error)")
    }
  }
}
