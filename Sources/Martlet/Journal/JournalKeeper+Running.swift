import BaseStore
import Logging
import NIOConcurrencyHelpers
import RemoteTree
import SyncEngine
import SyncModel

extension JournalKeeper {
  /// Between two looks at everything, nanoseconds: many nodes may ask for one at once.
  private static let lookSpacing: Int64 = 5_000_000_000
  /// Places that are handed on while there are more entries to read.
  private static let newsLimit = 5000

  /// Runs until cancelled.
  /// - Parameter sink: nil where nobody wants to hear of others.
  func run(_ sink: (any RemoteHintSink)?, _ folders: FolderNews) async {
    // A node that idles does little else than to ask for the next entry, and most of what that takes is threads that
    // wake each other.
    await withTaskExecutorPreference(executor) { await runOnLoop(sink, folders) }
  }

  private func runOnLoop(_ sink: (any RemoteHintSink)?, _ folders: FolderNews) async {
    while !Task.isCancelled, !isImpossible {
      let action = step()
      if case .read = action, state.withLockedValue({ $0.news.places.count }) < Self.newsLimit {
        // The same places may follow.
      } else if let news = takeNews(), let sink {
        // The engine's work would hold up the loop.
        await withTaskExecutorPreference(globalConcurrentExecutor) { await tell(news, sink, folders) }
      }
      if case .wait(let until) = action {
        let end = state.withLockedValue { $0.news.isEmpty ? until : min(until, $0.nextLook) }
        await alarm.wait(max(0, end - environment.uptime()))
      } else {
        await perform(action)
      }
    }
  }

  /// Tells others what is left, at the end of a run; what is not told by then is told by the next.
  /// - Parameter patience: for all of it.
  func finish(within patience: Duration) async {
    let environment = environment
    state.withLockedValue { $0.machine.flush() }
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        while !Task.isCancelled, !self.state.withLockedValue(\.machine.isDone) {
          let action = self.step()
          if case .wait(let until) = action {
            try? await environment.sleep(for: .nanoseconds(max(1_000_000, until - environment.uptime())))
          } else {
            await self.perform(action)
          }
        }
      }
      group.addTask { try? await environment.sleep(for: patience) }
      await group.next()
      group.cancelAll()
    }
    let left = state.withLockedValue(\.machine.outbox.count)
    if left > 0, canAppend { logger.info("other nodes hear of \(left) changes when this one starts again") }
  }

  private func step() -> JournalMachine.Action {
    let (now, random) = (environment.uptime(), environment.random())
    return state.withLockedValue { $0.machine.step(now: now, random: random) }
  }

  func perform(_ action: JournalMachine.Action, isNew: Bool = false) async {
    let sentAt = environment.uptime()
    do {
      switch action {
      case .wait: return
      case .read(let number):
        let entry = try await objects.read(number)
        heard(isEntry: true) { $0.machine.saw(number, entry, sentAt: sentAt, now: environment.uptime()) }
      case .list(let number):
        let listing = try await objects.list(from: number)
        heard { $0.machine.listed(listing, isNew: isNew, sentAt: sentAt, now: environment.uptime()) }
      case .append(let number, let entry): try await append(number, entry)
      case .collect(let number): await collect(below: number)
      }
    } catch {
      if error is CancellationError || Task.isCancelled { return }
      let random = environment.random()
      state.withLockedValue { $0.machine.failed(now: environment.uptime(), random: random) }
      failed("the journal cannot be read, changes of other nodes are found by polls", "\(error)")
    }
  }

  private func heard(isEntry: Bool = false, _ body: (inout State) -> JournalNews?) {
    let gaps = state.withLockedValue { state in
      let before = state.machine.gaps
      if let news = body(&state) {
        state.news.formUnion(news)
        if isEntry { state.report.read += 1 }
      }
      return state.machine.gaps - before
    }
    works()
    if gaps > 0 { logger.notice("entries of the journal are missing: looking at everything") }
  }

  private func append(_ number: Int64, _ entry: JournalEntry) async throws {
    let outcome: JournalObjects.Outcome
    do { outcome = try await objects.append(number, entry) } catch {
      let random = environment.random()
      state.withLockedValue { $0.machine.appendFailed(now: environment.uptime(), random: random) }
      throw error
    }
    let (now, random) = (environment.uptime(), environment.random())
    switch outcome {
    case .done:
      let told = state.withLockedValue { state in
        state.report.written += 1
        return state.machine.appended(number, now: now, random: random)
      }
      works()
      await drop(told)
    case .refused: state.withLockedValue { $0.machine.refused(now: now, random: random) }
    case .failed(let problem):
      state.withLockedValue { $0.machine.appendFailed(now: now, random: random) }
      if !Task.isCancelled { failed("other nodes are not told of changes, they find them by polls", problem) }
    }
  }

  private func collect(below number: Int64) async {
    do {
      let count = try await objects.collect(below: number, age: Self.timing.retention)
      if count > 0 { logger.debug("removed \(count) old entries of the journal") }
    } catch {
      if Task.isCancelled { return }
      state.withLockedValue { $0.machine.collectionFailed(now: environment.uptime()) }
      logger.warning("old entries of the journal could not be removed: \(error)")
    }
  }

  private func takeNews() -> JournalNews? {
    let now = environment.uptime()
    return state.withLockedValue { state in
      if state.news.isEmpty || state.news.isEverything && now < state.nextLook { return nil }
      if state.news.isEverything { state.nextLook = now + Self.lookSpacing }
      defer { state.news = JournalNews() }
      return state.news
    }
  }

  /// Hands what was read on to the engine.
  private func tell(_ news: JournalNews, _ sink: any RemoteHintSink, _ folders: FolderNews) async {
    if news.isEverything { return await sink.lookAtBucket() }
    var paths: Set<RelativePath> = []
    for (path, place) in news.sorted {
      switch place {
      case .written: paths.insert(path)
      // With its last object a folder goes that nothing else names.
      case .removed: paths.formUnion([path] + path.ancestors)
      case .folder:
        do { try await folders.find(in: path) { await sink.hint(remote: $0) } } catch {
          if Task.isCancelled { return }
          logger.debug("the folder “\(path)” could not be listed, looking at everything: \(error)")
          await sink.lookAtBucket()
        }
        paths.formUnion([path] + path.ancestors)
      }
    }
    await sink.hint(remote: paths.sorted())
  }
}
