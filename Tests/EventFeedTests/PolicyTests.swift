import AWSKit
import Testing

@testable import EventFeed

@Suite struct PolicyTests {
  private static let statement = PolicyStatement.s3(
    "sqs:SendMessage", bucket: "arn:aws:s3:::b", account: "123456789012", resource: "arn:aws:sqs:r:123456789012:q")

  @Test func aNewPolicyLetsOnlyThisBucketSend() throws {
    let text = try #require(Self.statement.added(to: nil))
    let policy = try #require(JSONValue(parsing: text.utf8))
    #expect(
      policy == [
        "Version": "2012-10-17",
        "Statement": [
          [
            "Sid": .string(Self.statement.id), "Effect": "Allow", "Principal": ["Service": "s3.amazonaws.com"],
            "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:r:123456789012:q",
            "Condition": [
              "ArnLike": ["aws:SourceArn": "arn:aws:s3:::b"],
              "StringEquals": ["aws:SourceAccount": "123456789012"],
            ],
          ]
        ],
      ])
    #expect(Self.statement.added(to: text) == nil)
    #expect(Self.statement.added(to: "") == text && Self.statement.added(to: "[]") == text)
  }

  @Test(arguments: [
    """
    {"Version":"2008-10-17","Id":"theirs","Statement":{"Sid":"one","Effect":"Deny","NumericLessThan":{"a":1.5,"b":7}}}
    """,
    """
    {"Statement":[{"Sid":"one","Effect":"Allow","Principal":"*","Condition":{"Bool":{"aws:SecureTransport":false}}},
    {"Effect":"Deny","Action":["sqs:*"],"Null":null}]}
    """,
  ])
  func whatOthersSaidStays(_ policy: String) throws {
    let before = try #require(JSONValue(parsing: policy.utf8)?.object)
    let text = try #require(Self.statement.added(to: policy))
    var after = try #require(JSONValue(parsing: text.utf8)?.object)
    var statements = try #require(after["Statement"]?.array)
    #expect(statements.removeLast() == Self.statement.value)
    let others = before["Statement"]?.array ?? [before["Statement"]!]
    #expect(statements == others)
    after["Statement"] = before["Statement"]
    #expect(after == before)
    #expect(Self.statement.added(to: text) == nil)
  }

  @Test func anOutdatedStatementIsReplaced() throws {
    let outdated = """
      {"Statement":[{"Sid":"\(Self.statement.id)","Effect":"Deny"},{"Sid":"other"},{"Sid":"\(Self.statement.id)"}]}
      """
    let text = try #require(Self.statement.added(to: outdated))
    #expect(JSONValue(parsing: text.utf8)?["Statement"] == [["Sid": "other"], Self.statement.value])
  }

  @Test func sourcesHaveStatementsOfTheirOwn() throws {
    let queue = "arn:aws:sqs:r:1:q"
    let first = try #require(PolicyStatement.topic("arn:aws:sns:r:1:t", queue: queue).added(to: nil))
    let second = try #require(PolicyStatement.rule("arn:aws:events:r:1:rule/x", queue: queue).added(to: first))
    #expect(JSONValue(parsing: second.utf8)?["Statement"]?.array?.count == 2)
  }

  @Test func namesOfResourcesAreTakenApart() throws {
    let name = try #require(ResourceName("arn:aws-cn:sqs:cn-north-1:123456789012:q:x"))
    #expect(name.account == "123456789012" && name.bucket("b") == "arn:aws-cn:s3:::b")
    for text in ["", "q", "arn:aws:sqs:r:1", "urn:aws:sqs:r:1:q"] { #expect(ResourceName(text) == nil) }
  }
}
