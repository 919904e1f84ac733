import ArgumentParser
import Foundation
import Testing

@testable import AWSKit
@testable import Commands
@testable import Martlet

@Suite struct IAMPolicyTests {
  /// What a line prints, as typed.
  private static func policy(_ line: String, _ environment: [String: String] = [:]) throws -> String {
    let words = MartletCommand.words(["martlet"] + ArgumentTranslationTests.words(line))
    let (names, type) = try #require(MartletCommand.translated(words))
    let translation = ArgumentTranslationTests.translate(Array(words.dropFirst(names.count)), type.grammar)
    try #require(translation.problems == [])
    switch try MartletCommand.parseAsRoot(names + translation.arguments) {
    case let command as IAMPolicyCommand: return try command.policy(environment)
    case let command as S3Sync2PolicyCommand: return try command.policy(environment)
    case let other:
      Issue.record("\(other)")
      return ""
    }
  }

  private struct Statement: Hashable {
    var actions: Set<String>
    var resources: Set<String>
  }

  private static func statements(_ line: String, _ environment: [String: String] = [:]) throws -> [String: Statement] {
    let document = try #require(JSONValue(parsing: try policy(line, environment).utf8))
    #expect(document["Version"] == "2012-10-17")
    func list(_ value: JSONValue?) -> Set<String> {
      Set((value?.array ?? [value].compactMap(\.self)).compactMap(\.string))
    }
    let found = (document["Statement"]?.array ?? []).map { statement in
      (
        statement["Sid"]?.string ?? "",
        Statement(actions: list(statement["Action"]), resources: list(statement["Resource"]))
      )
    }
    return Dictionary(uniqueKeysWithValues: found)
  }

  private static let home = ["AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"]

