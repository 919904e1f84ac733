import Testing

@testable import Commands

@Suite struct ArgumentTranslationTests {
  static let files = [
    "/v/text": Array("max-age=7".utf8), "/v/bytes": [0xFF, 0xFE], "/home/u/text": Array("home".utf8),
  ]

  static func translate(_ line: String, _ grammar: Grammar = .s3Sync2) -> ArgumentTranslation {
    translate(words(line), grammar)
  }

  static func translate(_ words: [String], _ grammar: Grammar = .s3Sync2) -> ArgumentTranslation {
    let files = ParameterFile(
      read: { path throws(SettingProblem) in
        guard let bytes = Self.files[path] else { throw SettingProblem("cannot read \(path)") }
        return bytes
      }, environment: ["HOME": "/home/u", "V": "/v"])
    return ArgumentTranslation(words, grammar: grammar, files: files)
  }

  /// Blanks part, single quotes keep together.
  static func words(_ line: String) -> [String] {
    var words: [String] = []
    for (index, part) in line.split(separator: "'", omittingEmptySubsequences: false).enumerated() {
      if index % 2 == 1 { words.append(String(part)) } else { words += part.split(separator: " ").map(String.init) }
    }
    return words
  }

  struct Line: Sendable, CustomTestStringConvertible {
    var given: String
    var expected: String
    var testDescription: String { given }
    init(_ given: String, _ expected: String) {
      self.given = given
      self.expected = expected
    }
  }

