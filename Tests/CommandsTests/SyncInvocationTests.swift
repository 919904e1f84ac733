import Logging
import Testing

@testable import Commands
@testable import Martlet

@Suite struct SyncInvocationTests {
  let places = ["/tmp", "s3://bucket/prefix"]

  @Test(arguments: [["/tmp", "s3://b/p"], ["s3://b/p", "/tmp"]]) func takesThePlacesInEitherOrder(_ places: [String])
    throws
  {
    let configuration = try invocation(places).configuration
    #expect(configuration.root == "/tmp")
    #expect(configuration.location == "s3://b/p")
  }

  @Test func takesOptionsBetweenThePlaces() throws {
    let configuration = try invocation(["/tmp", "--poll", "5", "--once", "s3://b"]).configuration
    #expect(configuration.poll == .seconds(5))
    #expect(configuration.once)
  }

  @Test(arguments: [[], ["/tmp"], ["s3://b"], ["/tmp", "/var"], ["s3://a", "s3://b"], ["/tmp", "/var", "s3://b"]])
  func refusesOtherPlaces(_ places: [String]) throws {
    let problems = try problems(places)
    #expect(problems.count == 1)
    #expect(problems[0].contains("one local folder and one S3 location"))
  }

  @Test func takesThePlacesFromVariables() throws {
    let variables = ["MARTLET_LOCAL_PATH": "/var", "MARTLET_S3_URI": "s3://v"]
    let configuration = try invocation([], variables).configuration
    #expect(configuration.root == "/var")
    #expect(configuration.location == "s3://v")
    #expect(try invocation(places, variables).configuration.root == "/tmp")
  }

  /// What every option sets, its variable, and what stands without either.
  struct Case: Sendable, CustomTestStringConvertible {
    var option: String
    var given: String
    var variable: String
    var read: @Sendable (SyncInvocation) -> String
    var unset: String
    var testDescription: String { option }

    init(
      _ option: String, _ given: String, _ variable: String, unset: String,
      _ read: @escaping @Sendable (SyncInvocation) -> String
    ) {
      self.option = option
      self.given = given
      self.variable = variable
      self.unset = unset
      self.read = read
    }
  }

  static let valued: [Case] = [
    Case("--poll", "7", "8", unset: "nil") { "\($0.configuration.poll.map { "\($0)" } ?? "nil")" },
    Case("--full-pass-every", "7", "8", unset: "600.0 seconds") { "\($0.configuration.fullPassEvery)" },
    Case("--upload-open-after", "7", "8m", unset: "30.0 seconds") { "\($0.configuration.uploadOpenAfter)" },
    Case("--endpoint-url", "http://one", "http://two", unset: "nil") { "\($0.configuration.endpointURL ?? "nil")" },
    Case("--region", "one", "two", unset: "nil") { "\($0.configuration.region ?? "nil")" },
    Case("--profile", "one", "two", unset: "nil") { "\($0.configuration.profile ?? "nil")" },
    Case("--ca-bundle", "/one", "/two", unset: "nil") { $0.configuration.caBundle ?? "nil" },
    Case("--cli-read-timeout", "7", "0", unset: "nil") { $0.configuration.cliReadTimeout.map { "\($0)" } ?? "nil" },
    Case("--cli-connect-timeout", "7", "0", unset: "nil") {
      $0.configuration.cliConnectTimeout.map { "\($0)" } ?? "nil"
    },
    Case("--node-id", "one", "two", unset: "nil") { "\($0.configuration.nodeID ?? "nil")" },
    Case("--conflict", "local", "keep-both", unset: "newest") { $0.configuration.conflict.rawValue },
    Case("--first-sync", "local", "remote", unset: "nil") { $0.configuration.firstSync?.rawValue ?? "nil" },
    Case("--max-delete", "5", "6%", unset: "standard") { "\($0.configuration.maxDelete)" },
    Case("--trash-retention", "2d", "3d", unset: "2592000.0 seconds") { "\($0.configuration.trashRetention)" },
    Case("--shutdown-timeout", "1", "2", unset: "25.0 seconds") { "\($0.configuration.shutdownTimeout)" },
    Case("--state-dir", "/one", "/two", unset: "nil") { $0.configuration.stateDir ?? "nil" },
    Case("--ready-file", "/one", "/two", unset: "nil") { $0.configuration.readyFile ?? "nil" },
    Case("--watch", "poll", "inotify", unset: "auto") { $0.configuration.watch.rawValue },
    Case("--symlinks", "skip", "follow", unset: "preserve") { $0.configuration.symlinks.rawValue },
    Case("--directories", "none", "empty", unset: "empty") { $0.configuration.directories.rawValue },
    Case("--cf-dist-id", "E1", "E2", unset: "nil") { $0.configuration.cloudFront?.distribution ?? "nil" },
    Case("--log-format", "json", "text", unset: "text") { $0.output.format.rawValue },
    Case("--log-level", "error", "debug", unset: "info") { $0.output.level.rawValue },
  ]

