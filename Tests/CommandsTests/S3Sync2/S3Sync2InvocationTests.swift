import ArgumentParser
import Logging
import SyncEngine
import SyncModel
import Testing

@testable import Commands
@testable import Martlet

@Suite struct S3Sync2InvocationTests {
  /// A line as typed, through the translation and the parser.
  static func invocation(_ line: String, _ environment: [String: String] = [:]) throws -> S3Sync2Invocation {
    let translation = ArgumentTranslationTests.translate(line)
    try #require(translation.problems == [])
    let command = try S3Sync2Command.parse(translation.arguments)
    return try S3Sync2Invocation(command.own, command.options, environment: environment)
  }

  static func configuration(_ line: String, _ environment: [String: String] = [:]) throws -> Configuration {
    try invocation(line, environment).sync.configuration
  }

  static func problems(_ line: String, _ environment: [String: String] = [:]) throws -> [String] {
    do {
      _ = try invocation(line, environment)
      return []
    } catch let error as UsageError {
      return error.problems
    }
  }

  @Test func theDefaultsAreTheScripts() throws {
    for line in ["/tmp s3://b/p", "s3://b/p /tmp"] {
      let invocation = try Self.invocation(line)
      let configuration = invocation.sync.configuration
      #expect(configuration.root == "/tmp" && configuration.location == "s3://b/p")
      #expect(configuration.poll == .seconds(30) && !configuration.once)
      #expect(configuration.deletes == [])
      #expect(configuration.firstSync == nil && !configuration.asksAtFirstContact && configuration.checksAtStart)
      #expect(invocation.sync.maximumFailures == 3)
      #expect(invocation.notes == [])
    }
  }

  @Test(arguments: [
    ("--delete", Configuration.Directions.both), ("--sync-opt-delete", .both), ("--sync-opt-up-delete", .up),
    ("--sync-opt-down-delete", .down), ("--sync-opt-up-delete --sync-opt-down-delete", .both),
    ("--sync-opt-up-del", .up), ("--no-delete", Configuration.Directions()),
  ]) func deletionsCrossAsGiven(_ option: String, _ expected: Configuration.Directions) throws {
    #expect(try Self.configuration("/tmp s3://b \(option)").deletes == expected)
  }

  @Test func invalidationsComeFromVariables() throws {
    let variables = ["CF_DISTRIBUTION_ID": "E1", "CF_INVALIDATION_PATHS": "/a /b"]
    let cloudFront = try Self.configuration("/tmp s3://b", variables).cloudFront
    #expect(cloudFront?.distribution == "E1" && cloudFront?.paths == .fixed(["/a", "/b"]))
    #expect(try Self.configuration("/tmp s3://b -c E2", variables).cloudFront?.distribution == "E2")
    for line in ["/tmp s3://b -c 0", "/tmp s3://b --cf-dist-id="] {
      #expect(try Self.configuration(line, variables).cloudFront == nil)
    }
  }

  @Test(arguments: [("-p 5", 5), ("--poll=3600", 3600), ("-p 1 -p 2", 2)])
  func pollsEverySoManySeconds(_ option: String, _ seconds: Int) throws {
    #expect(try Self.configuration("\(option) /tmp s3://b").poll == .seconds(seconds))
  }

  /// With a lock it has a journal; that script lists as often as ever.
  @Test(arguments: [("/tmp s3://b", 30), ("--dfs /tmp s3://b", 30), ("--dfs -p 5 /tmp s3://b", 5)])
  func pollsEveryHalfMinuteUnlessToldOtherwise(_ line: String, _ seconds: Int) throws {
    let configuration = try Self.configuration(line)
    #expect((configuration.journal != nil) == line.hasPrefix("--dfs"))
    #expect(try Self.engineOptions(configuration).poll == .seconds(seconds))
  }

