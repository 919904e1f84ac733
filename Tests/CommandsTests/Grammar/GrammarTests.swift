import ArgumentParser
import Foundation
import Testing

@testable import Commands

@Suite struct GrammarTests {
  /// The options of `aws s3 sync help` of versions 1.45 and 2.36.
  static let awsSync = """
    --dryrun --quiet --include --exclude --acl --follow-symlinks --no-follow-symlinks --no-guess-mime-type --sse \
    --sse-c --sse-c-key --sse-kms-key-id --sse-c-copy-source --sse-c-copy-source-key --storage-class --grants \
    --website-redirect --content-type --cache-control --content-disposition --content-encoding --content-language \
    --expires --source-region --only-show-errors --no-progress --page-size --ignore-glacier-warnings \
    --force-glacier-transfer --request-payer --checksum-mode --checksum-algorithm --metadata --copy-props \
    --metadata-directive --size-only --exact-timestamps --delete --case-conflict --no-overwrite \
    --progress-frequency --progress-multiline
    """
  static let awsGlobal = """
    --debug --endpoint-url --no-verify-ssl --no-paginate --output --query --profile --region --color \
    --no-sign-request --ca-bundle --cli-read-timeout --cli-connect-timeout --v2-debug --cli-binary-format \
    --no-cli-pager --cli-auto-prompt --no-cli-auto-prompt --cli-error-format
    """

  @Test func theTableHoldsEveryOptionOfTheAWSCLI() {
    #expect(Set(AWSOptions.sync.map(\.name)) == Set(Self.awsSync.split(separator: " ").map(String.init)))
    #expect(Set(AWSOptions.global.map(\.name)) == Set(Self.awsGlobal.split(separator: " ").map(String.init)))
    let ofVersion2 = AWSOptions.sync.filter { $0.versions == .v2 }.map(\.name)
    #expect(
      Set(ofVersion2) == ["--no-overwrite", "--copy-props", "--progress-frequency", "--progress-multiline"])
  }

  @Test(arguments: [Grammar.sync, .s3Sync2]) func everyNameStandsForOneOption(_ grammar: Grammar) {
    #expect(Set(grammar.rows.map(\.name)).count == grammar.rows.count)
    let shorts = grammar.rows.compactMap(\.short)
    #expect(Set(shorts).count == shorts.count)
  }

  /// What the table calls implemented the parser takes, and nothing that the parser takes is missing in the table.
  @Test func theTableIsThatOfTheParser() throws {
    #expect(implemented(.sync) == (try parserNames(SyncCommand.self)))
    let limited = Grammar.s3Sync2.rows.filter { $0.scope == .either && $0.treatment == .implemented }
      .flatMap { row in ["up", "down"].map { "--sync-opt-\($0)-" + row.name.dropFirst(2) } }
    #expect(implemented(.s3Sync2).union(limited) == (try parserNames(S3Sync2Command.self)))
  }

  /// docs/migrating.md names every option, the version that has it, and whether it has an effect.
  @Test func theTableIsDocumented() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let page = try String(contentsOf: root.appendingPathComponent("docs/migrating.md"), encoding: .utf8)
    let lines = page.split(separator: "\n").filter { $0.hasPrefix("| `--") }
    for row in AWSOptions.sync + AWSOptions.global {
      let version =
        switch row.versions {
        case .all: ""
        case .v1: "v1"
        case .v2: "v2"
        }
      let effect =
        switch row.treatment {
        case .implemented: ""
        case .accepted: "No effect"
        }
      let start = "| `\(row.name)` | \(version) | \(effect)"
      #expect(lines.contains { $0.hasPrefix(start) }, "\(start)")
    }
    #expect(lines.count { $0.contains("| No effect") } == (AWSOptions.sync + AWSOptions.global).count(where: \.isIdle))
  }

  private func implemented(_ grammar: Grammar) -> Set<String> {
    Set(grammar.rows.filter { $0.treatment == .implemented }.map(\.name))
  }

  @Test func theParserKnowsTheShortForms() throws {
    let help = S3Sync2Command.helpMessage()
    for row in Grammar.s3Sync2.rows {
      guard let short = row.short, row.treatment == .implemented else { continue }
      #expect(help.contains("-\(short), \(row.name)"), "\(row.name)")
    }
  }

  private func parserNames(_ command: any ParsableCommand.Type) throws -> Set<String> {
    let help = try JSONSerialization.jsonObject(with: Data(command._dumpHelp().utf8)) as? [String: Any]
    let arguments = (help?["command"] as? [String: Any])?["arguments"] as? [[String: Any]] ?? []
    let names = arguments.flatMap { $0["names"] as? [[String: Any]] ?? [] }
    let long = names.filter { $0["kind"] as? String == "long" }.compactMap { $0["name"] as? String }
    return Set(long.map { "--" + $0 }).subtracting(["--help", "--version"])
  }
}

extension OptionRow {
  fileprivate var isIdle: Bool { if case .accepted = treatment { true } else { false } }
}
