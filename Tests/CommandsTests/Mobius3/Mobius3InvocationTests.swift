import ArgumentParser
import Logging
import SyncEngine
import SyncModel
import Testing

@testable import Commands
@testable import Martlet

@Suite struct Mobius3InvocationTests {
  /// A line as typed, through the translation and the parser.
  static func invocation(_ line: String, _ environment: [String: String] = [:]) throws -> Mobius3Invocation {
    let translation = ArgumentTranslationTests.translate(line, .mobius3)
    try #require(translation.problems == [])
    let command = try Mobius3Command.parse(translation.arguments)
    return try Mobius3Invocation(command.own, command.options, environment: environment)
  }

  static let usual = "/d b https://s3.test/{}/ eu-west-2"

  static func configuration(_ line: String, _ environment: [String: String] = [:]) throws -> Configuration {
    try invocation("\(usual) \(line)", environment).sync.configuration
  }

  static func problems(_ line: String, _ environment: [String: String] = [:]) throws -> [String] {
    do {
      _ = try invocation(line, environment)
      return []
    } catch let error as UsageError {
      return error.problems
    }
  }

  struct Form: Sendable, CustomTestStringConvertible {
    var places: String
    var bucket = "bucket"
    var endpoint: String?
    var addressing: Configuration.Addressing
    var testDescription: String { places }
    init(_ places: String, _ endpoint: String?, _ addressing: Configuration.Addressing, _ bucket: String = "bucket") {
      (self.places, self.endpoint, self.addressing, self.bucket) = (places, endpoint, addressing, bucket)
    }
  }

  @Test(arguments: [
    // The bucket's URL, with and without a slash.
    Form("https://bucket.s3-eu-west-2.amazonaws.com/", nil, .virtual),
    Form("https://bucket.s3-eu-west-2.amazonaws.com", nil, .virtual),
    Form("https://bucket.s3.eu-west-2.amazonaws.com/", nil, .virtual),
    Form("https://bucket.s3.amazonaws.com/", nil, .virtual),
    Form("https://s3-eu-west-2.amazonaws.com/bucket/", nil, .path),
    Form("https://s3.eu-west-2.amazonaws.com/bucket", nil, .path),
    Form("https://s3.amazonaws.com/bucket/", nil, .path),
    Form("https://my.dotted.bucket.s3.eu-west-2.amazonaws.com/", nil, .virtual, "my.dotted.bucket"),
    Form("https://bucket.s3.cn-north-1.amazonaws.com.cn/", nil, .virtual),
    Form(
      "https://bucket.s3.dualstack.eu-west-2.amazonaws.com/", "https://s3.dualstack.eu-west-2.amazonaws.com", .virtual),
    Form(
      "https://bucket.vpce-1-2.s3.eu-west-2.vpce.amazonaws.com/bucket/",
      "https://bucket.vpce-1-2.s3.eu-west-2.vpce.amazonaws.com", .path),
    Form("http://minio:9000/bucket/", "http://minio:9000", .path),
    Form("https://host.test/base/bucket/", "https://host.test/base", .path),
    Form("http://127.0.0.1:9000/bucket", "http://127.0.0.1:9000", .path),
    Form("http://[::1]:9000/bucket/", "http://[::1]:9000", .path),
    Form("https://bucket.minio.test/", "https://minio.test", .virtual),
    // The bucket and a pattern.
    Form("bucket https://s3-eu-west-2.amazonaws.com/{}/", nil, .path),
    Form("bucket https://{}.s3-eu-west-2.amazonaws.com/", nil, .virtual),
    Form("bucket https://{}.s3-eu-west-2.amazonaws.com", nil, .virtual),
    Form("bucket http://minio:9000/{0}/", "http://minio:9000", .path),
    Form("bucket https://{}.minio.test/", "https://minio.test", .virtual),
    Form("bucket https://minio/bucket/", "https://minio", .path),
    Form("dotted.bucket https://{}.minio.test:9000/", "https://minio.test:9000", .virtual, "dotted.bucket"),
  ]) func theBucketIsFoundInEveryForm(_ form: Form) throws {
    let configuration = try Self.invocation("/d \(form.places) eu-west-2 --prefix p").sync.configuration
    #expect(configuration.root == "/d" && configuration.region == "eu-west-2")
    #expect(configuration.location == "s3://\(form.bucket)/p")
    #expect(configuration.endpointURL == form.endpoint && configuration.addressing == form.addressing)
  }

  @Test(arguments: [
    ("", "give the folder, the bucket, its endpoint and region"),
    ("/d https://s3.test/b/", "(given: /d https://s3.test/b/)"),
    ("/d b https://s3.test/{}/ r more", "give the folder"),
    ("/d bucket r", "bucket: give a URL such as https://HOST/BUCKET/ or https://BUCKET.HOST/"),
    ("/d https://s3.eu-west-2.amazonaws.com/ r", "give a URL such as"),
    ("/d https://bucket.s3.eu-west-2.amazonaws.com/prefix/ r", "the host names the bucket bucket: a prefix goes into"),
    ("/d b https://s3.test/other/ r", "the pattern does not name the bucket"),
    ("/d https://s3.test/b/ https://s3.test/{}/ r", "give the bucket's name alone"),
    ("/d https://user:secret@s3.test/b/ r", "give a URL such as"),
    ("/d ftp://s3.test/b/ r", "give a URL such as"),
  ]) func whatIsNoPlaceIsRefused(_ line: String, _ problem: String) throws {
    let problems = try Self.problems(line)
    #expect(problems.count == 1 && problems[0].contains(problem), "\(problems)")
  }

