import Logging
import NIOConcurrencyHelpers
import SyncEngine
import SyncModel

/// Tells what happens in the log; planned operations go to the standard output.
struct EventLogger: SyncObserver {
  let logger: Logger
  let printPlan: @Sendable (String) -> Void
  private struct Memory {
    /// The failure of the last pass, so that a server that is away is not reported with every try.
    var lastFailure: String?
    /// Paths whose failures were told of; further tries are no news.
    var reported: Set<RelativePath> = []
  }
  private static let reportLimit = 10_000
  private let memory = NIOLockedValueBox(Memory())

  init(logger: Logger, printPlan: @escaping @Sendable (String) -> Void) {
    self.logger = logger
    self.printPlan = printPlan
  }

  func record(_ event: EngineEvent) {
    switch event {
    case .planned(let path, let operation):
      printPlan("(dryrun) \(TextLogHandler.printable("\(OperationText.describe(operation)) \(path)"))")
    case .transferStarted(let transfer):
      logger.debug("\(transfer.direction.rawValue) of \(transfer.path) begins", metadata: ["bytes": "\(transfer.size)"])
    case .transferProgressed: break
    case .transferEnded(let id, let failure):
      if let failure { logger.debug("transfer \(id.value) failed: \(failure)") }
    case .committed(let path, let change):
      logger.log(level: change == .adopted ? .debug : .info, "\(OutcomeText.words(change.rawValue)): \(path)")
    case .renamed(let from, let to): logger.debug("renamed in the bucket: \(from) to \(to)")
    case .conflict(let path, let copy):
      let kept = copy.map { "the other version is kept as \($0)" } ?? "the other version is in the trash"
      logger.warning("conflict: \(path) differs on both sides; \(kept)")
    case .reported(let path, let reason):
      note(path, isReported: reason != nil)
      if let reason {
        logger.warning("left alone: \(PathText.join(path, reason))")
      } else {
        logger.notice("no longer left alone: \(path)")
      }
    case .retrying(let path, let reason):
      let isNews = !memory.withLockedValue { $0.reported.contains(path) }
      logger.log(level: isNews ? .info : .debug, "will be tried again: \(PathText.join(path.string, reason))")
    case .deletionsHalted(let reason): logger.error("deletions are halted: \(reason)")
    case .deletionsResumed: logger.notice("deletions cross again")
    case .passStarted(let isFull): logger.debug("\(isFull ? "full pass" : "poll") begins")
    case .passEnded(let summary): logEnd(of: summary)
    case .passFailed(let reason): logFailure(reason)
    case .capabilitiesDoubted: logger.warning("the server refused a condition on its own version: probing it anew")
    case .considered(let path, let situation, let operation):
      let step = operation.map(OperationText.describe) ?? "nothing to do"
      logger.trace("\(path) (\(situation)): \(step)")
    case .turned(let path, let turn): logger.debug("\(path): \(turn.rawValue)")
    case .stopping: logger.notice("stopping: local changes are still sent, downloads end")
    }
  }

  private func note(_ path: String, isReported: Bool) {
    memory.withLockedValue { memory in
      if !isReported {
        memory.reported.remove(RelativePath(unchecked: path))
      } else if memory.reported.count < Self.reportLimit {
        memory.reported.insert(RelativePath(unchecked: path))
      }
    }
  }

  private func logEnd(of summary: PassSummary) {
    let failed = memory.withLockedValue { memory in
      defer { memory.lastFailure = nil }
      return memory.lastFailure != nil
    }
    if failed { logger.notice("the bucket and the folder can be read again") }
    logger.debug(
      "\(summary.isFull ? "full pass" : "poll") complete",
      metadata: [
        "local": "\(summary.localEntries)", "remote": "\(summary.remoteEntries)", "changes": "\(summary.submitted)",
        "deletions": "\(summary.deletions)",
      ])
  }

  private func logFailure(_ reason: String) {
    let isNews = memory.withLockedValue { memory in
      defer { memory.lastFailure = reason }
      return memory.lastFailure != reason
    }
    logger.log(level: isNews ? .warning : .debug, "a pass failed and is tried again: \(reason)")
  }
}

/// A path and what is the matter with it.
enum PathText {
  /// Many reasons name their path themselves.
  static func join(_ path: String, _ reason: String) -> String {
    let isNamed = reason.utf8.starts(with: path.utf8) && !path.isEmpty
    return isNamed ? reason : "\(path): \(reason)"
  }
}

/// Planned operations in words.
enum OperationText {
  static func describe(_ operation: Operation) -> String {
    switch operation {
    case .inspectLocal, .inspectRemote: "inspect"
    case .compare: "compare both sides of"
    case .adopt: "note as equal"
    case .forget: "forget"
    case .leave: "leave alone until it changes:"
    case .upload(_, let replaced): replaced == nil ? "upload new" : "upload"
    case .uploadMetadata: "upload mode and time of"
    case .download(_, let replaced): replaced == nil ? "download new" : "download"
    case .applyMetadata: "apply mode and time to"
    case .deleteLocal: "delete local"
    case .deleteRemote: "delete remote"
    case .makeLocalDirectory: "make local folder"
    case .removeLocalDirectory: "remove local folder"
    case .putMarker: "put folder marker"
    case .deleteMarker: "delete folder marker"
    case .yieldToDirectory: "move aside for a folder of its name"
    case .blocked: "leave alone, a folder has its name:"
    }
  }
}
