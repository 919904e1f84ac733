import ArgumentParser
import Martlet
import Testing

@testable import Commands

@Suite struct LeaseOptionTests {
  private static func sync(_ line: String, _ environment: [String: String] = [:]) throws -> SyncInvocation {
    let translation = ArgumentTranslationTests.translate(line, .sync)
    try #require(translation.problems == [])
    return try SyncInvocation(SyncCommand.parse(translation.arguments).options, environment: environment)
  }

  @Test(
    arguments: [
      ("-d", [:], 60, 180), ("--dfs -t 30 -w 90", [:], 30, 90), ("--dfs --dfs-lock-timeout=5", [:], 5, 180),
      ("", ["DFS": "1"], 60, 180), ("", ["DFS": "1", "DFS_LOCK_TIMEOUT": "7", "DFS_LOCK_WAIT": "8"], 7, 8),
      ("-t 9", ["DFS": "true", "DFS_LOCK_TIMEOUT": "7"], 9, 180),
    ] as [(String, [String: String], Int, Int)])
  func theScriptTakesTheLock(_ options: String, _ variables: [String: String], _ timeout: Int, _ wait: Int) throws {
    let lease = try S3Sync2InvocationTests.configuration("/tmp s3://b \(options)", variables).lease
    #expect(lease?.timeout == .seconds(timeout) && lease?.wait == .seconds(wait))
    #expect(lease?.endsAfterWait == true && lease?.namesHost == false)
  }

  @Test func withoutItNothingIsTaken() throws {
    for variables in [[:], ["DFS": "0"], ["DFS_LOCK_TIMEOUT": "7"]] {
      #expect(try S3Sync2InvocationTests.configuration("/tmp s3://b", variables).lease == nil)
    }
    #expect(try Self.sync("/tmp s3://b", ["DFS": "1"]).configuration.lease == nil)
  }

  @Test func syncWaitsOn() throws {
    let lease = try Self.sync("/tmp s3://b -d -t 1500ms", ["MARTLET_DFS_LOCK_WAIT": "5m"]).configuration.lease
    #expect(lease?.timeout == .milliseconds(1500) && lease?.wait == .seconds(300) && lease?.endsAfterWait == false)
    #expect(try Self.sync("/tmp s3://b", ["MARTLET_DFS": "true"]).configuration.lease != nil)
    #expect(try Self.sync("/tmp s3://b -d --dfs-uid-hostname").configuration.lease?.namesHost == true)
    #expect(try Self.sync("/tmp s3://b -t 5").notes.first?.hasPrefix("--dfs-lock-timeout") == true)
  }

  @Test func lessThanASecondIsRefused() throws {
    var configuration = Configuration(root: "/tmp", location: "s3://b")
    configuration.lease = Configuration.Lease()
    #expect(configuration.problems == [])
    configuration.lease?.timeout = .milliseconds(999)
    configuration.lease?.wait = .zero
    #expect(configuration.problems.map { $0.prefix(18) } == ["--dfs-lock-timeout", "--dfs-lock-wait: g"])
  }

  @Test func theStatusTellsWhoHoldsIt() {
    func text(_ state: StatusReport.Lease.State, _ holder: String?, _ seconds: Double?) -> String {
      StatusText.describe(StatusReport.Lease(state: state, holder: holder, seconds: seconds))
    }
    #expect(text(.held, nil, 12.4) == "lease: held for 12 s")
    #expect(text(.awaited, "web-1", 61) == "lease: waited for 1 min 1 s; web-1 holds it")
    #expect(text(.free, nil, nil) == "lease: not needed")
  }
}
