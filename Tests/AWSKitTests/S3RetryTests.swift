import AWSKit
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import Testing

private let put: @Sendable (ClientHarness) async throws -> S3WriteResult = { harness in
  try await harness.client.putObject(bucket: "bucket", key: "k", body: .bytes(ByteBuffer(string: "x")))
}

private let conditionalPut: @Sendable (ClientHarness) async throws -> S3WriteResult = { harness in
  try await harness.client.putObject(
    bucket: "bucket", key: "k", body: .bytes(ByteBuffer(string: "x")), condition: .ifAbsent)
}

@Suite struct S3RetryTests {
  @Test func triesAgainUntilItSucceeds() async throws {
    try await ClientHarness.run(
      answer: { _, index in
        index < 2 ? .reply(500, [:], errorDocument("InternalError")) : .reply(200, ["ETag": "\"e\""])
      },
      body: { harness in
        let result = try await put(harness)
        #expect(result.etag == "e")
        #expect(harness.server.requests.count == 3)
        // Half of 100 ms and of 200 ms: the random source gives 0.5.
        #expect(harness.pauses.withLockedValue { $0 } == [.milliseconds(50), .milliseconds(100)])
      })
  }

  @Test func givesUpAfterTheLastAttempt() async throws {
    try await ClientHarness.run(
      answer: { _, _ in .reply(503, [:], errorDocument("SlowDown")) },
      body: { harness in
        let error = try await ClientHarness.error { try await put(harness) }
        #expect(error.kind == .throttled)
        #expect(error.code == "SlowDown")
        #expect(error.requestID == "R1")
        #expect(!error.outcomeUnknown)
        #expect(error.isRetryable)
        #expect(harness.server.requests.count == 5)
        #expect(harness.throttles.withLockedValue { $0 } == 5)
        #expect(
          harness.pauses.withLockedValue { $0 } == [.milliseconds(500), .seconds(1), .seconds(2), .seconds(4)])
      })
  }

  @Test(arguments: [
    (500, "InternalError", true), (502, "", true), (503, "ServiceUnavailable", true), (503, "SlowDown", false),
    (429, "", false), (400, "RequestTimeout", false), (400, "BadDigest", false), (412, "PreconditionFailed", false),
    (409, "ConditionalRequestConflict", false), (403, "AccessDenied", false), (501, "NotImplemented", false),
    (507, "", true), (200, "", false),
  ])
  func outcomeOfAWrite(status: Int, code: String, isUnknown: Bool) async throws {
    try await ClientHarness.run(
      answer: { _, _ in .reply(status, [:], code.isEmpty ? "" : errorDocument(code)) },
      body: {
        harness in
        guard status != 200 else {
          _ = try await put(harness)
          return
        }
        let error = try await ClientHarness.error { try await put(harness) }
        #expect(error.outcomeUnknown == isUnknown)
        #expect(error.status == status)
      })
  }

  @Test(arguments: [
    (503, "SlowDown", 5), (429, "", 5), (400, "RequestTimeout", 5), (500, "InternalError", 1), (502, "", 1),
    (412, "PreconditionFailed", 1), (409, "ConditionalRequestConflict", 1),
  ])
  func conditionalWritesAreRepeatedOnlyWhenTheyWereNotProcessed(status: Int, code: String, requests: Int) async throws {
    try await ClientHarness.run(
      answer: { _, _ in .reply(status, [:], code.isEmpty ? "" : errorDocument(code)) },
      body: {
        harness in
        _ = try await ClientHarness.error { try await conditionalPut(harness) }
        #expect(harness.server.requests.count == requests)
      })
  }

  @Test func lostReplyOfAConditionalWrite() async throws {
    try await ClientHarness.run(
      answer: { _, _ in .close },
      body: { harness in
        let error = try await ClientHarness.error { try await conditionalPut(harness) }
        #expect(error.kind == .connectionLost)
        #expect(error.outcomeUnknown && error.isRetryable)
        #expect(harness.server.requests.count == 1)
      })
  }

  /// The first attempt may have taken effect, whatever the second is told.
  @Test func unknownOutcomeIsSticky() async throws {
    try await ClientHarness.run(
      answer: { _, index in
        index == 0 ? .close : .reply(412, [:], errorDocument("PreconditionFailed"))
      },
      body: { harness in
        let error = try await ClientHarness.error {
          try await harness.client.putObject(
            bucket: "bucket", key: "k", body: .empty, condition: .ifAbsent, retry: .idempotent)
        }
        #expect(error.kind == .preconditionFailed)
        #expect(error.outcomeUnknown)
      })
  }

  @Test func never() async throws {
    try await ClientHarness.run(
      answer: { _, _ in .reply(503, [:], errorDocument("SlowDown")) },
      body: { harness in
        _ = try await ClientHarness.error { try await harness.client.headObject(bucket: "b", key: "k", retry: .never) }
        #expect(harness.server.requests.count == 1)
      })
  }

  @Test func refusedConnection() async throws {
    let port = RefusingPort()
    defer { port.close() }
    try await ClientHarness.run(
      configure: { $0.endpoint = try! S3Endpoint(url: "http://127.0.0.1:\(port.number)", region: "eu-west-1") },
      answer: { _, _ in .close },
      body: { harness in
        let error = try await ClientHarness.error { try await conditionalPut(harness) }
        #expect(error.kind == .cannotConnect)
        #expect(!error.outcomeUnknown && error.isRetryable)
        #expect(harness.throttles.withLockedValue { $0 } == 0)
        #expect(harness.pauses.withLockedValue { $0.count } == 4)
      })
  }

  @Test func silentServer() async throws {
    try await ClientHarness.run(
      stallTimeout: .milliseconds(80), configure: { $0.retry.maximumAttempts = 1 }, answer: { _, _ in .silence },
      body: { harness in
        let error = try await ClientHarness.error { try await put(harness) }
        #expect(error.kind == .timedOut)
        #expect(error.outcomeUnknown)
        #expect(harness.throttles.withLockedValue { $0 } == 1)
      })
  }

  /// Zero stands for no limit: the server is slower than what zero seconds would allow.
  @Test func noTimeLimits() async throws {
    try await ClientHarness.run(
      connectTimeout: .zero, stallTimeout: .zero, answer: { _, _ in .reply(200, ["ETag": "e"]) },
      body: { harness in
        let result = try await put(harness)
        #expect(result.etag == "e")
      })
  }

  @Test func wholeRequestTakesTooLong() async throws {
    try await ClientHarness.run(
      configure: {
        $0.retry.maximumAttempts = 1
        $0.requestTimeout = .milliseconds(80)
      }, answer: { _, _ in .silence },
      body: { harness in
        let error = try await ClientHarness.error { try await put(harness) }
        #expect(error.kind == .timedOut)
      })
  }

  @Test func cancellation() async throws {
    try await ClientHarness.run(
      answer: { _, _ in .silence },
      body: { harness in
        await #expect(throws: CancellationError.self) {
          try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await put(harness) }
            while harness.server.requests.isEmpty { await Task.yield() }
            group.cancelAll()
            try await group.waitForAll()
          }
        }
      })
  }

  /// A stream that fails is the caller's matter, and is opened again for each attempt.
  @Test func streams() async throws {
    struct FileChanged: Error {}
    let opened = NIOLockedValueBox(0)
    try await ClientHarness.run(
      answer: { _, index in index == 0 ? .reply(500) : .reply(200, ["ETag": "e"]) },
      body: {
        harness in
        let body = S3Body.stream(length: 6) {
          opened.withLockedValue { $0 += 1 }
          let left = NIOLockedValueBox(["abc", "def"])
          return S3ByteStream { left.withLockedValue { $0.isEmpty ? nil : ByteBuffer(string: $0.removeFirst()) } }
        }
        let result = try await harness.client.putObject(bucket: "bucket", key: "k", body: body)
        #expect(result.etag == "e")
        #expect(opened.withLockedValue { $0 } == 2)
        let request = try #require(harness.server.requests.last)
        #expect(request.body == Array("abcdef".utf8))
        #expect(request.headers["Content-Length"] == ["6"])
        #expect(request.headers["X-Amz-Content-SHA256"] == ["UNSIGNED-PAYLOAD"])

        await #expect(throws: FileChanged.self) {
          try await harness.client.putObject(
            bucket: "bucket", key: "k", body: .stream(length: 6) { S3ByteStream { throw FileChanged() } })
        }
      })
  }

  @Test func pausesAreLimited() {
    let policy = RetryPolicy(maximumAttempts: 0, random: { 0.999 })
    #expect(policy.maximumAttempts == 1)
    #expect(policy.delay(afterAttempt: 1, throttled: false) <= .milliseconds(100))
    #expect(policy.delay(afterAttempt: 200, throttled: true) <= .seconds(20))
    #expect(policy.delay(afterAttempt: 200, throttled: true) > .seconds(19))
  }
}
