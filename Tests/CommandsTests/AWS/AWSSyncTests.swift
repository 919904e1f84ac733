import ArgumentParser
import Glibc
import Testing

@testable import Commands
@testable import Martlet

/// `martlet s3 sync`, which stands in for `aws s3 sync`.
@Suite struct AWSSyncTests {
  private static func invocation(_ line: String, _ variables: [String: String] = [:]) throws -> SyncInvocation {
    let translation = ArgumentTranslationTests.translate(line, .aws)
    #expect(translation.problems == [])
    return try .ofTheAWSCLI(Parsed.options(translation.arguments), environment: variables)
  }

  @Test(arguments: [
    ("/a s3://b", Configuration.Directions.up, false), ("s3://b/x /a --delete", .down, true),
    ("--delete /a s3://b", .up, true),
  ]) func theOrderOfThePlacesIsTheDirection(
    _ line: String, _ direction: Configuration.Directions, _ deletes: Bool
  ) throws {
    let configuration = try Self.invocation(line, ["MARTLET_ONLY_UP": "true", "MARTLET_POLL": "x"]).configuration
    #expect(configuration.root == "/a")
    #expect(configuration.once)
    #expect(configuration.directions == direction)
    #expect(configuration.deletes.isEmpty == !deletes)
    #expect(configuration.directories == .none)
    #expect(configuration.mirrorsAtStart == deletes)
    #expect(configuration.firstSync == (deletes ? direction == .up ? .local : .remote : nil))
    #expect(configuration.symlinks == (direction == .up ? .follow : .preserve))
  }

  @Test func linksAreFollowedUnlessSomethingElseIsAsked() throws {
    for (options, links, areUnsafe) in [
      ("", Configuration.Symlinks.follow, true), ("--follow-symlinks", .follow, true),
      ("--no-follow-symlinks", .skip, false), ("--symlinks preserve", .preserve, false),
      ("--symlinks follow", .follow, false),
    ] {
      let configuration = try Self.invocation("/a s3://b \(options)").configuration
      #expect(configuration.symlinks == links && configuration.unsafeLinks == areUnsafe, "\(options)")
    }
  }

  @Test func foldersTravelWhereThatIsAsked() throws {
    #expect(try Self.invocation("/a s3://b --directories empty").configuration.directories == .empty)
  }

  /// Uploads follow them anywhere unless something else is said.
  @Test(arguments: [
    ("/a s3://b", [:], Configuration.Symlinks.follow), ("/a s3://b --follow-symlinks", [:], .follow),
    ("/a s3://b --no-follow-symlinks", [:], .skip), ("/a s3://b --symlinks preserve", [:], .preserve),
    ("/a s3://b", ["MARTLET_SYMLINKS": "preserve"], .preserve),
    ("/a s3://b", ["MARTLET_NO_FOLLOW_SYMLINKS": "true"], .skip), ("s3://b /a", [:], .preserve),
  ]) func uploadsFollowLinks(_ line: String, _ variables: [String: String], _ expected: Configuration.Symlinks) throws {
    let configuration = try Self.invocation(line, variables).configuration
    #expect(configuration.symlinks == expected)
    #expect(configuration.unsafeLinks == (expected == .follow))
  }

  @Test(arguments: ["", "/a", "/a /b", "s3://a s3://b", "/a s3://b /c"]) func takesTwoPlaces(_ line: String) throws {
    let error = try #require(throws: UsageError.self) {
      try Self.invocation(line, ["MARTLET_LOCAL_PATH": "/a", "MARTLET_S3_URI": "s3://b"])
    }
    #expect(error.problems.count == 1 && error.problems[0].contains("one local folder and one S3 location"))
  }

  @Test(arguments: [
    ("s3 sync /a s3://b --delete", "s3 sync /a s3://b --delete"),
    ("--profile p s3 sync /a s3://b", "s3 sync --profile p /a s3://b"),
    ("--debug --region=r s3 --no-verify-ssl sync x", "s3 sync --debug --region=r --no-verify-ssl x"),
    ("--prof p s3 sync", "s3 sync --prof p"),
    ("--profile s3 sync /a s3://b", "--profile s3 sync /a s3://b"),
    ("s3 cp a b", "s3 cp a b"), ("--bogus s3 sync", "--bogus s3 sync"), ("--region", "--region"), ("", ""),
    ("sync /a s3://b", "sync /a s3://b"),
  ]) func globalOptionsStandAnywhere(_ line: String, _ expected: String) {
    #expect(AWSWords.ordered(line.split(separator: " ").map(String.init)).joined(separator: " ") == expected)
  }

  @Test func codesOfTheAWSCLI() {
    func code(
      _ paths: [String], isIgnored: Bool = false, halted: String? = nil, left: String? = nil
    ) -> Int32 {
      var outcome = SyncOutcome()
      outcome.unsynced = paths.map { .init(path: $0, reason: "x") }
      outcome.deletionsHalted = halted
      outcome.invalidationLeft = left
      outcome.note(archived: { $0 == "cold" }, isIgnored: isIgnored, passedOver: { $0 == "pipe" })
      return AWSExitStatus.of(outcome).rawValue
    }
    #expect(code([]) == 0)
    #expect(code(["cold"]) == 2 && code(["pipe"]) == 2 && code(["cold", "pipe"]) == 2)
    #expect(code(["cold"], isIgnored: true) == 0 && code(["cold", "pipe"], isIgnored: true) == 2)
    // A failure comes before a warning.
    #expect(code(["busy"]) == 1 && code(["cold", "busy"]) == 1 && code(["pipe", "busy"]) == 1)
    #expect(code(["pipe"], halted: "too many") == 1 && code([], left: "not told") == 1)
    #expect(code(["pipe"], left: "not told") == 1)
    #expect(AWSExitStatus.of(MartletError(.configuration, "x")).rawValue == 255)
    #expect(AWSExitStatus.of(MartletError(.remote, "x")).rawValue == 1)
  }

  /// Where the AWS CLI warns and goes on, and where it fails.
  @Test func whatIsPassedOver() throws {
    let folder = try ScratchFolder()
    func at(_ name: String) -> String { folder.path + "/" + name }
    mkdir(at("d"), 0o755)
    mkfifo(at("d/pipe"), 0o644)
    try #require(Executable.write("x", to: at("file")))
    for (name, target) in [("dangling", "none"), ("self", "."), ("round", "round"), ("good", "file"), ("p", "d/pipe")] {
      symlink(target, at(name))
    }
    let over = PassedOver(root: folder.path, followsLinks: true)
    for name in [
      "d/pipe", "dangling", "self", "round", "p", "../x", "a//b", "/a", "x/../y",
    ] { #expect(over.includes(name), "\(name)") }
    for name in ["file", "d/", "d", "good", "none", "none/x", "", "/", String(repeating: "x", count: 300)] {
      #expect(!over.includes(name), "\(name)")
    }
    // Links that travel as links.
    let kept = PassedOver(root: folder.path, followsLinks: false)
    for name in ["dangling", "self", "p"] { #expect(!kept.includes(name), "\(name)") }
  }
}
