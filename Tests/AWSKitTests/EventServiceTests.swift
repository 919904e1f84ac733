import Logging
import NIOConcurrencyHelpers
import NIOHTTP1
import Testing

@testable import AWSKit

/// SQS, SNS, EventBridge and the bucket's notifications, over the wire.
@Suite struct EventServiceTests {
  private struct Harness {
    let sqs: SQSClient
    let sns: SNSClient
    let eventBridge: EventBridgeClient
    let server: TestServer

    /// A server that gives these answers, the last of them for ever.
    static func run(_ answers: TestServer.Answer..., body: (Harness) async throws -> Void) async throws {
      let server = try await TestServer.start { _, index in answers[min(index, answers.count - 1)] }
      let transport = try HTTPTransport()
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      var configuration = ServiceConfiguration()
      configuration.now = { ClientHarness.now }
      configuration.retry.sleep = { _ in }
      let cache = CredentialCache(
        provider: StaticCredentialProvider(ClientHarness.credentials), now: { ClientHarness.now }, logger: logger)
      let settings = try AWSSettings(environment: ["HOME": "/nonexistent"])
      func endpoint(_ service: ServiceEndpoint.Service) throws -> ServiceEndpoint {
        try ServiceEndpoint(service, settings: settings, url: server.url, region: "eu-west-1")
      }
      let harness = Harness(
        sqs: SQSClient(
          endpoint: try endpoint(.sqs), configuration: configuration, credentials: cache, transport: transport,
          logger: logger),
        sns: SNSClient(
          endpoint: try endpoint(.sns), configuration: configuration, credentials: cache, transport: transport,
          logger: logger),
        eventBridge: EventBridgeClient(
          endpoint: try endpoint(.eventBridge), configuration: configuration, credentials: cache,
          transport: transport, logger: logger),
        server: server)
      var failure: (any Error)?
      do { try await body(harness) } catch { failure = error }
      try await transport.shutdown()
      try await server.stop()
      if let failure { throw failure }
    }

    func request() throws -> TestServer.Request { try #require(server.requests.last) }

    func body() throws -> JSONValue { try #require(JSONValue(parsing: try request().body)) }
  }

  // MARK: SQS

  @Test func aQueueIsMadeAsTheAWSCLIMakesIt() async throws {
    try await Harness.run(.reply(200, [:], "{\"QueueUrl\":\"https://sqs/1/q\"}")) { harness in
      let url = try await harness.sqs.createQueue(
        "q", attributes: ["ReceiveMessageWaitTimeSeconds": "20"], tags: ["t": "x"])
      #expect(url == "https://sqs/1/q")
      let request = try harness.request()
      #expect(request.method == .POST && request.uri == "/")
      #expect(request.headers.first(name: "Content-Type") == "application/x-amz-json-1.0")
      #expect(request.headers.first(name: "X-Amz-Target") == "AmazonSQS.CreateQueue")
      #expect(request.headers.first(name: "x-amzn-query-mode") == "true")
      #expect(
        request.headers.first(name: "Authorization")?.contains("/20240524/eu-west-1/sqs/aws4_request") == true)
      #expect(
        try harness.body() == [
          "QueueName": "q", "Attributes": ["ReceiveMessageWaitTimeSeconds": "20"], "tags": ["t": "x"],
        ])
    }
  }

  @Test(
    arguments: [
      (["x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender"], "QueueDoesNotExist"),
      ([:], "com.amazonaws.sqs#QueueDoesNotExist"), ([:], "QueueDoesNotExist"),
    ] as [(HTTPHeaders, String)])
  func aMissingQueueIsNoFailure(_ headers: HTTPHeaders, _ type: String) async throws {
    let answer = TestServer.Answer.reply(400, headers, "{\"__type\":\"\(type)\",\"message\":\"no such queue\"}")
    try await Harness.run(answer) { harness in
      #expect(try await harness.sqs.queueURL("q") == nil)
      let error = try await #require(throws: AWSServiceError.self) { try await harness.sqs.receive(from: "u", wait: 1) }
      #expect(error.isMissingQueue && !error.mayPass)
      #expect(error.description.hasPrefix("sqs:ReceiveMessage u: no such queue ("))
    }
  }

