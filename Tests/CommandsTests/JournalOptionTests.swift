import ArgumentParser
import Martlet
import Testing

@testable import Commands

@Suite struct JournalOptionTests {
  private static func sync(_ line: String, _ environment: [String: String] = [:]) throws -> Configuration {
    let translation = ArgumentTranslationTests.translate(line, .sync)
    try #require(translation.problems == [])
    return try SyncInvocation(SyncCommand.parse(translation.arguments).options, environment: environment)
      .configuration
  }

  @Test(
    arguments: [
      ("", [:], nil), ("--journal", [:], .init()), ("--dfs", [:], .init()),
      ("--journal-prefix x/y", [:], .init(prefix: "x/y")), ("", ["MARTLET_JOURNAL": "1"], .init()),
      ("--dfs", ["MARTLET_JOURNAL_PREFIX": "z"], .init(prefix: "z")), ("--dfs", ["MARTLET_JOURNAL": "0"], nil),
    ] as [(String, [String: String], Configuration.Journal?)])
  func nodesTellEachOtherWhereTheyTakeTurns(
    _ options: String, _ variables: [String: String], _ expected: Configuration.Journal?
  ) throws {
    #expect(try Self.sync("/tmp s3://b/data \(options)", variables).journal == expected)
  }

  @Test func theScriptHasItWithItsLock() throws {
    #expect(try S3Sync2InvocationTests.configuration("/tmp s3://b -d", [:]).journal == .init())
    #expect(try S3Sync2InvocationTests.configuration("/tmp s3://b", [:]).journal == nil)
  }

  @Test(
    arguments: [
      ("", "give the beginning"), ("/x", "give the beginning"), ("s3://b/x", "give the beginning"),
      ("data/journal", "lies in the prefix"), ("data", "lies in the prefix"), ("data/a//b", "lies in the prefix"),
      (String(repeating: "x", count: 1000), "give at most"), ("other/journal/", nil), ("data/.martlet/elsewhere", nil),
      ("database/journal", nil),
    ] as [(String, String?)])
  func entriesAreNeverAmongTheFiles(_ prefix: String, _ problem: String?) {
    var configuration = Configuration(root: "/tmp", location: "s3://b/data")
    configuration.journal = .init(prefix: prefix)
    #expect(configuration.problems.count == (problem == nil ? 0 : 1))
    if let problem { #expect(configuration.problems.first?.contains("--journal-prefix \(prefix): \(problem)") == true) }
  }

  @Test func aWholeBucketHasNoPlaceOutside() {
    var configuration = Configuration(root: "/tmp", location: "s3://b")
    configuration.journal = .init(prefix: "journal")
    #expect(configuration.problems.count == 1)
    configuration.journal = .init(prefix: ".martlet/mine")
    #expect(configuration.problems == [])
  }

  @Test func theStatusTellsOfIt() {
    var journal = StatusReport.Journal(place: "s3://b/j/")
    #expect(StatusText.describe(journal) == "journal s3://b/j/: not read yet, 0 entries of others, 0 written")
    journal.state = .failing
    (journal.read, journal.written, journal.waiting, journal.gaps, journal.problem) = (1, 2, 3, 4, "access denied")
    #expect(
      StatusText.describe(journal)
        == "journal s3://b/j/: does not work, the bucket is polled, 1 entries of others, 2 written, 3 paths to be told, "
        + "4 times entries were missing: access denied")
  }
}
