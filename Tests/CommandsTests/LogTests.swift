import Glibc
import Logging
import NIOConcurrencyHelpers
import SyncEngine
import SyncModel
import Testing

@testable import Commands

@Suite struct LogTests {
  /// 2026-11-20 12:30:11.007 UTC.
  private static let moment = timespec(tv_sec: 1_795_177_811, tv_nsec: 7_000_000)
  private let lines = NIOLockedValueBox<[String]>([])

  private func textLogger(showsDate: Bool) -> Logger {
    Logger(label: "t") { _ in
      TextLogHandler(
        showsDate: showsDate, write: { line in lines.withLockedValue { $0.append(line) } }, now: { Self.moment })
    }
  }

  private func jsonLogger() -> Logger {
    Logger(label: "t") { _ in
      JSONLogHandler(write: { line in lines.withLockedValue { $0.append(line) } }, now: { Self.moment })
    }
  }

  @Test func textLinesCarryTimeLevelMessageAndMetadata() {
    textLogger(showsDate: true).info("uploaded: a", metadata: ["bytes": "3", "at": "x"])
    #expect(lines.withLockedValue(\.self) == ["2026-11-20T12:30:11.007Z info uploaded: a at=x bytes=3"])
  }

  @Test func aTerminalSeesTheLevelOnlyWhereItMatters() {
    let logger = textLogger(showsDate: false)
    logger.info("one")
    logger.warning("two")
    #expect(lines.withLockedValue { $0[0].hasSuffix(" one") && !$0[0].contains("info") })
    #expect(lines.withLockedValue { $0[1].hasSuffix(" warning two") })
  }

  @Test func namesCannotForgeLinesOrDriveTheTerminal() {
    textLogger(showsDate: true).info("uploaded: a\n2026 error \u{1B}[2Jb\u{9B}c caf\u{E9}")
    #expect(
      lines.withLockedValue(\.self) == [
        "2026-11-20T12:30:11.007Z info uploaded: a\\n2026 error \\u{1B}[2Jb\\u{009B}c caf\u{E9}"
      ])
  }

  @Test func jsonLinesAreOneObjectEach() {
    jsonLogger().warning("a \"quoted\"\nline", metadata: ["path": "s3://b/x"])
    #expect(
      lines.withLockedValue(\.self) == [
        #"{"level":"warning","message":"a \"quoted\"\nline","path":"s3://b/x","time":"2026-11-20T12:30:11.007Z"}"#
      ])
  }

  @Test func eventsAreToldInWords() {
    var logger = textLogger(showsDate: true)
    logger.logLevel = .info
    let events = EventLogger(logger: logger, printPlan: { _ in })
    events.record(.committed("a", .deletedLocal))
    events.record(.committed("b", .adopted))
    events.record(.conflict("a", keptAs: "a (conflict)"))
    events.record(.reported(path: "p", reason: "is a socket"))
    events.record(.retrying("q", reason: "q: is busy"))
    events.record(.retrying("p", reason: "no news, since it was reported"))
    events.record(.passFailed(reason: "away"))
    events.record(.passFailed(reason: "away"))
    events.record(.passEnded(PassSummary()))
    events.record(.passEnded(PassSummary()))
    let texts = lines.withLockedValue { $0.map { String($0.dropFirst("2026-11-20T12:30:11.007Z ".count)) } }
    #expect(
      texts == [
        "info deleted local: a", "warning conflict: a differs on both sides; the other version is kept as a (conflict)",
        "warning left alone: p: is a socket", "info will be tried again: q: is busy",
        "warning a pass failed and is tried again: away",
        "notice the bucket and the folder can be read again",
      ])
  }

  @Test func thePlanGoesToTheStandardOutput() {
    let plan = NIOLockedValueBox<[String]>([])
    let events = EventLogger(
      logger: textLogger(showsDate: true), printPlan: { line in plan.withLockedValue { $0.append(line) } })
    let stamp = RemoteStamp(etag: "e", size: 1, lastModified: Timestamp(seconds: 1))
    events.record(.planned("a\nb", .download(stamp, replacing: nil)))
    events.record(.planned("c", .deleteRemote(stamp)))
    #expect(plan.withLockedValue(\.self) == ["(dryrun) download new a\\nb", "(dryrun) delete remote c"])
    #expect(lines.withLockedValue { $0.count } == 0)
  }
}

extension RelativePath: ExpressibleByStringLiteral {
  package init(stringLiteral text: String) { self.init(unchecked: text) }
}
