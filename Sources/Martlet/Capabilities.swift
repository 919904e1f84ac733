import BaseStore
import FoundationEssentials
import Logging
import RemoteTree
import SyncEngine

/// What the server can do: found out once, then kept with the state, which is keyed by endpoint and bucket.
struct Capabilities {
  let store: BaseStore
  let probe: CapabilityProbe
  let logger: Logger

  private static let key = "capabilities"

  func establish(_ configuration: Configuration, isStopped: () -> Bool) async throws -> ServerCapabilities {
    let stored = try await store.value(Self.key)
    if let stored, let known = try? JSONDecoder().decode(ServerCapabilities.self, from: Data(stored.utf8)) {
      return known
    }
    // A dry run writes nothing, not even to find out.
    if configuration.isDryRun { return .none }
    let found = try await probeUntilReached(configuration, isStopped: isStopped)
    try await store.setValue(String(decoding: JSONEncoder().encode(found), as: UTF8.self), for: Self.key)
    if found.safetyLevel != .conditional { logger.warning("\(found.safetyLevel.explanation)") }
    return found
  }

  private func probeUntilReached(
    _ configuration: Configuration, isStopped: () -> Bool
  ) async throws -> ServerCapabilities {
    var pause: Duration = .seconds(1)
    while true {
      do {
        return try await probe.run()
      } catch let failure as RemoteFailure where failure.mayPass && !configuration.once && !isStopped() {
        logger.warning("the server does not answer yet, trying again: \(failure.message)")
        try await Task.sleep(for: pause)
        pause = min(pause * 2, .seconds(30))
      }
    }
  }
}

extension RemoteFailure {
  fileprivate var mayPass: Bool {
    switch code {
    case .throttled, .unreachable, .outcomeUnknown, .server: true
    case .conditionFailed, .raced, .notFound, .uploadGone, .permission, .corrupted, .notPossible, .configuration: false
    }
  }
}