  @Test func messagesAreReceivedAndDeleted() async throws {
    let messages = """
      {"Messages":[{"MessageId":"1","ReceiptHandle":"r1","Body":"{\\"a\\":1}","Attributes":{}},{"Body":"no handle"},
      {"ReceiptHandle":"r2","Body":"two"}]}
      """
    try await Harness.run(
      .reply(200, [:], messages), .reply(200, [:], "{}"),
      .reply(200, [:], "{\"Successful\":[{\"Id\":\"0\"}],\"Failed\":[{\"Id\":\"1\",\"SenderFault\":true}]}")
    ) { harness in
      let received = try await harness.sqs.receive(from: "u", wait: 20)
      #expect(received.map(\.body) == ["{\"a\":1}", "two"] && received.map(\.receipt) == ["r1", "r2"])
      #expect(try harness.body() == ["QueueUrl": "u", "MaxNumberOfMessages": 10, "WaitTimeSeconds": 20])
      #expect(try await harness.sqs.receive(from: "u", wait: 20).isEmpty)
      #expect(try await harness.sqs.delete(received, from: "u") == 1)
      #expect(
        try harness.body() == [
          "QueueUrl": "u",
          "Entries": [["Id": "0", "ReceiptHandle": "r1"], ["Id": "1", "ReceiptHandle": "r2"]],
        ])
    }
  }

  @Test func attributesAndTags() async throws {
    try await Harness.run(
      .reply(200, [:], "{\"Attributes\":{\"QueueArn\":\"arn\",\"Policy\":\"{}\"}}"), .reply(200, [:], "{}"),
      .reply(200, [:], "{\"Tags\":{\"a\":\"b\"}}"), .reply(200, [:], "{}")
    ) { harness in
      #expect(
        try await harness.sqs.attributes(["QueueArn", "Policy"], of: "u") == ["QueueArn": "arn", "Policy": "{}"])
      try await harness.sqs.setAttributes(["Policy": "{}"], of: "u")
      #expect(try harness.body() == ["QueueUrl": "u", "Attributes": ["Policy": "{}"]])
      #expect(try await harness.sqs.tags(of: "u") == ["a": "b"])
      #expect(try await harness.sqs.tags(of: "u") == [:])
      try await harness.sqs.deleteQueue("u")
      #expect(try harness.request().headers.first(name: "X-Amz-Target") == "AmazonSQS.DeleteQueue")
    }
  }

  @Test(
    arguments: [
      (.reply(400, [:], "{\"__type\":\"AccessDeniedException\",\"Message\":\"not allowed\"}"), .accessDenied, 1),
      (.reply(403, [:], ""), .accessDenied, 1),
      (.reply(400, [:], "{\"__type\":\"com.amazonaws.sqs#RequestThrottled\"}"), .throttled, 3),
      (.reply(503, [:], "<html>"), .serverFailure, 3), (.close, .connectionLost, 3),
      (.reply(200, [:], "<no JSON"), .malformedReply, 1), (.reply(200, [:], "{}"), .malformedReply, 1),
    ] as [(TestServer.Answer, AWSServiceError.Kind, Int)])
  func failuresAreToldApart(
    _ answer: TestServer.Answer, _ kind: AWSServiceError.Kind, _ requests: Int
  ) async throws {
    try await Harness.run(answer) { harness in
      let error = try await #require(throws: AWSServiceError.self) {
        try await harness.sqs.createQueue("q", attributes: [:], tags: [:])
      }
      let isDenied = kind == .accessDenied
      let subject = "sqs:CreateQueue " + (isDenied ? "on arn:aws:sqs:eu-west-1:*:q is denied" : "q")
      #expect(error.kind == kind && error.description.hasPrefix("\(subject): "))
      #expect(harness.server.requests.count == requests)
    }
  }

  // MARK: SNS

  private static func reply(_ action: String, _ result: String) -> TestServer.Answer {
    .reply(
      200, [:],
      "<\(action)Response xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><\(action)Result>\(result)"
        + "</\(action)Result></\(action)Response>")
  }

  @Test func aTopicFeedsAQueue() async throws {
    try await Harness.run(
      Self.reply("CreateTopic", "<TopicArn>arn:t</TopicArn>"),
      Self.reply("Subscribe", "<SubscriptionArn>arn:s</SubscriptionArn>")
    ) { harness in
      #expect(try await harness.sns.createTopic("t") == "arn:t")
      let request = try harness.request()
      #expect(request.headers.first(name: "Content-Type") == "application/x-www-form-urlencoded; charset=utf-8")
      #expect(String(decoding: request.body, as: UTF8.self) == "Action=CreateTopic&Version=2010-03-31&Name=t")
      #expect(try await harness.sns.subscribe(queue: "arn:q", toTopic: "arn:t") == "arn:s")
      #expect(
        String(decoding: try harness.request().body, as: UTF8.self)
          == "Action=Subscribe&Version=2010-03-31&TopicArn=arn%3At&Protocol=sqs&Endpoint=arn%3Aq"
          + "&Attributes.entry.1.key=RawMessageDelivery&Attributes.entry.1.value=true&ReturnSubscriptionArn=true")
    }
  }

  @Test func subscriptionsComeInPages() async throws {
    func page(_ name: String, _ token: String) -> TestServer.Answer {
      Self.reply(
        "ListSubscriptionsByTopic",
        "<Subscriptions><member><SubscriptionArn>s\(name)</SubscriptionArn><Endpoint>q\(name)</Endpoint></member>"
          + "</Subscriptions>\(token)")
    }
    try await Harness.run(page("1", "<NextToken>n&amp;</NextToken>"), page("2", "<NextToken/>")) { harness in
      let found = try await harness.sns.subscriptions(toTopic: "t")
      #expect(found.map(\.arn) == ["s1", "s2"] && found.map(\.endpoint) == ["q1", "q2"])
      #expect(String(decoding: try harness.request().body, as: UTF8.self).hasSuffix("&NextToken=n%26"))
    }
  }

  @Test func whatIsGoneIsNotUnsubscribed() async throws {
    let missing = "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>m</Message></Error>"
    try await Harness.run(.reply(404, [:], missing + "</ErrorResponse>")) { harness in
      try await harness.sns.unsubscribe("s")
      let error = try await #require(throws: AWSServiceError.self) { try await harness.sns.attributes(ofTopic: "t") }
      #expect(error.isMissingInSNS && error.description == "sns:GetTopicAttributes t: m (NotFound, HTTP 404)")
    }
  }

  @Test func attributesOfATopic() async throws {
    let entry = "<Attributes><entry><key>Policy</key><value>{&quot;a&quot;:1}</value></entry></Attributes>"
    try await Harness.run(Self.reply("GetTopicAttributes", entry)) { harness in
      #expect(try await harness.sns.attributes(ofTopic: "t") == ["Policy": "{\"a\":1}"])
      try await harness.sns.setAttribute("Policy", to: "{}", ofTopic: "t")
      #expect(
        String(decoding: try harness.request().body, as: UTF8.self)
          == "Action=SetTopicAttributes&Version=2010-03-31&TopicArn=t&AttributeName=Policy&AttributeValue=%7B%7D")
      try await harness.sns.deleteTopic("t")
    }
  }

  // MARK: EventBridge

  @Test func aRuleLeadsToATarget() async throws {
    try await Harness.run(
      .reply(200, [:], "{\"RuleArn\":\"arn:r\"}"), .reply(200, [:], "{\"FailedEntryCount\":0,\"FailedEntries\":[]}"),
      .reply(200, [:], "{\"FailedEntryCount\":1,\"FailedEntries\":[{\"ErrorCode\":\"C\",\"ErrorMessage\":\"m\"}]}")
    ) { harness in
      #expect(try await harness.eventBridge.putRule("r", pattern: "{}", description: "d") == "arn:r")
      #expect(try harness.request().headers.first(name: "X-Amz-Target") == "AWSEvents.PutRule")
      #expect(try harness.request().headers.first(name: "Content-Type") == "application/x-amz-json-1.1")
      try await harness.eventBridge.putTarget("id", arn: "arn:q", ofRule: "r")
      #expect(try harness.body() == ["Rule": "r", "Targets": [["Id": "id", "Arn": "arn:q"]]])
      let error = try await #require(throws: AWSServiceError.self) {
        try await harness.eventBridge.putTarget("id", arn: "arn:q", ofRule: "r")
      }
      #expect(error.description == "events:PutTargets r: m (C)")
    }
  }

  @Test func aRuleThatIsGoneIsNotDeleted() async throws {
    try await Harness.run(.reply(400, [:], "{\"__type\":\"ResourceNotFoundException\",\"message\":\"m\"}")) { harness in
      try await harness.eventBridge.deleteRule("r", targets: ["id"])
      #expect(harness.server.requests.count == 1)
    }
    try await Harness.run(.reply(200, [:], "")) { harness in
      try await harness.eventBridge.deleteRule("r", targets: ["id"])
      let targets = harness.server.requests.map { $0.headers.first(name: "X-Amz-Target") }
      #expect(targets == ["AWSEvents.RemoveTargets", "AWSEvents.DeleteRule"])
    }
  }

  // MARK: S3

  @Test func notificationsOfABucketPassUntouched() async throws {
    let document = "<NotificationConfiguration><!-- as it is --></NotificationConfiguration>"
    try await ClientHarness.run { _, _ in
      .reply(200, [:], document)
    } body: { harness in
      let read = try await harness.client.getBucketNotifications("bucket")
      #expect(String(decoding: read, as: UTF8.self) == document)
      try await harness.client.putBucketNotifications(read, of: "bucket")
      let requests = harness.server.requests
      #expect(requests.map(\.method) == [.GET, .PUT] && requests.allSatisfy { $0.uri == "/bucket?notification" })
      #expect(requests[1].body == read)
    }
  }

  // MARK: Endpoints

  @Test(
    arguments: [
      ([:], nil, "https://sqs.eu-west-1.amazonaws.com"), ([:], "http://h:1/x", "http://h:1/x"),
      (["AWS_ENDPOINT_URL": "http://all"], nil, "http://all"),
      (["AWS_ENDPOINT_URL": "http://all"], "http://h", "http://h"),
      (["AWS_ENDPOINT_URL_SQS": "http://own"], "http://h", "http://own"),
    ] as [([String: String], String?, String)])
  func theServicesOwnEndpointComesFirst(
    _ environment: [String: String], _ url: String?, _ expected: String
  ) throws {
    let settings = try AWSSettings(environment: environment.merging(["HOME": "/nonexistent"]) { $1 })
    let endpoint = try ServiceEndpoint(.sqs, settings: settings, url: url, region: "eu-west-1")
    #expect(endpoint.description == expected)
  }

  @Test func partitionsHaveTheirDomains() throws {
    let settings = try AWSSettings(environment: ["HOME": "/nonexistent"])
    let china = try ServiceEndpoint(.eventBridge, settings: settings, url: nil, region: "cn-north-1")
    #expect(china.description == "https://events.cn-north-1.amazonaws.com.cn")
  }

  // MARK: JSON

  @Test(arguments: [
    "null", "true", "7", "-1.5", "\"ü\\n\"", "[]", "{}", "{\"a\":[1,{\"b\":null}],\"c\":false}", "1e300",
  ])
  func jsonKeepsItsMeaning(_ text: String) throws {
    let value = try #require(JSONValue(parsing: text.utf8))
    #expect(JSONValue(parsing: value.text.utf8) == value)
  }

  @Test(arguments: [
    "", "{", "[1", "{\"a\":}", "nul", String(repeating: "[", count: 100) + String(repeating: "]", count: 100),
  ])
  func whatIsNoJSONIsNone(_ text: String) { #expect(JSONValue(parsing: text.utf8) == nil) }
}