  @Test(arguments: [
    // Places: in either order, before, behind and between options.
    Line("/a s3://b", "-- /a s3://b"),
    Line("s3://b /a --delete", "--delete -- s3://b /a"),
    Line("/a --dryrun s3://b", "--dryrun -- /a s3://b"),
    Line("--delete -- -a s3://b", "--delete -- -a s3://b"),
    // Values: behind the name, behind `=`, empty, negative, with a blank.
    Line("--region eu-west-1", "--region=eu-west-1"),
    Line("--region=eu-west-1", "--region=eu-west-1"),
    Line("--exclude '-a b'", "'--exclude=-a b'"),
    Line("--exclude=-a", "--exclude=-a"),
    Line("--exclude=a=b", "--exclude=a=b"),
    Line("--max-failures -1", "--max-failures=-1"),
    Line("--region= /a", "-- /a"),
    Line("--exclude -", "--exclude=-"),
    // The order of filters is kept, and so is every use of an option.
    Line("--exclude '*' --include '*.jpg' --exclude b", "'--exclude=*' '--include=*.jpg' --exclude=b"),
    // Unique beginnings.
    Line("--dry --delet --excl x", "--dryrun --delete --exclude=x"),
    Line("--endpoint http://h", "--endpoint-url=http://h"),
    Line("--max-f 2", "--max-failures=2"),
    // What both the AWS CLI and Martlet could mean is the AWS CLI's.
    Line("--no-f", "--no-follow-symlinks"),
    Line("--on", "--only-show-errors"),
    Line("--no-delete", "--no-delete"),
    // Short forms.
    Line("-p 5 -x 0 -i", "--poll=5 --max-failures=0 --init-sync-down"),
    Line("-d -t 30 -w 90 -q queue -s a|b -u", expectedShort),
    // A level behind --debug is one of four.
    Line("--debug /a s3://b", "--debug=DEBUG -- /a s3://b"),
    Line("--debug warn /a", "--debug=WARN -- /a"),
    Line("--debug NONE", "--debug=NONE"),
    // Both directions, and one of them.
    Line("--sync-opt-delete", "--delete"),
    Line("--sync-opt-exclude x", "--exclude=x"),
    Line("--sync-opt-up-delete", "--sync-opt-up-delete"),
    Line("--sync-opt-down-delet", "--sync-opt-down-delete"),
    Line("--sync-opt-down-exclude 'a b'", "'--sync-opt-down-exclude=a b'"),
    Line("--sync-opt-up-excl=x --sync-opt-up-include y", "--sync-opt-up-exclude=x --sync-opt-up-include=y"),
    Line("--sync-opt-up-no-follow-symlinks", "--no-follow-symlinks"),
    Line("--sync-opt-follow-symlinks --no-fo", "--follow-symlinks --no-follow-symlinks"),
    Line("--sync-opt-up-acl=public-read", "--acl=public-read"),
    Line("--sync-opt-down-checksum-mode ENABLED", "--checksum-mode=ENABLED"),
    // Values that may be missing, and several of them.
    Line("/a s3://b --sse", "--sse=AES256 -- /a s3://b"),
    Line("--sse --sse-c --request-payer", "--sse=AES256 --sse-c=AES256 --request-payer=requester"),
    Line("--sse aws:kms /a s3://b", "--sse=aws:kms -- /a s3://b"),
    Line("--sse=aws:kms", "--sse=aws:kms"),
    Line(
      "/a s3://b --grants read=uri=x full=id=y --delete", "--grants=read=uri=x --grants=full=id=y --delete -- /a s3://b"
    ),
    Line("--grants=read=uri=x /a s3://b", "--grants=read=uri=x -- /a s3://b"),
    Line("--metadata '{\"a\":\"b, c\"}'", "'--metadata={\"a\":\"b, c\"}'"),
    Line("--cf-inval-paths '/a /b/*'", "'--cf-inval-paths=/a /b/*'"),
    Line("--cf-dist-id=", "--cf-dist-id ''"),
    // Files.
    Line("--sse-c-key fileb:///v/bytes", "--sse-c-key=fileb:///v/bytes"),
    Line("--website-redirect file:///v/text", "--website-redirect=file:///v/text"),
    Line("--cache-control file:///v/text", "--cache-control=max-age=7"),
    Line("--exclude file:///v/text", "--exclude=max-age=7"),
    Line("--exclude fileb:///v/text", "--exclude=max-age=7"),
    Line("--exclude file://~/text", "--exclude=home"),
    Line("--exclude file://$V/text", "--exclude=max-age=7"),
    Line("--exclude file://${V}/text", "--exclude=max-age=7"),
    Line("--exclude http://h/x", "--exclude=http://h/x"),
    Line("--ready-file file:///v/text", "--ready-file=file:///v/text"),
    // Nothing else matters where help is wanted.
    Line("--bogus /a -h", "--help"),
    Line("/a --version", "--version"),
  ]) func isSaidInTheParsersGrammar(_ line: Line) {
    let translation = Self.translate(line.given)
    #expect(translation.arguments == Self.words(line.expected))
    #expect(translation.problems == [])
  }

  private static let expectedShort =
    "--dfs --dfs-lock-timeout=30 --dfs-lock-wait=90 --event-queue=queue --md5-skip-path=a|b --init-sync-up"

