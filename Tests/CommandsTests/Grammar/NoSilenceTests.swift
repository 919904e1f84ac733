import ArgumentParser
import Testing

@testable import Commands
@testable import Martlet

/// No option of the AWS CLI is passed over in silence: each changes what is done, or says in one line that it does not.
@Suite struct NoSilenceTests {
  /// What is given: the option's value, or the words in place of it where it needs others beside it.
  private static let values: [String: String] = [
    "--progress-frequency": "5", "--exclude": "x", "--include": "x", "--case-conflict": "skip", "--acl": "private",
    "--grants": "read=id=a", "--storage-class": "STANDARD_IA", "--sse": "AES256", "--sse-kms-key-id": "k",
    "--content-type": "a/b", "--cache-control": "x", "--content-disposition": "x", "--content-encoding": "x",
    "--content-language": "x", "--expires": "3600", "--website-redirect": "/x", "--metadata": "a=b",
    "--metadata-directive": "COPY", "--copy-props": "none", "--source-region": "r", "--request-payer": "requester",
    "--page-size": "7", "--checksum-algorithm": "SHA256", "--checksum-mode": "ENABLED", "--region": "r",
    "--profile": "p", "--endpoint-url": "http://h", "--ca-bundle": "/x", "--cli-read-timeout": "5",
    "--cli-connect-timeout": "5", "--output": "json", "--query": "x", "--color": "off",
    "--cli-binary-format": "base64", "--cli-error-format": "json",
  ]

  private static let key = "12345678901234567890123456789012"

  /// The words that give it.
  private static func words(_ name: String, _ shown: String) -> [String] {
    switch name {
    case "--sse-c", "--sse-c-copy-source": [shown, "AES256", "\(shown)-key", key]
    case "--sse-c-key": [shown.replacing("-key", with: ""), "AES256", shown, key]
    case "--sse-c-copy-source-key": [shown.replacing("-key", with: ""), "AES256", shown, key]
    case "--debug": [shown]
    default: [shown] + (values[name].map { [$0] } ?? [])
    }
  }

  enum Command: CaseIterable, Sendable {
    case sync, onlyUp, onlyDown, up, down, s3Sync2

    var isAWS: Bool { self == .up || self == .down }

    var grammar: Grammar {
      switch self {
      case .sync, .onlyUp, .onlyDown: .sync
      case .up, .down: .aws
      case .s3Sync2: .s3Sync2
      }
    }

    /// What is so without the option.
    var usual: Set<String> {
      switch self {
      case .sync, .onlyUp, .onlyDown: ["--delete"]
      case .up: ["--follow-symlinks"]
      case .down, .s3Sync2: []
      }
    }
  }

  /// What a line means, as text, and what it says.
  private static func meaning(_ words: [String], _ command: Command) throws -> (text: String, notes: [String]) {
    let translation = ArgumentTranslationTests.translate(["/tmp", "s3://b"] + words, command.grammar)
    try #require(translation.problems == [])
    let invocation = try invocation(translation.arguments, command)
    var text = ""
    dump(invocation.configuration, to: &text)
    dump(invocation.output, to: &text)
    return (text, translation.notes + invocation.notes)
  }

  /// The parser takes its time: the same line of all commands is parsed once.
  private static func invocation(_ arguments: [String], _ command: Command) throws -> SyncInvocation {
    if arguments.contains(where: { $0.hasPrefix("--sync-opt-") }) {
      let parsed = try S3Sync2Command.parse(arguments)
      return try S3Sync2Invocation(parsed.own, parsed.options, environment: [:]).sync
    }
    var options = try Parsed.options(arguments)
    switch command {
    case .sync: break
    case .onlyUp: options.decisions.onlyUp = true
    case .onlyDown: options.decisions.onlyDown = true
    case .down: options.places.reverse()
    case .up: break
    case .s3Sync2: return try SyncInvocation(options, dialect: .s3Sync2, environment: [:])
    }
    return command.isAWS ? try .ofTheAWSCLI(options, environment: [:]) : try SyncInvocation(options, environment: [:])
  }

  @Test(arguments: (AWSOptions.sync + AWSOptions.global).map(\.name))
  func noOptionIsIgnoredInSilence(_ name: String) throws {
    for command in Command.allCases {
      let usual = try Self.meaning([], command)
      var shown = [name]
      if command == .s3Sync2, AWSOptions.sync.contains(where: { $0.name == name }) {
        shown += ["--sync-opt-", "--sync-opt-up-", "--sync-opt-down-"].map { $0 + name.dropFirst(2) }
      }
      for shown in shown {
        let given = try Self.meaning(Self.words(name, shown), command)
        #expect(usual.notes == [])
        if command.usual.contains(name) { continue }
        #expect(given.notes.count <= 2)
        let isNamed = given.notes.contains { $0.hasPrefix(shown) || $0.hasPrefix(name) }
        #expect(given.text != usual.text || isNamed, "\(command): \(shown) changes nothing and says nothing")
        // What says that it has no effect has none but for objects, of which none are written.
        if given.notes.contains(where: { $0.contains("no effect") }), given.text != usual.text {
          #expect(command == .onlyDown || command == .down, "\(command): \(shown) \(given.notes)")
        }
      }
    }
  }
}