  @Test func theDefaultsAreThePrograms() throws {
    let invocation = try Self.invocation(Self.usual)
    let configuration = invocation.sync.configuration
    #expect(configuration.location == "s3://b/" && configuration.prefixIsText)
    #expect(configuration.poll == .seconds(10) && configuration.directories == .all && configuration.deletes == .both)
    #expect(configuration.leavesExistingFiles && !configuration.asksAtFirstContact && configuration.firstSync == nil)
    #expect(configuration.credentials == .chain && configuration.verifiesCertificates && !configuration.forcesIPv4)
    #expect(configuration.localPersistence == .zero && configuration.startupMetric == nil)
    #expect(configuration.excludedLocally == nil && configuration.excludedRemotely == nil)
    #expect(invocation.sync.output.level == .notice && invocation.notes == [])
  }

  @Test func thePrefixIsText() throws {
    let location = try Self.configuration("--prefix a").place
    let keys = KeyMapping(location)
    #expect(keys.key(of: RelativePath(unchecked: "bc")) == .success("abc"))
    #expect(keys.path(ofKey: "ab/c") == .success(RelativePath(unchecked: "b/c")))
    #expect(keys.path(ofKey: "a.martlet/x") == .failure(.reserved(".martlet")))
    #expect(keys.path(ofKey: "b") == .failure(.outsidePrefix) && keys.path(ofKey: "a") == .failure(.empty))
    // What lies below the text as a folder has a name that is no path here.
    #expect(throws: PathProblem.self) { try keys.path(ofKey: "a/c").get() }
    #expect(try Self.configuration("--prefix a/").place.prefix == "a/")
  }

  @Test func optionsHaveTheirEffect() throws {
    let configuration = try Self.configuration(
      "--exclude-local '/d/.*\\.tmp$' --exclude-remote (?!keep/) --download-interval 3 --prefix= "
        + "--local-modification-persistance 120 --disable-ssl-verification --force-ipv4 "
        + "--credentials-source ecs-container-endpoint")
    #expect(configuration.excludedLocally == "/d/.*\\.tmp$" && configuration.excludedRemotely == "(?!keep/)")
    #expect(configuration.poll == .seconds(3) && configuration.localPersistence == .seconds(120))
    #expect(!configuration.verifiesCertificates && configuration.forcesIPv4 && configuration.credentials == .container)
    let other = try Self.configuration(
      "--local-modification-persistence 5 --credentials-source environment-variables --force-ipv4 false "
        + "--disable-ssl-verification=True --poll 7 --directories none --node-id me --conflict local --ready-file /r")
    #expect(other.localPersistence == .seconds(5) && other.credentials == .environment && !other.forcesIPv4)
    #expect(!other.verifiesCertificates && other.poll == .seconds(7) && other.directories == .none)
    #expect(other.nodeID == "me" && other.conflict == .local && other.readyFile == "/r")
  }

  @Test func patternsDecideAboutPaths() throws {
    let filters = try Assembly.options(
      try Self.configuration("--exclude-local '.*\\.tmp$' --exclude-remote 'away/'"), root: "/resolved", node: "n",
      location: S3Location(bucket: "b", prefix: "")
    ).filters
    func path(_ text: String) -> RelativePath { RelativePath(unchecked: text) }
    #expect(!filters.includesUploads(of: path("a.tmp")) && filters.includesDownloads(of: path("a.tmp")))
    #expect(!filters.includesUploads(of: path("a.tmp/")) && filters.includesUploads(of: path("a.tmp/f")))
    #expect(filters.downloads(of: path("away/")) == .onlyDeletions && filters.downloads(of: path("away")) == .all)
    #expect(filters.includesUploads(of: path("away/f")) && filters.downloads(of: path("away/f")) == .onlyDeletions)
    #expect(filters.includes(path("away/a.tmp")))
  }

  /// The path as the user named the folder, which need not be where it really is.
  @Test(arguments: [
    ("/d", "/d/a/b"), ("/d/", "/d/a/b"), ("//d/./e", "//d/e/a/b"), ("d", "d/a/b"), ("./d", "d/a/b"), (".", "a/b"),
    ("/", "/a/b"), ("../d", "../d/a/b"), ("/x/../d", "/x/../d/a/b"),
  ]) func localPathsBeginAsTheFolderIsGiven(_ root: String, _ path: String) throws {
    let pattern = try PythonPattern(parsing: "\(path.replacing(".", with: "\\."))$")
    let patterns = PathPatterns(local: pattern, root: root)
    let other = PathPatterns(local: try PythonPattern(parsing: "x"), root: root)
    #expect(Filters(patterns: patterns).keepsLocal(RelativePath(unchecked: "a/b/")))
    #expect(!Filters(patterns: patterns).keepsLocal(RelativePath(unchecked: "a/c")))
    #expect(Filters(patterns: patterns).identity != Filters(patterns: other).identity)
  }