  @Test(arguments: valued) func optionComesBeforeVariableBeforeDefault(_ test: Case) throws {
    let name = SettingReader.variable(test.option)
    let byOption = test.read(try invocation(places + [test.option, test.given]))
    let byVariable = test.read(try invocation(places, [name: test.variable]))
    let byBoth = test.read(try invocation(places + [test.option, test.given], [name: test.variable]))
    #expect(byOption == byBoth)
    #expect(byOption != byVariable)
    #expect(test.read(try invocation(places)) == test.unset)
    #expect(test.read(try invocation(places, [name: ""])) == test.unset)
  }

  /// Out of the folder only where that is said.
  @Test(arguments: [
    (["--symlinks", "follow"], [:], true, false), (["--follow-symlinks"], [:], true, false),
    (["--symlinks", "follow", "--unsafe-links"], [:], true, true),
    (["--follow-symlinks", "--unsafe-links"], [:], true, true),
    (["--symlinks", "follow", "--no-follow-symlinks"], [:], false, false),
    ([], ["MARTLET_FOLLOW_SYMLINKS": "true", "MARTLET_UNSAFE_LINKS": "true"], true, true),
    ([], ["MARTLET_NO_FOLLOW_SYMLINKS": "true"], false, false),
  ]) func linksAreFollowedWhereAsked(
    _ options: [String], _ variables: [String: String], follows: Bool, anywhere: Bool
  ) throws {
    let configuration = try invocation(places + options, variables).configuration
    #expect(configuration.symlinks == (follows ? .follow : .skip))
    #expect(configuration.unsafeLinks == anywhere)
  }

  @Test func unsafeLinksNeedToBeFollowed() throws {
    #expect(try problems(places + ["--unsafe-links"]).map { $0.hasPrefix("--unsafe-links: ") } == [true])
  }

  @Test func flagsComeFromVariablesToo() throws {
    #expect(!(try invocation(places).configuration.once))
    #expect(try invocation(places, ["MARTLET_ONCE": "true"]).configuration.once)
    #expect(try invocation(places + ["--once"], ["MARTLET_ONCE": "no"]).configuration.once)
    #expect(try invocation(places, ["MARTLET_DRYRUN": "1"]).configuration.dryRun)
    #expect(try invocation(places).configuration.deletes == .both)
    #expect(!(try invocation(places, ["MARTLET_DELETE": "off"]).configuration.deletes == .both))
    #expect(try invocation(places + ["--delete"], ["MARTLET_DELETE": "off"]).configuration.deletes == .both)
    #expect(!(try invocation(places + ["--no-delete"]).configuration.deletes == .both))
    #expect(!(try invocation(places).configuration.preserveOwner))
    #expect(try invocation(places + ["--preserve-owner"]).configuration.preserveOwner)
    #expect(try invocation(places, ["MARTLET_PRESERVE_OWNER": "1"]).configuration.preserveOwner)
    #expect(try invocation(places).configuration.signsRequests)
    #expect(!(try invocation(places + ["--no-sign-request"]).configuration.signsRequests))
    #expect(!(try invocation(places, ["MARTLET_NO_SIGN_REQUEST": "1"]).configuration.signsRequests))
  }

