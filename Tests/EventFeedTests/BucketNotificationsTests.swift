import Testing

@testable import EventFeed

@Suite struct BucketNotificationsTests {
  private static let rule = NotificationRule(id: "ours", .topic("arn:aws:sns:r:1:t"), prefix: "tree/")

  /// What somebody else may have, with what nobody knows yet.
  private static let foreign = [
    """
    <!-- a > b --><QueueConfiguration><Id>theirs &amp; co</Id><Queue>arn:aws:sqs:r:1:q</Queue>
      <Event>s3:ObjectCreated:*</Event>
      <Filter><S3Key><FilterRule><Name>Prefix</Name><Value>logs/</Value></FilterRule></S3Key></Filter>
    </QueueConfiguration>
    """,
    """
    <CloudFunctionConfiguration><CloudFunction>arn:aws:lambda:r:1:f</CloudFunction>
    <Event>s3:ObjectAcl:Put</Event></CloudFunctionConfiguration>
    """,
    "<FutureConfiguration a=\"x>y\"/>", "<EventBridgeConfiguration/>",
  ]
  private static let start =
    "<?xml version=\"1.0\"?>\n<NotificationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
  private static let end = "</NotificationConfiguration>"

  /// The macro takes no mutating calls.
  private func on(_ notifications: inout BucketNotifications, _ change: (inout BucketNotifications) -> Bool) -> Bool {
    change(&notifications)
  }

  private static func text(_ notifications: BucketNotifications) -> String {
    String(decoding: notifications.document, as: UTF8.self)
  }

  private static func parsed(_ text: String) throws -> BucketNotifications {
    try BucketNotifications(parsing: Array(text.utf8))
  }

  @Test(arguments: [
    "", "<NotificationConfiguration/>", "<NotificationConfiguration></NotificationConfiguration>",
    "<NotificationConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>",
    "<?xml version=\"1.0\"?>\n<GetBucketNotificationResponse xmlns=\"x\"></GetBucketNotificationResponse>",
    "<s3:NotificationConfiguration xmlns:s3=\"x\"></s3:NotificationConfiguration>",
  ])
  func aRuleIsAddedToNothing(_ text: String) throws {
    var notifications = try Self.parsed(text)
    #expect(on(&notifications) { $0.add(Self.rule) })
    var again = try Self.parsed(Self.text(notifications))
    #expect(again.obstacle(to: NotificationRule(id: "x", .queue("q"), prefix: "")) == Self.rule)
    #expect(on(&again) { $0.add(Self.rule) } == false)
    let removals = [again.remove(id: "ours"), again.remove(id: "ours")]
    #expect(removals == [true, false])
    #expect(again.obstacle(to: NotificationRule(id: "x", .queue("q"), prefix: "")) == nil)
  }

  @Test func whatOthersConfiguredStaysByteForByte() throws {
    // Blanks between elements are lost, nothing else.
    var notifications = try Self.parsed(Self.start + Self.foreign.map { "\n  \($0)" }.joined() + "\n" + Self.end)
    let without = Self.start + Self.foreign.joined() + Self.end
    #expect(Self.text(notifications) == without)
    #expect(on(&notifications) { $0.add(Self.rule) })
    let with = Self.text(notifications)
    #expect(with.hasPrefix(Self.start + Self.foreign.joined() + "<TopicConfiguration><Id>ours</Id>"))
    #expect(try !Self.parsed(with).document.isEmpty)
    #expect(on(&notifications) { $0.addEventBridge() } == false)
    #expect(on(&notifications) { $0.remove(id: "ours") })
    #expect(Self.text(notifications) == without)
  }

  @Test func anotherRuleOfOurNameIsReplaced() throws {
    var notifications = try Self.parsed("")
    #expect(
      on(&notifications) { $0.add(NotificationRule(id: "ours", .queue("arn:aws:sqs:r:1:old"), prefix: "other/")) })
    #expect(on(&notifications) { $0.add(Self.rule) })
    #expect(!Self.text(notifications).contains("old"))
    let turns = [notifications.addEventBridge(), notifications.addEventBridge()]
    #expect(turns == [true, false])
  }

  @Test func prefixesAreEscaped() throws {
    let rule = NotificationRule(id: "<&>", .queue("arn"), prefix: "a & <b>/")
    var notifications = try Self.parsed("")
    #expect(on(&notifications) { $0.add(rule) })
    var again = try Self.parsed(Self.text(notifications))
    #expect(on(&again) { $0.add(rule) } == false)
  }

  @Test(arguments: ["<NotificationConfiguration>", "no XML", "<a></b>", "<!DOCTYPE a><a/>"])
  func whatIsNoDocumentIsRefused(_ text: String) {
    #expect(throws: (any Error).self) { try Self.parsed(text) }
  }

  private static func rule(_ events: Set<String>, _ prefix: String, suffix: String = "") -> NotificationRule {
    var rule = NotificationRule(id: "theirs", .queue("q"), events: events, prefix: prefix)
    rule.suffix = suffix
    return rule
  }

  @Test(arguments: [
    (rule(["s3:ObjectCreated:*"], "tree/"), true), (rule(["s3:ObjectCreated:Put"], "tree/sub/"), true),
    (rule(["s3:ObjectRemoved:Delete"], ""), true), (rule(["s3:ObjectCreated:*"], "", suffix: ".jpg"), true),
    (rule(["s3:ObjectCreated:*"], "logs/"), false), (rule(["s3:ObjectAcl:Put"], "tree/"), false),
    (rule(["s3:ObjectRestore:Post"], "tree/"), false), (rule(["s3:ObjectRestore:*"], "tree/"), true),
  ])
  func overlapsAreSeen(_ other: NotificationRule, _ overlaps: Bool) throws {
    #expect(other.overlaps(Self.rule) == overlaps && Self.rule.overlaps(other) == overlaps)
    var notifications = try Self.parsed("")
    #expect(on(&notifications) { $0.add(other) })
    #expect((notifications.obstacle(to: Self.rule) != nil) == overlaps)
  }
}
