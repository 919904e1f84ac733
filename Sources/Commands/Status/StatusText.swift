import Martlet

/// A status for people.
enum StatusText {
  /// Paths named; `--json` has all.
  private static let pathLimit = 10

  static func describe(_ report: StatusReport) -> String {
    var lines = ["\(report.root) and \(report.location), node \(report.node), process \(report.process)"]
    lines.append("state: \(state(report))")
    if let seconds = report.secondsSinceLastPass {
      lines.append("last complete pass: \(DurationText.describe(.milliseconds(Int64(seconds * 1000)))) ago")
    }
    if report.pending > 0 {
      let age = report.oldestUnsyncedSeconds.map {
        ", the oldest since \(DurationText.describe(.milliseconds(Int64($0 * 1000))))"
      }
      lines.append("not yet in sync: \(report.pending)\(age ?? "")")
    }
    if !report.committed.isEmpty {
      let changes = report.committed.sorted { $0.key < $1.key }.map { "\(OutcomeText.words($0.key)) \($0.value)" }
      lines.append("since the start: \(changes.joined(separator: ", "))")
    }
    if report.conflicts > 0 { lines.append("conflicts: \(report.conflicts)") }
    for transfer in report.active.prefix(pathLimit) {
      let amount = ByteText.pair(transfer.moved, of: transfer.size)
      lines.append("\(transfer.direction): \(TextLogHandler.printable(transfer.path)), \(amount)")
    }
    for file in report.busy.prefix(pathLimit) {
      let wait = DurationText.describe(.milliseconds(Int64(file.seconds * 1000)))
      lines.append("open for writing: \(TextLogHandler.printable(file.path)), for \(wait)")
    }
    if report.busy.count > pathLimit {
      lines.append("open for writing: \(report.busy.count - pathLimit) more, see --json")
    }
    for problem in report.quarantined.prefix(pathLimit) {
      lines.append("left alone: \(TextLogHandler.printable(PathText.join(problem.path, problem.reason)))")
    }
    if report.quarantined.count > pathLimit {
      lines.append("left alone: \(report.quarantined.count - pathLimit) more, see --json")
    }
    if let apart = report.leftApart {
      lines += apart.first.map { "left as it differs: \(TextLogHandler.printable($0))" }
      if apart.count > apart.first.count { lines.append("left as it differs: \(apart.count - apart.first.count) more") }
    }
    if let reason = report.deletionsHalted { lines.append("deletions are halted: \(reason)") }
    if report.watch != "live" { lines.append("watching: \(report.watch)") }
    lines.append("safety: \(report.safety)")
    if let limits = report.limits, limits.up != nil || limits.down != nil {
      lines.append("bandwidth: \(describe(limits))")
    }
    if let lease = report.lease { lines.append(describe(lease)) }
    if let journal = report.journal { lines.append(describe(journal)) }
    if let events = report.events { lines.append(describe(events)) }
    if let invalidation = report.invalidation { lines.append(describe(invalidation)) }
    if let error = report.lastError { lines.append("last error: \(TextLogHandler.printable(error))") }
    return lines.joined(separator: "\n")
  }

  static func describe(_ limits: StatusReport.Limits) -> String {
    func text(_ rate: Int64?) -> String { rate.map { "\(ByteText.describe($0))/s" } ?? "no limit" }
    return "up \(text(limits.up)), down \(text(limits.down))"
  }

  static func describe(_ lease: StatusReport.Lease) -> String {
    let time = lease.seconds.map { " for \(DurationText.describe(.seconds(Int64($0))))" } ?? ""
    var text =
      switch lease.state {
      case .free: "lease: not needed"
      case .held: "lease: held\(time)"
      case .awaited: "lease: waited\(time)"
      }
    if let holder = lease.holder { text += "; \(TextLogHandler.printable(holder)) holds it" }
    return text + (lease.problem.map { ": \(TextLogHandler.printable($0))" } ?? "")
  }

  static func describe(_ journal: StatusReport.Journal) -> String {
    let state =
      switch journal.state {
      case .starting: "not read yet"
      case .live: "live"
      case .failing: "does not work, the bucket is polled"
      }
    var text = "journal \(TextLogHandler.printable(journal.place)): \(state), "
    text += "\(journal.read) entries of others, \(journal.written) written"
    if journal.waiting > 0 { text += ", \(journal.waiting) paths to be told" }
    if journal.gaps > 0 { text += ", \(journal.gaps) times entries were missing" }
    return text + (journal.problem.map { ": \(TextLogHandler.printable($0))" } ?? "")
  }

  private static func describe(_ events: StatusReport.Events) -> String {
    let state =
      switch events.state {
      case .connecting: "being set up"
      case .listening: "not proven yet, the bucket is polled"
      case .live: "live"
      case .failing: "none come, the bucket is polled"
      }
    var text = "events through \(events.queue) (\(events.route)): \(state), \(events.taken) taken"
    if events.unknown > 0 { text += ", \(events.unknown) not understood" }
    return text + (events.problem.map { ": \(TextLogHandler.printable($0))" } ?? "")
  }

  private static func describe(_ invalidation: StatusReport.Invalidation) -> String {
    var text = "invalidations of \(invalidation.distribution): \(invalidation.accepted) made"
    if invalidation.waiting > 0 {
      text += ", \(invalidation.waiting) \(invalidation.waiting == 1 ? "path waits" : "paths wait")"
    }
    if let seconds = invalidation.secondsToNextTry {
      text += ", next try in \(DurationText.describe(.seconds(Int64(seconds.rounded(.up)))))"
    }
    return text + (invalidation.problem.map { ": \(TextLogHandler.printable($0))" } ?? "")
  }

  private static func state(_ report: StatusReport) -> String {
    var text = report.state.rawValue
    if !report.isReady { text += ", the first full pass is not complete" }
    if report.isStuck { text += ", stuck" }
    return text
  }
}
