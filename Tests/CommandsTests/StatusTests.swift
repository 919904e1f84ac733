import Glibc
import NIOConcurrencyHelpers
import SyncEngine
import SyncModel
import Testing

@testable import AWSKit
@testable import Commands
@testable import Martlet

@Suite struct StatusTests {
  private let run = Run(
    root: "/data", location: S3Location(bucket: "b", prefix: "x"), node: "n-1", poll: .seconds(30),
    fullPassInterval: .seconds(600), safety: "Safe.")

  private func monitor(now: Int64 = 0, next: any SyncObserver = Recorder()) -> SyncMonitor {
    SyncMonitor(next: next, uptime: { now }, onFullPass: {})
  }

  private func engineStatus() -> EngineStatus {
    var status = EngineStatus()
    status.state = .idle
    status.firstPassCompleted = true
    status.lastPassEnded = 10 * second
    status.committed = [.uploaded: 2]
    status.pending = 1
    status.oldestUnsynced = .milliseconds(1500)
    status.busy = [BusyFile(path: RelativePath(unchecked: "log"), wait: .milliseconds(2500))]
    status.quarantined = [PathReport(name: "p", reason: "busy")]
    return status
  }

  @Test func theJSONHasTheDocumentedFields() throws {
    let monitor = monitor(now: 10 * second)
    monitor.record(.transferStarted(transfer(1, "big/file", size: 8)))
    monitor.record(.transferProgressed(Transfer.ID(1), bytes: 3))
    run.bandwidth.down.bytesPerSecond = 2048
    let report = StatusReport(engineStatus(), of: run, monitor: monitor, now: 12 * second)
    let expected =
      #"{"active":[{"direction":"upload","moved":3,"path":"big/file","size":8}],"#
      + #""busy":[{"path":"log","seconds":2.5}],"committed":{"uploaded":2},"#
      + #""conflicts":0,"isReady":true,"isStuck":false,"limits":{"down":2048},"location":"s3://b/x/","node":"n-1","#
      + #""oldestUnsyncedSeconds":1.5,"#
      + #""pending":1,"process":\#(getpid()),"quarantined":[{"path":"p","reason":"busy"}],"root":"/data","#
      + #""safety":"Safe.","secondsSinceLastPass":2,"state":"idle","watch":"live"}"#
    #expect(String(decoding: report.json(), as: UTF8.self) == expected)
    #expect(try StatusReport(json: report.json()) == report)
    #expect(report.isHealthy)
  }

  /// Links that were asked to be left out are out of sync as little as what is excluded.
  @Test func linksThatAreLeftOutAreNoProblem() {
    let recorder = Recorder()
    let monitor = monitor(next: recorder)
    monitor.record(.reported(path: "a", reason: "busy"))
    for path in ["a", "b"] { monitor.record(.reported(path: path, reason: Configuration.Symlinks.skip.refusal)) }
    monitor.record(.reported(path: "c", reason: Configuration.Symlinks.follow.refusal))
    #expect(monitor.reports.map(\.path) == ["c"])
    #expect(recorder.count == 3)
    let found = [PathReport(name: "b", reason: Configuration.Symlinks.skip.refusal)]
    #expect(StatusReport.Problem.merged(found, monitor.reports).map(\.path) == ["c"])
  }

  @Test func isUnhealthyBeforeTheFirstPassAndWhenStuck() {
    var status = engineStatus()
    status.firstPassCompleted = false
    #expect(!StatusReport(status, of: run, monitor: monitor(), now: 1).isHealthy)
    let soon = 10 * second + 299 * second
    #expect(!StatusReport(engineStatus(), of: run, monitor: monitor(), now: soon).isStuck)
    let late = 10 * second + 301 * second
    #expect(StatusReport(engineStatus(), of: run, monitor: monitor(), now: late).isStuck)
    // A long upload is a sign of life, and so is a rare poll.
    #expect(!StatusReport(engineStatus(), of: run, monitor: monitor(now: late), now: late).isStuck)
    var rare = run
    rare.poll = .seconds(600)
    #expect(!StatusReport(engineStatus(), of: rare, monitor: monitor(), now: late).isStuck)
  }

  @Test func reportsAreHandedOnOnceAndByTheBytesOfTheName() {
    let recorder = Recorder()
    let monitor = monitor(next: recorder)
    monitor.record(.reported(path: "caf\u{E9}", reason: "a"))
    monitor.record(.reported(path: "caf\u{E9}", reason: "a"))
    monitor.record(.reported(path: "cafe\u{301}", reason: "a"))
    monitor.record(.reported(path: "never reported", reason: nil))
    #expect(recorder.count == 2)
    #expect(monitor.reports.count == 2)
    monitor.record(.reported(path: "caf\u{E9}", reason: "b"))
    monitor.record(.reported(path: "cafe\u{301}", reason: nil))
    #expect(recorder.count == 4)
    #expect(monitor.reports.map(\.reason) == ["b"])
  }