  @Test(arguments: [("", 30), ("--journal", 300), ("--journal --poll 5", 5), ("--poll 5", 5)])
  func pollsAreRarerWithAJournal(_ options: String, _ seconds: Int) throws {
    let arguments = ["/tmp", "s3://b"] + options.split(separator: " ").map(String.init)
    let invocation = try SyncInvocation(SyncOptions.parse(arguments), environment: [:])
    #expect(try Self.engineOptions(invocation.configuration).poll == .seconds(seconds))
  }

  @Test func pollZeroEndsAfterTheFirst() throws {
    #expect(try Self.configuration("/tmp s3://b -p 0").once)
    #expect(try Self.configuration("/tmp s3://b", ["POLL_INTERVAL": "0"]).once)
  }

  @Test func initialSyncsDecideTheFirstContact() throws {
    #expect(try Self.configuration("-i /tmp s3://b").firstSync == .remote)
    #expect(try Self.configuration("-u /tmp s3://b").firstSync == .local)
    #expect(try Self.configuration("--init-sync-down /tmp s3://b").firstSync == .remote)
  }

  /// Only on the side to which deletions cross.
  @Test(arguments: [
    ("-i --delete", SyncDirection.down), ("-u --delete", .up), ("-i --sync-opt-down-delete", .down),
    ("-u --sync-opt-up-delete", .up), ("-i --sync-opt-up-delete", nil), ("-u --sync-opt-down-delete", nil),
    ("-i", nil), ("--delete", nil), ("--first-sync remote --delete", nil), ("-i --delete --only-up", nil),
    ("-i --delete --only-down", .down),
  ]) func initialSyncsWithDeleteMirror(_ options: String, _ direction: SyncDirection?) throws {
    let invocation = try Self.invocation("\(options) /tmp s3://b")
    #expect(try Self.policy(invocation.sync.configuration).mirror == direction)
    #expect(invocation.notes.isEmpty)
  }

  /// Deletions cross there by default: only who types the option means a mirror.
  @Test(
    arguments: [
      (["--init-sync-down"], nil), (["--init-sync-down", "--delete"], SyncDirection.down),
      (["--init-sync-up", "--no-delete"], nil), (["--init-sync-up", "--delete"], .up), (["--delete"], nil),
    ] as [([String], SyncDirection?)]) func elsewhereTheOptionMustBeTyped(
      _ options: [String], _ direction: SyncDirection?
    ) throws
  {
    let invocation = try SyncInvocation(SyncOptions.parse(["/tmp", "s3://b"] + options), environment: [:])
    #expect(try Self.policy(invocation.configuration).mirror == direction)
  }

  private static func policy(_ configuration: Configuration) throws -> Policy {
    try engineOptions(configuration).policy
  }

  private static func engineOptions(_ configuration: Configuration) throws -> EngineOptions {
    try Assembly.options(configuration, root: "/tmp", node: "n", location: S3Location(bucket: "b", prefix: ""))
  }

  @Test func filtersOfOneDirectionKeepTheirOrder() throws {
    let configuration = try Self.configuration(
      "/tmp s3://b --sync-opt-down-exclude '*' --exclude x --sync-opt-down-include y --sync-opt-up-exclude z")
    #expect(configuration.filters == [.exclude("x")])
    #expect(configuration.downloadFilters == [.exclude("*"), .include("y")])
    #expect(configuration.uploadFilters == [.exclude("z")])
  }

  @Test func oneDirectionIsEnough() throws {
    #expect(try Self.configuration("/tmp s3://b").directions == .both)
    #expect(try Self.configuration("--only-up /tmp s3://b").directions == .up)
    #expect(try Self.configuration("/tmp s3://b --only-down").directions == .down)
    let problems = try Self.problems("/tmp s3://b --only-down --only-up")
    #expect(problems == ["--only-up, --only-down: exclude each other: give one of them"])
  }

