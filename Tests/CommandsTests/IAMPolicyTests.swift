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

  /// Of a line; the parser takes a fifth of a second for each in a debug build.
  private static func statements(_ line: String, _ environment: [String: String] = [:]) throws -> [String: Statement] {
    try statements(of: try policy(line, environment))
  }

  private static func statements(
    _ location: String = "s3://b", region: String? = nil, account: String? = nil,
    _ change: (inout Configuration) -> Void = { _ in }
  ) throws -> [String: Statement] {
    try statements(of: try json(location, region: region, account: account, change))
  }

  private static func json(
    _ location: String = "s3://b", region: String? = nil, account: String? = nil,
    _ change: (inout Configuration) -> Void = { _ in }
  ) throws -> String {
    var configuration = Configuration(root: ".", location: location)
    configuration.region = region
    change(&configuration)
    var scope = PolicyScope()
    scope.region = try configuration.policyRegion(environment: home)
    scope.account = account
    return try IAMPolicy(configuration, scope).json
  }

  private static func statements(of json: String) throws -> [String: Statement] {
    let document = try #require(JSONValue(parsing: json.utf8))
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
      ("s3://b/p", nil, "arn:aws:s3:::b/p/*"), ("s3://b", nil, "arn:aws:s3:::b/*"),
      ("s3://b/p", "cn-north-1", "arn:aws-cn:s3:::b/p/*"), ("s3://b/p/", "us-gov-east-1", "arn:aws-us-gov:s3:::b/p/*"),
      ("s3://b/a*b?c$", nil, "arn:aws:s3:::b/a${*}b${?}c${$}/*"),
      (
        "s3://arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/ap/p", nil,
        "arn:aws-cn:s3:cn-north-1:123456789012:accesspoint/ap/object/p/*"
      ),
    ] as [(String, String?, String)])
  func objectsAreThoseOfThePrefix(_ location: String, _ region: String?, _ expected: String) throws {
    #expect(try Self.statements(location, region: region)["Objects"]?.resources == [expected])
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

  @Test(arguments: [(nil, nil), ("p/.martlet/j", nil), ("fleet", "fleet/"), ("p", nil)] as [(String?, String?)])
  func aJournalOutsideThePrefixIsAllowed(_ prefix: String?, _ folder: String?) throws {
    let statements = try Self.statements("s3://b/p") { $0.journal = Configuration.Journal(prefix: prefix) }
    let expected = folder.map {
      Statement(actions: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], resources: ["arn:aws:s3:::b/\($0)*"])
    }
    #expect(statements["Journal"] == expected)
    #expect(statements["JournalList"]?.resources == expected.map { _ in ["arn:aws:s3:::b"] })
  }

  /// What writes nothing needs to read only.
  @Test func readersOnlyRead() throws {
    for isDryRun in [true, false] {
      let actions = try Self.statements { configuration in
        if isDryRun { configuration.dryRun = true } else { configuration.directions = .down }
        configuration.lease = Configuration.Lease()
        configuration.objects.acl = .isPrivate
      }
      #expect(Set(actions.flatMap(\.value.actions)) == ["s3:ListBucket", "s3:GetObject"])
    }
  }

  @Test(
    arguments: [
      (nil, nil, nil, nil), ("k", nil, nil, "arn:aws:kms:*:*:key/k"),
      ("k", "eu-west-1", "123456789012", "arn:aws:kms:eu-west-1:123456789012:key/k"),
      ("arn:aws:kms:x:1:key/k", nil, nil, "arn:aws:kms:x:1:key/k"), ("alias/a", nil, nil, "arn:aws:kms:*:*:key/*"),
      ("arn:aws:kms:x:1:alias/a", nil, nil, "arn:aws:kms:x:1:key/*"),
    ] as [(String?, String?, String?, String?)])
  func keysAreNamed(_ id: String?, _ region: String?, _ account: String?, _ key: String?) throws {
    func change(_ configuration: inout Configuration) {
      configuration.objects.sse = .kms
      configuration.objects.sseKMSKeyID = id
    }
    let statement = try Self.statements(region: region, account: account, change)["Key"]
    #expect(statement?.resources == key.map { [$0] })
    #expect(statement == nil || statement?.actions == ["kms:Decrypt", "kms:GenerateDataKey"])
    let condition =
      id?.contains("alias") == true
      ? "{\"ForAnyValue:StringLike\": {\"kms:ResourceAliases\": \"alias/a\"}}"
      : "{\"StringLike\": {\"kms:ViaService\": \"s3.\(region ?? "*").amazonaws.com\"}}"
    #expect(try Self.json(region: region, change).contains(condition) == (key != nil))
  }

  @Test(
    arguments: [
      (.sqs, ["Queue"]), (.sns, ["Queue", "Topic", "Subscription"]), (.eventBridge, ["Queue", "Rule"]),
      (.auto, ["Queue", "Topic", "Subscription", "Rule"]),
    ] as [(Configuration.EventQueue.Route, Set<String>)])
  func theRouteDecides(_ route: Configuration.EventQueue.Route, _ expected: Set<String>) throws {
    func statements(cleansUp: Bool = false, once: Bool = false) throws -> [String: Statement] {
      try Self.statements("s3://b/p") { configuration in
        configuration.eventQueue = Configuration.EventQueue(name: "x-[uid]-y")
        configuration.eventQueue?.route = route
        configuration.eventQueue?.cleansUp = cleansUp
        configuration.once = once
      }
    }
    let found = try statements()
    #expect(Set(found.keys).subtracting(["List", "Uploads", "Objects"]) == expected.union(["Notifications"]))
    #expect(found["Queue"]?.resources == ["arn:aws:sqs:*:*:x-*-y"])
    #expect(found["Rule"].map { $0.resources == ["arn:aws:events:*:*:rule/martlet-x-*"] } ?? true)
    #expect(found["Queue"]?.actions.contains("sqs:DeleteQueue") == false)
    #expect(try statements(once: true)["Queue"] == nil)
    #expect(try statements(cleansUp: true)["Queue"]?.actions.contains("sqs:DeleteQueue") == true)
  }

  @Test func badValuesAreRefused() throws {
    for line in ["iam-policy s3://b --account 1", "iam-policy /a /b", "iam-policy s3://b --poll x"] {
      #expect(throws: UsageError.self, "\(line)") { try Self.policy(line, Self.home) }
    }
  }
}