  @Test func peopleReadWhatMatters() {
    var status = engineStatus()
    status.deletionsHalted = "too many"
    status.quarantined.append(PathReport(name: "q\n", reason: "is a socket"))
    let text = StatusText.describe(StatusReport(status, of: run, monitor: monitor(), now: 12 * second))
    #expect(
      text == """
        /data and s3://b/x/, node n-1, process \(getpid())
        state: idle
        last complete pass: 2 s ago
        not yet in sync: 1, the oldest since 1 s
        since the start: uploaded 2
        open for writing: log, for 2 s
        left alone: p: busy
        left alone: q\\n: is a socket
        deletions are halted: too many
        safety: Safe.
        """)
  }

  @Test func versionsThatAreLeftAsTheyAreAreTold() throws {
    let apart = StatusReport.LeftApart(count: 12, first: (0..<10).map { "f\($0)\n" })
    let report = StatusReport(engineStatus(), of: run, leftApart: apart, monitor: monitor(), now: 12 * second)
    let text = StatusText.describe(report)
    #expect(text.contains("\nleft as it differs: f9\\n\nleft as it differs: 2 more\n"))
    #expect(String(decoding: report.json(), as: UTF8.self).contains(#""leftApart":{"count":12,"first":["f0\n","#))
    #expect(try StatusReport(json: report.json()) == report)
  }

  @Test func limitsAreTold() throws {
    var report = StatusReport(engineStatus(), of: run, monitor: monitor(), now: 12 * second)
    report.limits = StatusReport.Limits(up: 1_572_864, down: nil)
    #expect(StatusText.describe(report).contains("\nbandwidth: up 1.5 MiB/s, down no limit"))
  }

  @Test func theFeedIsTold() throws {
    var report = StatusReport(engineStatus(), of: run, monitor: monitor(), now: 12 * second)
    #expect(!StatusText.describe(report).contains("events"))
    report.events = StatusReport.Events(queue: "q-1", route: "sns", state: .live, taken: 7, ignored: 3, unknown: 0)
    #expect(StatusText.describe(report).hasSuffix("\nevents through q-1 (sns): live, 7 taken"))
    report.events?.state = .failing
    report.events?.unknown = 2
    report.events?.problem = "gone\n"
    #expect(
      StatusText.describe(report).hasSuffix(
        "\nevents through q-1 (sns): none come, the bucket is polled, 7 taken, 2 not understood: gone\\n"))
    #expect(try StatusReport(json: report.json()) == report)
  }

  /// What a limit lets through slowly is no standstill, though nothing else tells of it.
  @Test func slowTransfersAreASignOfLife() async throws {
    let late = 10 * second + 400 * second
    let slow = run
    slow.bandwidth.up.bytesPerSecond = 1 << 20
    #expect(StatusReport(engineStatus(), of: slow, monitor: monitor(), now: late).isStuck)
    try await slow.bandwidth.up.pass(1)
    #expect(!StatusReport(engineStatus(), of: slow, monitor: monitor(), now: late).isStuck)
  }

  @Test func invalidationsAreTold() throws {
    var report = StatusReport(engineStatus(), of: run, monitor: monitor(), now: 12 * second)
    report.invalidation = StatusReport.Invalidation(distribution: "E1", accepted: 3, waiting: 0)
    #expect(StatusText.describe(report).contains("\ninvalidations of E1: 3 made"))
    report.invalidation?.waiting = 12
    report.invalidation?.secondsToNextTry = 39.2
    report.invalidation?.problem = "refused\n"
    #expect(
      StatusText.describe(report).contains("invalidations of E1: 3 made, 12 paths wait, next try in 40 s: refused\\n"))
    let json = String(decoding: report.json(), as: UTF8.self)
    #expect(
      json.contains(
        #""invalidation":{"accepted":3,"distribution":"E1","problem":"refused\n","secondsToNextTry":39.2,"waiting":12}"#
      ))
    #expect(try StatusReport(json: report.json()) == report)
  }

  final class Recorder: SyncObserver {
    private let events = NIOLockedValueBox(0)
    var count: Int { events.withLockedValue(\.self) }
    func record(_ event: EngineEvent) { events.withLockedValue { $0 += 1 } }
  }
}