  @Test func variablesStandInAndOptionsWin() throws {
    let variables = [
      "LOCAL_PATH": "/v", "S3_URI": "s3://v", "POLL_INTERVAL": "7", "DEBUG": "WARN", "DFS": "0",
      "DFS_LOCK_TIMEOUT": "5", "DFS_LOCK_WAIT": "6",
    ]
    let invocation = try Self.invocation("", variables)
    #expect(invocation.sync.configuration.root == "/v" && invocation.sync.configuration.location == "s3://v")
    #expect(invocation.sync.configuration.poll == .seconds(7))
    #expect(invocation.sync.output.level == .warning)
    #expect(try Self.configuration("/o", variables).root == "/o")
    #expect(try Self.configuration("/o", variables).location == "s3://v")
    #expect(try Self.configuration("s3://o", variables).root == "/v")
    #expect(try Self.configuration("-p 8", variables).poll == .seconds(8))
    #expect(try Self.configuration("/tmp s3://b", ["POLL_INTERVAL_SECS": "9"]).poll == .seconds(9))
    #expect(try Self.configuration("/tmp s3://b", ["POLL_INTERVAL": "", "MARTLET_POLL": "9"]).poll == .seconds(9))
  }

  /// They act only in the drop-in.
  @Test func variablesOfTheScriptMeanNothingElsewhere() throws {
    let variables = ["POLL_INTERVAL": "bad", "DEBUG": "DEBUG", "LOCAL_PATH": "/v"]
    let invocation = try SyncInvocation(SyncOptions.parse(["/tmp", "s3://b"]), environment: variables)
    #expect(invocation.configuration.root == "/tmp" && invocation.output.level == .info)
  }

  @Test(arguments: [
    ("", "", Logger.Level.info), ("--debug", "", .debug), ("--debug WARN", "", .warning), ("--debug error", "", .error),
    ("--debug NONE", "", .critical), ("", "NONE", .critical), ("", "1", .debug), ("", "0", .info), ("", "app:*", .info),
    ("--debug ERROR", "DEBUG", .error), ("--quiet", "", .critical), ("--only-show-errors", "", .warning),
    ("--quiet --debug", "", .debug), ("--debug --log-level trace", "", .trace),
  ]) func howMuchIsTold(_ option: String, _ variable: String, _ expected: Logger.Level) throws {
    #expect(try Self.invocation("/tmp s3://b \(option)", ["DEBUG": variable]).sync.output.level == expected)
  }

  @Test func progressIsShownAsWanted() throws {
    func output(_ option: String) throws -> OutputSettings { try Self.invocation("/tmp s3://b \(option)").sync.output }
    #expect(try output("").showsProgress && output("").showsPlan)
    #expect(try !output("--quiet").showsProgress && !output("--quiet").showsPlan)
    #expect(try !output("--only-show-errors").showsProgress && output("--only-show-errors").showsPlan)
    #expect(try !output("--no-progress").showsProgress)
    #expect(try output("--progress-frequency 5").progressInterval == .seconds(5))
    #expect(try output("--progress-frequency 0").progressInterval == nil)
    #expect(try output("--progress-multiline").progressIsMultiline)
  }

  @Test func whatGoesAlongWithObjectsIsRead() throws {
    let objects = try Self.configuration(
      "/tmp s3://b --sse --grants read=id=a full=id=b --metadata a=b --storage STANDARD_IA"
    )
    .objects
    #expect(objects.sse == .aes256 && objects.storageClass == .standardIA)
    #expect(objects.grants.map(\.grantees) == ["id=a", "id=b"])
    #expect(objects.metadata == ["a": "b"])
  }

  @Test func eventsComeThroughTheNamedQueue() throws {
    let line = "/tmp s3://b --event-queue-cleanup --event-route eventbridge"
    let queue = try #require(try Self.configuration("\(line) -q x-[uid]").eventQueue)
    #expect(queue.name == "x-[uid]" && queue.cleansUp && queue.route == .eventBridge)
    #expect(try Self.configuration(line, ["SQS_EVENT_QUEUE": "y"]).eventQueue?.name == "y")
    #expect(try Self.configuration(line).eventQueue == nil)
    let plain = try #require(try Self.configuration("/tmp s3://b -q x").eventQueue)
    #expect(!plain.cleansUp && plain.route == .auto)
  }

