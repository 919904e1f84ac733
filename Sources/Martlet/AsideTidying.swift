import Logging
import RemoteTree

/// Removes, now and then, what this node copied aside in the bucket before writes without a condition.
struct AsideTidying: Sendable {
  let remote: RemoteTree
  let retention: Duration
  let logger: Logger

  private static let interval: Duration = .seconds(6 * 3600)

  /// Runs until cancelled.
  func run() async {
    while !Task.isCancelled {
      do {
        let count = try await remote.removeExpiredAside(olderThan: retention)
        if count > 0 { logger.info("removed \(count) expired copies below .martlet/aside/ in the bucket") }
      } catch {
        // Nothing depends on it; the next time will do.
        logger.debug("could not remove expired copies below .martlet/aside/: \(error)")
      }
      try? await Task.sleep(for: Self.interval)
    }
  }
}
