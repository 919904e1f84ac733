import BaseStore
import FoundationEssentials
import Logging
import RemoteTree
import SyncEngine
import SyncModel

/// What the server can do: found out, then kept for a month with the state, which is keyed by endpoint and bucket.
struct Capabilities {
  let store: BaseStore
  let probe: CapabilityProbe
  let logger: Logger

  private struct Stored: Codable {
    var capabilities: ServerCapabilities
    /// Seconds since 1970.
    var probed: Int64
  }

  private static let key = "capabilities"
  private static let scratchKey = "probe"
  /// Seconds. Servers are updated.
  private static let validity: Int64 = 30 * 86_400

  func establish(_ configuration: Configuration, isStopped: () -> Bool) async throws -> ServerCapabilities {
    // Writes are refused there, whatever asks for them.
    guard configuration.directions.contains(.up) else { return .none }
    let stored = configuration.checksAtStart ? nil : try await store.value(Self.key)
    let now = SystemEnvironment().wallTime().seconds
    if let stored, let known = try? JSONDecoder().decode(Stored.self, from: Data(stored.utf8)),
      (0..<Self.validity).contains(now - known.probed)
    {
      return known.capabilities
    }
    // A dry run writes nothing, not even to find out.
    if configuration.dryRun { return .none }
    // I5: of a run that was killed at this.
    if let left = try await store.value(Self.scratchKey) { await probe.removeScratch(left) }
    try await store.setValue(probe.scratch, for: Self.scratchKey)
    let found = try await probeUntilReached(configuration, isStopped: isStopped)
    try await keep(found)
    if found.safetyLevel != .conditional { logger.warning("\(found.safetyLevel.explanation)") }
    return found
  }

  private func keep(_ found: ServerCapabilities) async throws {
    let record = try JSONEncoder().encode(Stored(capabilities: found, probed: SystemEnvironment().wallTime().seconds))
    try await store.setValue(String(decoding: record, as: UTF8.self), for: Self.key)
  }

  /// Finds out anew, whenever there is a doubt, what `remote` may rely on. Runs until cancelled.
  func reconsider(_ doubts: AsyncStream<Void>, of remote: RemoteTree) async {
    for await _ in doubts {
      do {
        try await keep(try await remote.reprobe())
        logger.notice("\(remote.safetyLevel.explanation)")
      } catch {
        logger.warning("could not probe the server anew: \(error)")
      }
      // A server that keeps contradicting itself is not asked in a loop.
      try? await Task.sleep(for: .seconds(60))
    }
  }

  private func probeUntilReached(
    _ configuration: Configuration, isStopped: () -> Bool
  ) async throws -> ServerCapabilities {
    var pause: Duration = .seconds(1)
    while true {
      do {
        return try await probe.run()
      } catch let failure as RemoteFailure
        where failure.mayPass && !configuration.once && !configuration.checksAtStart && !isStopped()
      {
        logger.warning("the server does not answer yet, trying again: \(failure.message)")
        for _ in 0..<Int(pause / .milliseconds(250)) where !isStopped() {
          try await Task.sleep(for: .milliseconds(250))
        }
        pause = min(pause * 2, .seconds(30))
      }
    }
  }
}

extension RemoteFailure {
  fileprivate var mayPass: Bool {
    switch code {
    case .throttled, .unreachable, .notOurTurn, .outcomeUnknown, .server: true
    case .conditionFailed, .raced, .notFound, .uploadGone, .permission, .corrupted, .notPossible, .configuration: false
    }
  }
}