  @Test func linksAreSkippedWhereAsked() throws {
    #expect(try Self.configuration("/tmp s3://b").symlinks == .preserve)
    #expect(try Self.configuration("/tmp s3://b --no-follow-symlinks").symlinks == .skip)
  }

  /// As the AWS CLI does: wherever they lead, and the last word counts.
  @Test(arguments: [
    ("--follow-symlinks", true), ("--sync-opt-up-follow-symlinks", true),
    ("--no-follow-symlinks --follow-symlinks", true), ("--follow-symlinks --no-follow-symlinks", false),
  ]) func linksAreFollowedWhereAsked(_ options: String, follows: Bool) throws {
    let configuration = try Self.configuration("/tmp s3://b \(options)")
    #expect(configuration.symlinks == (follows ? .follow : .skip))
    #expect(configuration.unsafeLinks == follows)
  }

  @Test(arguments: [
    ("-p -1", [:], "--poll -1: give whole seconds from 0 to 3600"), ("-p 3601", [:], "--poll 3601: "),
    ("-p 1.5", [:], "--poll 1.5: "), ("", ["POLL_INTERVAL": "x"], "POLL_INTERVAL=x: give whole seconds"),
    ("-x -1", [:], "--max-failures -1: "), ("-i -u", [:], "--init-sync-down, --init-sync-up: exclude each other"),
    ("", ["DFS": "perhaps"], "DFS=perhaps: give true or false"), ("-t 0", [:], "--dfs-lock-timeout 0: "),
    ("-q q.fifo", [:], "--event-queue q.fifo: a queue's name may have"),
    ("", ["SQS_EVENT_QUEUE": "ä"], "--event-queue ä: "),
    ("-q q --event-route x", [:], "--event-route x: give one of auto, sqs, sns, eventbridge"),
    ("-s /tmp/a|/var", [:], "--md5-skip-path /var: is not in the local folder"),
    ("/third", [:], "give one local folder"),
  ]) func isRefusedByName(_ options: String, _ variables: [String: String], _ expected: String) throws {
    let problems = try Self.problems("/tmp s3://b \(options)", variables)
    #expect(problems.count == 1)
    #expect(problems.first?.hasPrefix(expected) == true, "\(problems)")
  }

  @Test func everythingThatIsWrongIsToldAtOnce() throws {
    let problems = try Self.problems("-d -p 4000 -x many -i -u --only-up --only-down -q 'bad name' /tmp")
    #expect(problems.count == 6, "\(problems)")
  }

  @Test(arguments: [
    ("-t 5 -w 6", "--dfs-lock-timeout"), ("--event-queue-cleanup", "--event-queue-cleanup"),
    ("-s /tmp/a|/tmp/b", "--md5-skip-path"),
  ]) func whatHasNoEffectSaysSo(_ option: String, _ name: String) throws {
    let notes = try Self.invocation("/tmp s3://b \(option)").notes
    #expect(notes.count == 1 && notes[0].hasPrefix(name))
  }

  @Test(arguments: [
    (["/usr/bin/s3-sync2", "/a", "s3://b"], ["s3-sync2", "/a", "s3://b"]),
    (["s3-sync2", "-h"], ["s3-sync2", "-h"]), (["./martlet", "s3-sync2"], ["s3-sync2"]),
    (["/usr/bin/martlet", "sync", "x"], ["sync", "x"]), (["/usr/bin/sync", "status"], ["status"]), ([], []),
  ]) func theNameOfTheProgramDecides(_ words: [String], _ expected: [String]) {
    #expect(MartletCommand.words(words) == expected)
  }
}
