import SyncEngine
import SyncModel

/// The remote port of one node: the way to the shared server, with its delays and failures.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class SimRemoteTree: RemoteTreePort, @unchecked Sendable {
  package let server: SimS3
  package var faults: FaultPlan
  let life: NodeLife
  let ledger: any EffectLedger
  let weather: Weather
  /// An empty listing says something only where more than one file was known: the last one may be deleted.
  var knowsMoreThanOneFile: () -> Bool = { true }
  /// The last look at the whole bucket found it empty: from its first page on, not in the middle.
  private var seesNothing = false

  func showsNothing(atFirstPageOfAll isFirst: Bool) -> Bool {
    let isEmpty = weather.has(.emptyListing, at: life.node)
    if isFirst { seesNothing = isEmpty && knowsMoreThanOneFile() }
    return isEmpty && seesNothing
  }
  /// Keys in a page at most: small, so that much happens between pages.
  let pageSize: Int
  let partSize: Int64

  package init(
    server: SimS3, life: NodeLife, faults: FaultPlan, ledger: any EffectLedger, pageSize: Int, partSize: Int64 = 16,
    weather: Weather? = nil
  ) {
    self.weather = weather ?? Weather(executor: life.executor)
    self.server = server
    self.life = life
    self.faults = faults
    self.ledger = ledger
    self.pageSize = pageSize
    self.partSize = partSize
  }
}

// MARK: - The way there and back

extension SimRemoteTree {
  /// Sends a request: a delay, its effect, a delay; each may fail by the plan.
  func request<T: Sendable>(
    _ name: String, _ path: RelativePath, isWrite: Bool, isConditional: Bool = false, mayBeLate: Bool = true,
    hasBody: Bool = false, looksFirst: (path: RelativePath, expected: RemoteStamp?)? = nil,
    _ effect: @escaping () throws -> T
  ) async throws -> T {
    do {
      let result = try await life.call("remote " + name) {
        if let looksFirst, server.ignoresConditions { try await look(looksFirst.path, for: looksFirst.expected) }
        return try await send(
          path, isWrite, isConditional, mayBeLate: mayBeLate, hasBody: hasBody, target: looksFirst?.path, effect)
      }
      ledger.count("remote \(name)")
      return result
    } catch let failure as RemoteFailure {
      ledger.count("remote \(name) fails: \(failure.code)")
      throw failure
    }
  }

  /// What stands in for a condition that the server ignores: whoever writes in between is overwritten.
  private func look(_ path: RelativePath, for expected: RemoteStamp?) async throws {
    let server = server
    let found = try await send(path, false, false, mayBeLate: false, hasBody: false) { server.objects[path.string] }
    if found == nil, expected != nil { throw fault(.notFound, path) }
    if found?.etag != expected?.etag { throw fault(.conditionFailed, path) }
  }

  private func send<T: Sendable>(
    _ path: RelativePath, _ isWrite: Bool, _ isConditional: Bool, mayBeLate: Bool, hasBody: Bool,
    target: RelativePath? = nil, _ effect: @escaping () throws -> T
  ) async throws -> T {
    try life.check()
    if life.executor.now < faults.unreachableUntil || weather.has(.unreachable, at: life.node) {
      await life.travel(100_000_000)
      ledger.count("remote unreachable")
      throw RemoteFailure(.unreachable, "no connection to the server")
    }
    await life.travel(delay())
    if !life.isAlive {
      // Left before the crash: it may arrive, or not. Without conditions it would overwrite what the next run sent.
      if mayBeLate && !server.ignoresConditions && life.oneIn(2) { _ = try? effect() }
      throw CancellationError()
    }
    if weather.has(.forbidden, at: life.node) { throw fault(.permission, path) }
    if weather.has(.bucketGone, at: life.node) { throw fault(.configuration, path) }
    if hasBody && isWrite && life.oneIn(faults.corrupted) { throw fault(.corrupted, path) }
    if life.oneIn(faults.throttled) { throw fault(.throttled, path) }
    if life.oneIn(faults.serverError) { throw fault(isWrite ? .outcomeUnknown : .server, path) }
    if isConditional && life.oneIn(faults.raced) { throw fault(.raced, path) }
    if life.oneIn(faults.lostRequest) {
      if isWrite && mayBeLate && life.oneIn(3) {
        ledger.count("remote late effect")
        life.executor.after(Int64(life.below(20_000_000_000))) { [ledger] in
          if (try? effect()) != nil { ledger.landsLate(at: target ?? path) }
        }
      }
      await life.travel(3_000_000_000)
      throw fault(isWrite ? .outcomeUnknown : .unreachable, path)
    }
    let result: T
    do { result = try effect() } catch let refusal as SimRefusal {
      await life.travel(delay())
      try life.check()
      throw failure(refusal, path)
    }
    await life.travel(delay())
    if life.oneIn(faults.slow) {
      ledger.count("fault slow")
      await life.travel(Int64(life.below(20_000_000_000)))
    }
    try life.check()
    if hasBody && !isWrite && life.oneIn(faults.corrupted) { throw fault(.corrupted, path) }
    if life.oneIn(faults.lostReply) { throw fault(isWrite ? .outcomeUnknown : .unreachable, path) }
    return result
  }

  /// Mostly a few milliseconds, at times seconds: a page or a HEAD then shows what is long past.
  private func delay() -> Int64 {
    switch life.below(40) {
    case 0: Int64(life.below(4_000_000_000))
    case 1..<5: Int64(life.below(300_000_000))
    default: Int64(1_000_000 + life.below(12_000_000))
    }
  }

  func fault(_ code: RemoteFailure.Code, _ path: RelativePath) -> RemoteFailure {
    ledger.count("remote \(code)")
    return RemoteFailure(code, "simulated \(code) at \(path)")
  }

  private func failure(_ refusal: SimRefusal, _ path: RelativePath) -> RemoteFailure {
    switch refusal {
    case .conditionFailed: fault(.conditionFailed, path)
    case .notFound: fault(.notFound, path)
    case .uploadGone: fault(.uploadGone, path)
    case .invalidPart: fault(.notPossible, path)
    }
  }

  /// After a commit of our own only the reply's `Date` is known, an upper bound.
  func stampAfterCommit(_ object: SimObject) -> RemoteStamp {
    var stamp = object.stamp
    if life.oneIn(4) { stamp.lastModified = stamp.lastModified.advanced(by: .seconds(1)) }
    return stamp
  }
}