  @Test(arguments: [
    (["--cf-dist-id", "0"], ["MARTLET_CF_DIST_ID": "E1"]), (["--cf-dist-id", ""], ["MARTLET_CF_DIST_ID": "E1"]),
    ([], ["MARTLET_CF_DIST_ID": "0"]), ([], [:]), (["--cf-inval-paths", "/a", "--cf-inval-always"], [:]),
    (["--cf-inval-paths", "wrong"], [:]),
  ]) func zeroOrNothingIsNoDistribution(_ arguments: [String], _ variables: [String: String]) throws {
    #expect(try invocation(places + arguments, variables).configuration.cloudFront == nil)
  }

  @Test(arguments: [
    ([], [:], Configuration.CloudFront.Paths.fixed(["/*"]), false),
    (["--cf-inval-paths", "changed", "--cf-inval-always"], [:], .changed, true),
    (["--cf-inval-paths", " /a  /b/* /%C3%BC "], [:], .fixed(["/a", "/b/*", "/%C3%BC"]), false),
    ([], ["MARTLET_CF_INVAL_PATHS": "/a /b", "MARTLET_CF_INVAL_ALWAYS": "true"], .fixed(["/a", "/b"]), true),
    (["--cf-inval-paths", "/x"], ["MARTLET_CF_INVAL_PATHS": "/a"], .fixed(["/x"]), false),
  ]) func readsWhatIsInvalidated(
    _ arguments: [String], _ variables: [String: String], _ paths: Configuration.CloudFront.Paths, _ always: Bool
  ) throws {
    let cloudFront = try invocation(places + ["-c", "E1"] + arguments, variables).configuration.cloudFront
    #expect(cloudFront?.distribution == "E1")
    #expect(cloudFront?.paths == paths)
    #expect(cloudFront?.always == always)
  }

  @Test(arguments: [
    ("a", "“a” has no slash at its start"), ("/a changed", "“changed” has no slash"), (" ", "give paths such as"),
    (Array(repeating: "/a", count: 3_001).joined(separator: " "), "at most 3000 paths, not 3001"),
    ("/" + String(repeating: "a", count: 4_000), "at most 4000 characters"),
  ]) func refusesOtherInvalidationPaths(_ paths: String, _ reason: String) throws {
    let problems = try problems(places + ["--cf-dist-id", "E1", "--cf-inval-paths", paths])
    #expect(problems.count == 1)
    #expect(problems[0].hasPrefix("--cf-inval-paths: "))
    #expect(problems[0].contains(reason))
  }

  @Test func certificatesAndPayers() throws {
    #expect(try invocation(places).configuration.verifiesCertificates)
    #expect(!(try invocation(places + ["--no-verify-ssl"]).configuration.verifiesCertificates))
    #expect(!(try invocation(places, ["MARTLET_NO_VERIFY_SSL": "1"]).configuration.verifiesCertificates))
    #expect(!(try invocation(places).configuration.objects.requestPayer))
    for given in [["--request-payer", "requester"], ["--request-payer=requester"]] {
      #expect(try invocation(places + given).configuration.objects.requestPayer)
    }
    #expect(try invocation(places, ["MARTLET_REQUEST_PAYER": "requester"]).configuration.objects.requestPayer)
    #expect(try problems(places + ["--request-payer=owner"]).first?.contains("--request-payer owner") == true)
  }

  @Test(arguments: [
    ("", Configuration.Comparison.contents), ("--size-only", .sizeOnly), ("--exact-timestamps", .exactTimestamps),
    ("--no-overwrite", .noOverwrite), ("--exact-timestamps --size-only", .exactTimestamps),
    ("--size-only --exact-timestamps", .exactTimestamps), ("--no-overwrite --exact-timestamps", .noOverwrite),
    ("--size-only --no-overwrite", .noOverwrite),
  ]) func comparisonsHaveTheOrderOfTheAWSCLI(given: String, expected: Configuration.Comparison) throws {
    let words = given.split(separator: " ").map(String.init)
    #expect(try invocation(places + words).configuration.comparison == expected)
    let variables = Dictionary(uniqueKeysWithValues: words.map { (SettingReader.variable($0), "true") })
    #expect(try invocation(places, variables).configuration.comparison == expected)
  }

