internal import AWSKit
package import Logging
package import SyncEngine

/// Lets one node of a prefix at a time change what all of them share: the topic and the bucket's configuration, which
/// is read, changed and written back as a whole. An object that is created on condition that there is none.
///
/// It saves work and lets the last one leave in peace; that a rule stays is verified by reading it again, since others
/// who write that configuration know nothing of the lock, and some servers ignore conditions.
package struct WiringLock: Sendable {
  private let objects: ScratchObjects
  private let node: String
  private let environment: any EngineEnvironment
  private let logger: Logger

  private static let name = "events.lock"
  /// Nanoseconds on the waiter's own clock after which an unchanged lock is one of a node that died. What it protects
  /// is a handful of requests.
  private static let staleness: Int64 = 30_000_000_000

  package init(objects: ScratchObjects, node: String, environment: any EngineEnvironment, logger: Logger) {
    self.objects = objects
    self.node = node
    self.environment = environment
    self.logger = logger
  }

  func held<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result {
    let etag = try await take()
    let result: Result
    do {
      result = try await body()
    } catch {
      await release(etag)
      throw error
    }
    await release(etag)
    return result
  }

  private func release(_ etag: String?) async {
    guard let etag else { return }
    // Also when the run is being ended: others would wait until it is stale.
    let (objects, logger) = (objects, logger)
    await Task {
      do { try await objects.delete(Self.name, ifMatch: etag) } catch {
        logger.debug("the lock of the event feed was not released: \(error)")
      }
    }.value
  }

  /// Nil where the server says nothing that it could be released by.
  private func take() async throws -> String? {
    var seen: (etag: String, modified: AWSTimestamp?)?
    var since: Int64 = 0
    while true {
      do {
        // The content makes the ETag one that no other node has.
        let text = "\(node) \(String(environment.random(), radix: 16))\n"
        return try await objects.put(Self.name, text, condition: .ifAbsent)
      } catch let error as S3Error
        where [.preconditionFailed, .conditionalRequestConflict].contains(error.kind) && !error.outcomeUnknown
      {
        let found = try await objects.version(Self.name)
        let now = environment.uptime()
        if found?.etag != seen?.etag || found?.modified != seen?.modified { (seen, since) = (found, now) }
        if let found, now - since > Self.staleness {
          logger.notice("the lock of the event feed was left behind by a node that has ended")
          try await objects.delete(Self.name, ifMatch: found.etag)
        }
      }
      try await environment.sleep(for: .milliseconds(100 + Int64(environment.random() % 400)))
    }
  }
}
