import Logging
import Martlet

/// What a run says at its end.
enum OutcomeText {
  /// Paths named; the status and earlier lines name all.
  private static let pathLimit = 20

  static func log(_ outcome: SyncOutcome, to logger: Logger) {
    if let reason = outcome.deletionsHalted { logger.error("deletions were halted: \(reason)") }
    for problem in outcome.unsynced.prefix(pathLimit) {
      logger.warning("not in sync: \(problem.path): \(problem.reason)")
    }
    let rest = outcome.unsynced.count - pathLimit
    if rest > 0 { logger.warning("not in sync: \(rest) more") }
    logger.notice("\(summary(outcome))")
  }

  static func summary(_ outcome: SyncOutcome) -> String {
    let changes = outcome.committed.sorted { $0.key < $1.key }.map { "\(words($0.key)) \($0.value)" }
    var parts = [outcome.isInSync ? "in sync" : "not everything is in sync"]
    parts.append(changes.isEmpty ? "nothing to do" : changes.joined(separator: ", "))
    if outcome.conflicts > 0 { parts.append("conflicts \(outcome.conflicts)") }
    return parts.joined(separator: "; ")
  }

  /// `deletedLocal` as “deleted local”.
  static func words(_ name: String) -> String {
    name.map { $0.isUppercase ? " \($0.lowercased())" : String($0) }.joined()
  }
}