  @Test func filtersKeepTheirOrder() throws {
    let given = ["--exclude", "*", "--include", "*.txt", "--exclude=secret*", "--include", "secret.txt"]
    let expected: [Configuration.Filter] = [
      .exclude("*"), .include("*.txt"), .exclude("secret*"), .include("secret.txt"),
    ]
    #expect(try invocation(places + given).configuration.filters == expected)
    let variables = ["MARTLET_EXCLUDE": "a*\nb*", "MARTLET_INCLUDE": "ab"]
    #expect(
      try invocation(places, variables).configuration.filters == [.exclude("a*"), .exclude("b*"), .include("ab")])
    #expect(try invocation(places + ["--exclude", "x"], variables).configuration.filters == [.exclude("x")])
  }

  @Test func tellsEverythingThatIsWrongAtOnce() throws {
    let problems = try problems(
      ["/tmp", "--poll", "soon", "--conflict", "me", "--max-delete", "101%", "--log-level", "loud"],
      ["MARTLET_WATCH": "kqueue", "MARTLET_ONCE": "perhaps"])
    #expect(problems.count == 7)
    for text in [
      "one local folder", "--poll soon: ", "--conflict me: give one of newest, local, remote, keep-both",
      "--max-delete 101%: ", "--log-level loud: give one of trace", "MARTLET_WATCH=kqueue: ",
      "MARTLET_ONCE=perhaps: give true or false",
    ] {
      #expect(problems.contains { $0.hasPrefix(text) || $0.contains(text) }, "\(text)")
    }
  }

  @Test(arguments: [
    (["/tmp", "s3:///p"], "s3:///p"), (["/tmp", "s3://b", "--endpoint-url", "nonsense"], "--endpoint-url nonsense"),
    (["/tmp", "s3://b", "--node-id", "a/b"], "--node-id a/b"), (["/tmp", "s3://b", "--poll", "0"], "--poll 0"),
    (["/tmp", "s3://b--use1-az4--x-s3"], "s3://b--use1-az4--x-s3"),
    (["/tmp", "s3://b", "--cli-read-timeout", "soon"], "--cli-read-timeout soon"),
    (["/tmp", "s3://b", "--upload-open-after", "long"], "--upload-open-after long"),
    (["/tmp", "s3://b", "--state-dir", "/tmp/state"], "--state-dir /tmp/state"),
  ]) func namesTheValueThatCannotBeUsed(_ arguments: [String], _ name: String) throws {
    let problems = try problems(arguments)
    #expect(problems.count == 1)
    #expect(problems[0].contains(name))
  }

  @Test(arguments: [("--first-sync", "MARTLET_FIRST_SYNC"), ("--poll", "MARTLET_POLL")])
  func variablesAreNamedAfterTheirOption(_ option: String, _ variable: String) {
    #expect(SettingReader.variable(option) == variable)
  }

  @Test(arguments: [
    ("30", Duration.seconds(30)), ("0.5", .milliseconds(500)), ("250ms", .milliseconds(250)), ("90s", .seconds(90)),
    ("5m", .seconds(300)), ("12h", .seconds(43_200)), ("30d", .seconds(2_592_000)), ("0", .zero), ("", nil),
    ("-1", nil), ("s", nil), ("1x", nil), ("1 s", nil), ("1e3", nil), ("99999d", nil), ("1.2.3", nil), ("nan", nil),
  ]) func readsDurations(_ text: String, _ expected: Duration?) {
    #expect(DurationText.parse(text) == expected)
  }

  @Test(arguments: [
    (Duration.zero, "0 s"), (.milliseconds(350), "350 ms"), (.seconds(12), "12 s"), (.seconds(200), "3 min 20 s"),
    (.seconds(7500), "2 h 5 min"), (.seconds(86_400), "1 d"), (.seconds(90_000), "1 d 1 h"), (.seconds(3605), "1 h"),
  ]) func describesDurations(_ duration: Duration, _ expected: String) {
    #expect(DurationText.describe(duration) == expected)
  }
}