  /// docs/iam.md shows lines and what they print.
  @Test func thePageShowsWhatIsPrinted() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let page = try String(contentsOf: root.appendingPathComponent("docs/iam.md"), encoding: .utf8)
    let blocks = page.components(separatedBy: "\n$ martlet iam-policy ").dropFirst()
    #expect(blocks.count >= 6)
    for block in blocks {
      let lines = block.components(separatedBy: "\n")
      let end = try #require(lines.firstIndex(of: "```"))
      let line = "iam-policy " + lines[0]
      let printed = try Self.policy(line, Self.home)
      #expect(lines[1..<end].joined(separator: "\n") == printed, "\(line)")
    }
  }

  @Test(
    arguments: [
      ("s3://b/p", "arn:aws:s3:::b/p/*"), (". s3://b/p/", "arn:aws:s3:::b/p/*"), ("s3://b .", "arn:aws:s3:::b/*"),
      ("s3://b/p --region cn-north-1", "arn:aws-cn:s3:::b/p/*"),
      ("s3://b/p --region us-gov-east-1", "arn:aws-us-gov:s3:::b/p/*"),
      ("s3://b/a*b?c$", "arn:aws:s3:::b/a${*}b${?}c${$}/*"),
      (
        "s3://arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/ap/p",
        "arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/ap/object/p/*"
      ),
    ])
  func objectsAreThoseOfThePrefix(_ places: String, _ expected: String) throws {
    #expect(try Self.statements("iam-policy \(places)", Self.home)["Objects"]?.resources == [expected])
  }

  @Test func variablesCount() throws {
    let environment = Self.home.merging([
      "MARTLET_S3_URI": "s3://b/p", "MARTLET_ONLY_DOWN": "true", "AWS_REGION": "cn-north-1",
    ]) { $1 }
    let statements = try Self.statements("iam-policy", environment)
    #expect(statements["Objects"] == Statement(actions: ["s3:GetObject"], resources: ["arn:aws-cn:s3:::b/p/*"]))
    #expect(throws: UsageError.self) { try Self.policy("iam-policy", Self.home) }
  }

  @Test(
    arguments: [
      ("s3://b", true), ("s3://b --only-up", true), ("s3://b --no-delete", false), ("s3-sync2 s3://b", false),
      ("s3-sync2 s3://b --delete", true), ("s3-sync2 s3://b --sync-opt-up-delete", true),
      ("s3-sync2 s3://b --sync-opt-down-delete", false),
    ])
  func deletionsAreAllowedWhereTheyCross(_ options: String, _ crosses: Bool) throws {
    let statements = try Self.statements("iam-policy \(options)", Self.home)
    #expect(statements["Objects"]?.actions.contains("s3:DeleteObject") == crosses)
    #expect((statements["OwnObjects"]?.resources == ["arn:aws:s3:::b/.martlet/*"]) == !crosses)
  }

  /// What writes nothing needs to read only.
  @Test(arguments: ["--only-down", "--dryrun", "--only-down --dfs --acl private"])
  func readersOnlyRead(_ options: String) throws {
    let actions = try Self.statements("iam-policy s3://b \(options)", Self.home).flatMap(\.value.actions)
    #expect(Set(actions) == ["s3:ListBucket", "s3:GetObject"])
  }

  @Test(
    arguments: [
      ("--sse aws:kms", nil), ("--sse AES256 --sse-kms-key-id k", nil),
      ("--sse aws:kms --sse-kms-key-id k", "arn:aws:kms:*:*:key/k"),
      (
        "--sse aws:kms --sse-kms-key-id k --region eu-west-1 --account 123456789012",
        "arn:aws:kms:eu-west-1:123456789012:key/k"
      ),
      ("--sse aws:kms --sse-kms-key-id arn:aws:kms:x:1:key/k", "arn:aws:kms:x:1:key/k"),
      ("--sse aws:kms --sse-kms-key-id alias/a", "arn:aws:kms:*:*:key/*"),
      ("--sse aws:kms --sse-kms-key-id arn:aws:kms:x:1:alias/a", "arn:aws:kms:x:1:key/*"),
    ] as [(String, String?)])
  func keysAreNamed(_ options: String, _ key: String?) throws {
    let line = "iam-policy s3://b \(options)"
    let statement = try Self.statements(line, Self.home)["Key"]
    #expect(statement?.resources == key.map { [$0] })
    #expect(statement == nil || statement?.actions == ["kms:Decrypt", "kms:GenerateDataKey"])
    if options.contains("alias") {
      #expect(
        try Self.policy(line, Self.home).contains(
          "{\"ForAnyValue:StringLike\": {\"kms:ResourceAliases\": \"alias/a\"}}"))
    }
  }

  @Test(
    arguments: [
      ("sqs", ["Queue"]), ("sns", ["Queue", "Topic", "Subscription"]), ("eventbridge", ["Queue", "Rule"]),
      ("auto", ["Queue", "Topic", "Subscription", "Rule"]),
    ] as [(String, Set<String>)])
  func theRouteDecides(_ route: String, _ expected: Set<String>) throws {
    let line = "iam-policy s3://b/p -q x-[uid]-y --event-route \(route)"
    let statements = try Self.statements(line, Self.home)
    #expect(Set(statements.keys).subtracting(["List", "Uploads", "Objects"]) == expected.union(["Notifications"]))
    #expect(statements["Queue"]?.resources == ["arn:aws:sqs:*:*:x-*-y"])
    #expect(statements["Rule"].map { $0.resources == ["arn:aws:events:*:*:rule/martlet-x-*"] } ?? true)
    #expect(statements["Queue"]?.actions.contains("sqs:DeleteQueue") == false)
    #expect(try Self.statements("\(line) --once", Self.home)["Queue"] == nil)
    let cleaned = try Self.statements("\(line) --event-queue-cleanup", Self.home)
    #expect(cleaned["Queue"]?.actions.contains("sqs:DeleteQueue") == true)
  }

  @Test func badValuesAreRefused() throws {
    for line in ["iam-policy s3://b --account 1", "iam-policy /a /b", "iam-policy s3://b --poll x"] {
      #expect(throws: UsageError.self, "\(line)") { try Self.policy(line, Self.home) }
    }
  }
}
