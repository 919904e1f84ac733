import SyncModel

extension Engine {
  /// Turns hints into dirty paths as they come, so that the watcher's buffer stays short.
  func takeHints() async {
    for await event in watchEvents {
      switch event {
      case .hint(let hint): await take(hint)
      case .report(let path, let reason): report(path, reason)
      }
      if hintSink.takeOverflow() { await take(.subtree(.root)) }
    }
  }

  private func take(_ hint: LocalHint) async {
    switch hint {
    case .path(let path):
      // A folder that could not be read may be readable now: a look at everything tells what is in it.
      if path.isDirectory, reports.isFromPass(path.string) { needsPass = true }
      mark(path, .localEvent, after: .milliseconds(20))
    case .vanished(let path):
      mark(path, [.localEvent, .absenceSeen], after: Self.absenceSettle)
      await markEntries(below: path.asDirectory, [.localEvent, .absenceSeen], after: Self.absenceSettle)
    case .renamed(let from, let to):
      mark(to, .localEvent, after: .milliseconds(20))
      mark(from, [.localEvent, .absenceSeen], after: Self.absenceSettle)
      if to.isDirectory { await scanReporting(to) }
      await markEntries(below: from.asDirectory, [.localEvent, .absenceSeen], after: Self.absenceSettle)
    case .subtree(let directory): await scanReporting(directory)
    }
  }

  /// A name that is gone may be half of a rename, or of an editor's save: look again.
  static var absenceSettle: Duration { .seconds(2) }

  /// `since`: of the failure that this is a retry of.
  func mark(_ path: RelativePath, _ reasons: HintReasons, after delay: Duration = .zero, since: Int64? = nil) {
    guard !path.isRoot else { return }
    let now = environment.uptime()
    dirty.insert(path, reasons, now: now, notBefore: now + delay.nanoseconds, since: since)
    wake.signal()
  }

  /// What both sides have below a folder that is gone, and what is just getting its row.
  private func markEntries(below directory: RelativePath, _ reasons: HintReasons, after delay: Duration) async {
    for path in running.keys.filter({ $0.isBelow(directory) }).sorted() { mark(path, reasons, after: delay) }
    var last: RelativePath?
    while true {
      guard let entries = try? await store.entries(below: directory, after: last, limit: 1000), !entries.isEmpty
      else { return }
      for entry in entries { mark(entry.path, reasons, after: delay) }
      last = entries.last?.path
    }
  }

  private func scanReporting(_ directory: RelativePath) async {
    do {
      try await scan(directory)
    } catch is CancellationError {
    } catch {
      observer.record(.passFailed(reason: "\(error)"))
      // Nobody will say again what was to be found there.
      needsPass = true
    }
  }

  /// Settles dirty paths as they become due, up to the limit at once, until cancelled.
  func dispatch() async {
    await withDiscardingTaskGroup { group in
      var timer = Int64.max
      while !Task.isCancelled {
        await moveOverflow()
        let now = environment.uptime()
        if timer <= now { timer = .max }
        let room = undecided == nil && !isPaused ? max(0, concurrency + waitingInLane - dispatched) : 0
        for entry in dirty.takeReady(now: now, limit: room) {
          dispatched += 1
          var work = Work(entry.path)
          work.isNews = !entry.reasons.isDisjoint(with: [.localEvent, .remoteEvent])
          group.addTask { [work] in
            await self.process(work)
            await self.finishDispatched()
          }
        }
        if !isPaused, dispatched == 0, !mayHoldNewNames, !isFlushing, !passIsRunning, !spool.isEmpty, !awaitsMirror {
          isFlushing = true
          group.addTask {
            await self.flushHintedDeletions()
            await self.finishFlush()
          }
        }
        if let next = dirty.nextReady(), next < timer, room > 0 {
          timer = next
          let delay = Duration.nanoseconds(max(0, next - environment.uptime()))
          group.addTask { [environment, wake] in
            try? await environment.sleep(for: delay)
            wake.signal()
          }
        }
        await wake.wait()
      }
      group.cancelAll()
    }
  }

  private func finishFlush() {
    isFlushing = false
    wake.signal()
  }

  private func finishDispatched() {
    dispatched -= 1
    wake.signal()
  }

  /// What waits in the store, or comes from there, is in no order: the new name of a file may come after the old one.
  var mayHoldNewNames: Bool { spilled > 0 || environment.uptime() < spilledSettle }

  /// Keeps the table in memory bounded: what is not yet due waits in the store.
  private func moveOverflow() async {
    let overflow = dirty.overflow(now: environment.uptime())
    if !overflow.isEmpty {
      do {
        try await store.spill(overflow.map(\.path))
        spilled += overflow.count
      } catch {
        for entry in overflow { mark(entry.path, entry.reasons) }
      }
    } else if spilled > 0, dirty.count < 1000 {
      // What the store cannot give now it still holds.
      guard let paths = try? await store.unspill(limit: 4000) else { return }
      spilled = paths.isEmpty ? 0 : max(0, spilled - paths.count)
      spilledSettle = environment.uptime() + Self.absenceSettle.nanoseconds
      // Why they were dirty was not stored: each may be an absence that has to settle.
      for path in paths { mark(path, [.localEvent, .absenceSeen], after: Self.absenceSettle) }
    }
  }
}

extension Duration {
  /// Saturates after 292 years.
  var nanoseconds: Int64 {
    let (seconds, attoseconds) = components
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? (seconds < 0 ? .min : .max) : product &+ attoseconds / 1_000_000_000
  }
}