  @Test(arguments: [
    ("DEBUG", Logger.Level.debug), ("WARNING", .warning), ("WARN", .warning), ("FATAL", .critical), ("NOTSET", .trace),
    ("INFO", .info), ("error", .error), ("notice", .notice),
  ]) func levelsArePythons(_ name: String, _ level: Logger.Level) throws {
    #expect(try Self.invocation("\(Self.usual) --log-level \(name)").sync.output.level == level)
    #expect(try Self.invocation(Self.usual, ["MARTLET_LOG_LEVEL": name]).sync.output.level == level)
  }

  @Test func aBareLevelIsTheLowest() throws {
    #expect(try Self.invocation("\(Self.usual) --log-level").sync.output.level == .trace)
    #expect(try Self.invocation("\(Self.usual) --quiet").sync.output.level == .critical)
    #expect(try Self.invocation("\(Self.usual) --debug").sync.output.level == .debug)
  }

  @Test func theMetricNeedsAllThree() throws {
    let line = "--cloudwatch-monitoring-endpoint http://cw:1/ --cloudwatch-monitoring-namespace N"
    let partly = try Self.invocation("\(Self.usual) \(line)")
    #expect(partly.sync.configuration.startupMetric == nil && partly.notes.count == 1)
    let metric = try Self.configuration("\(line) --cloudwatch-monitoring-region r").startupMetric
    #expect(metric == .init(endpoint: "http://cw:1/", region: "r", namespace: "N"))
    let problems = try Self.problems(
      "\(Self.usual) --cloudwatch-monitoring-endpoint cw --cloudwatch-monitoring-namespace N "
        + "--cloudwatch-monitoring-region r")
    #expect(problems.count == 1 && problems[0].hasPrefix("--cloudwatch-monitoring-endpoint cw: "))
  }

  @Test func whatHasNoEffectSaysSo() throws {
    let invocation = try Self.invocation("\(Self.usual) --upload-on-create x", ["SENTRY_DSN": "y"])
    #expect(invocation.notes.map { $0.prefix { $0 != ":" } } == ["--upload-on-create", "SENTRY_DSN"])
  }

  @Test func everythingThatIsWrongIsToldAtOnce() throws {
    let problems = try Self.problems(
      "/d b https://s3.test/x/ r --exclude-local '(?<=a)b' --exclude-remote [ --upload-on-create '\\1' "
        + "--credentials-source x --force-ipv4 maybe --download-interval soon --log-level loud")
    #expect(
      problems.map { String($0.prefix { $0 != " " }) }.sorted() == [
        "--credentials-source", "--download-interval", "--exclude-local", "--exclude-remote", "--force-ipv4",
        "--log-level", "--upload-on-create", "b",
      ], "\(problems)")
    #expect(problems.contains { $0.contains("a lookbehind (?<=…) or (?<!…), which is not supported, at position 0") })
  }

  @Test func theURLComesBeforeTheEnvironments() throws {
    let line = "/d https://b.s3.eu-west-2.amazonaws.com/ eu-west-2"
    #expect(try Self.invocation(line).sync.configuration.endpointURL == nil)
    let named = try Self.invocation(line, ["AWS_ENDPOINT_URL": "http://x"]).sync.configuration
    #expect(named.endpointURL == "https://s3.eu-west-2.amazonaws.com")
    let own = try Self.invocation(line, ["MARTLET_ENDPOINT_URL": "http://x", "MARTLET_REGION": "x"]).sync.configuration
    #expect(own.endpointURL == nil && own.region == "eu-west-2")
  }

  @Test func wordsBehindFlagsAreTheirValuesAsInPython() throws {
    let translation = ArgumentTranslationTests.translate("--force-ipv4 --pre p --exclude-l x -- /d u r", .mobius3)
    #expect(
      translation.arguments == [
        "--force-ipv4=true", "--prefix=p", "--exclude-local=x", "--", "/d", "u", "r",
      ], "\(translation)")
    for line in ["--endpoint-url x", "--region r", "--md5-skip-path x"] {
      #expect(ArgumentTranslationTests.translate("\(Self.usual) \(line)", .mobius3).problems.count == 1)
    }
  }

  @Test func itIsFoundUnderItsName() throws {
    #expect(MartletCommand.words(["/usr/bin/mobius3", "/d"]) == ["mobius3", "/d"])
    #expect(MartletCommand.words(["martlet", "mobius3", "/d"]) == ["mobius3", "/d"])
    #expect(MartletCommand.translated(["mobius3"])?.command == Mobius3Command.self)
    #expect(Set(Grammar.mobius3.rows.map(\.name)).count == Grammar.mobius3.rows.count)
  }
}