  @Test(arguments: [
    Line("--content x", "--content: could be --content-type, --content-disposition, --content-encoding"),
    Line("--bogus", "--bogus: is no option of s3-sync2"),
    Line("--recursive", "--recursive: is no option"),
    Line("--", ""),
    Line("-z", "-z: is no option"),
    Line("-du", "-du: is no option"),
    Line("-", "-: a single stream"),
    Line("--delete=true", "--delete=true: takes no value"),
    Line("--exclude", "--exclude: its value is missing"),
    Line("--exclude --delete", "--exclude: its value is missing"),
    Line("--exclude --include='a b'", "--exclude: its value is missing"),
    Line("-p", "-p: its value is missing"),
    Line("--grants --delete", "--grants: its values are missing"),
    Line("--acl foo", "--acl foo: give one of private, public-read"),
    Line("--storage-class standard", "--storage-class standard: give one of STANDARD"),
    Line("--sse /a s3://b", "--sse /a: give one of AES256, aws:kms; alone it means AES256"),
    Line("--sse aws:kms:dsse", "--sse aws:kms:dsse: give one of"),
    Line("--debug=loud", "--debug LOUD: give one of ERROR, WARN, DEBUG, NONE"),
    Line("--page-size many", "--page-size many: give a whole number"),
    Line("--color blue", "--color blue: give one of on, off, auto"),
    Line("--exclude file:///none", "--exclude file:///none: cannot read /none"),
    Line("--exclude fileb:///v/bytes", "--exclude fileb:///v/bytes: the file is not UTF-8"),
    Line("--sync-opt-up-region x", "--sync-opt-up-region: is no option of aws s3 sync"),
    Line("--sync-opt-up-content x", "--sync-opt-up-content: could be"),
  ]) func isRefusedByName(_ line: Line) {
    let problems = Self.translate(line.given).problems
    guard !line.expected.isEmpty else { return #expect(problems == []) }
    #expect(problems.count == 1)
    #expect(problems.first?.hasPrefix(line.expected) == true, "\(problems)")
  }

  @Test(arguments: [
    Line("--sync-opt-up-exact-timestamps", "--sync-opt-up-exact-timestamps: speaks about the other direction"),
    Line("--query x --query y", "--query: has no effect"),
    Line("--source-region eu-west-1", "--source-region: concerns copies between two buckets"),
    Line("--sync-opt-down-case-conflict skip", "--sync-opt-down-case-conflict: names that"),
    Line("--sync-opt-down-acl private", "--sync-opt-down-acl: speaks about the other direction"),
    Line("--sync-opt-up-checksum-mode ENABLED", "--sync-opt-up-checksum-mode: speaks about the other direction"),
    Line("--sync-opt-down-no-follow-symlinks", "--sync-opt-down-no-follow-symlinks: speaks about the other direction"),
  ]) func isToldToHaveNoEffect(_ line: Line) {
    let translation = Self.translate(line.given)
    #expect(translation.notes.count == 1)
    #expect(translation.notes.first?.hasPrefix(line.expected) == true, "\(translation.notes)")
    #expect(translation.problems == [])
    #expect(translation.arguments == [])
  }

  @Test(arguments: ["quiet", "size-only", "no-overwrite"]) func holdsForTheWholeRunAlsoBehindADirection(name: String) {
    let translation = Self.translate("--sync-opt-up-\(name)")
    #expect(translation.arguments == ["--\(name)"])
    #expect(translation.notes == ["--sync-opt-up-\(name): holds for the whole run, in both directions"])
  }

  @Test func everythingThatIsWrongIsToldAtOnce() {
    let translation = Self.translate("--bogus value /a s3://b --acl foo --delete=1 --exclude x -z")
    #expect(translation.problems.count == 4)
    #expect(translation.arguments == ["--exclude=x", "--", "/a", "s3://b"])
  }

  @Test func directionsAreOfS3Sync2Alone() {
    #expect(Self.translate("--sync-opt-up-delete", .sync).problems.count == 1)
    #expect(Self.translate("-d", .sync).problems == ["-d: is no option of martlet sync: see martlet sync --help"])
    #expect(Self.translate("--dfs", .sync).problems.count == 1)
  }

  @Test func filesOfTheDiskAreRead() throws {
    let folder = try ScratchFolder()
    try #require(Executable.write("of a file", to: folder.path + "/value"))
    let files = ParameterFile(environment: [:])
    #expect(try files.text("file://\(folder.path)/value") == "of a file")
    #expect(try files.bytes("fileb://\(folder.path)/value") == Array("of a file".utf8))
    #expect(throws: SettingProblem.self) { try files.text("file://\(folder.path)/none") }
    #expect(throws: SettingProblem.self) { try files.text("file://\(folder.path)") }
    #expect(throws: SettingProblem.self) { try files.text("file:///dev/zero") }
  }
}
