import Logging
import Martlet

/// What a run says at its end.
enum OutcomeText {
  /// Paths named; the status names all.
  private static let pathLimit = 20

  static func log(_ outcome: SyncOutcome, to logger: Logger) {
    for problem in outcome.untold.prefix(pathLimit) {
      logger.warning("not in sync: \(PathText.join(problem.path, problem.reason))")
    }
    let rest = outcome.untold.count - pathLimit
    if rest > 0 { logger.warning("not in sync: \(rest) more") }
    if let left = outcome.invalidationLeft { logger.warning("\(left)") }
    logger.notice("\(summary(outcome))")
  }

  static func summary(_ outcome: SyncOutcome) -> String {
    let changes = outcome.committed.sorted { $0.key < $1.key }.map { "\(words($0.key)) \($0.value)" }
    var parts = ["in sync"]
    if !outcome.isInSync {
      let reasons = [
        outcome.unsynced.isEmpty ? nil : "paths left: \(outcome.unsynced.count)",
        outcome.deletionsHalted.map { _ in "deletions halted" },
      ]
      parts = ["not everything is in sync (\(reasons.compactMap(\.self).joined(separator: ", ")))"]
    }
    parts.append(changes.isEmpty ? "nothing to do" : changes.joined(separator: ", "))
    if outcome.conflicts > 0 { parts.append("conflicts \(outcome.conflicts)") }
    if outcome.leftApart > 0 { parts.append("left as they differ \(outcome.leftApart)") }
    return parts.joined(separator: "; ")
  }

  /// `deletedLocal` as “deleted local”.
  static func words(_ name: String) -> String {
    name.map { $0.isUppercase ? " \($0.lowercased())" : String($0) }.joined()
  }
}
