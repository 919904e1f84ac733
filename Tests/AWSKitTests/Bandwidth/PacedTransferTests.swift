import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import Testing

@testable import AWSKit

@Suite struct PacedTransferTests {
  private static let text = String(repeating: "abcdefgh", count: 5_000)

  private func body(_ isStream: Bool) -> S3Body {
    let text = Self.text
    guard isStream else { return .bytes(ByteBuffer(string: text)) }
    return .stream(length: Int64(text.utf8.count)) {
      let rest = NIOLockedValueBox(ByteBuffer(string: text))
      return S3ByteStream { rest.withLockedValue { $0.readSlice(length: min(15_000, $0.readableBytes)) }?.nonEmpty }
    }
  }

  @Test(arguments: [false, true]) func uploadsAreHeldBackAndArriveWhole(isStream: Bool) async throws {
    let time = ManualTime()
    let limits = BandwidthLimits(timing: time.timing)
    limits.up.bytesPerSecond = 10_000
    try await ClientHarness.run(
      configure: { $0.bandwidth = limits },
      answer: { _, index in index == 0 ? .reply(503, [:], errorDocument("SlowDown")) : .reply(200, ["ETag": "\"e\""]) },
      body: { harness in
        let (client, body) = (harness.client, body(isStream))
        let result = try await time.run { try await client.putObject(bucket: "bucket", key: "k", body: body) }
        #expect(result.etag == "e")
        // Each attempt carries all of it, and each is paid for.
        #expect(harness.server.requests.count == 2)
        for request in harness.server.requests {
          #expect(String(decoding: request.body, as: UTF8.self) == Self.text)
          #expect(request.headers.first(name: "Content-Length") == "40000")
        }
        #expect(time.now >= .seconds(7.9) && time.now <= .seconds(8.1))
      })
  }

  /// The HTTP client reads the body with a task of its own, which outlives the request.
  @Test func anUploadThatIsGivenUpTakesNothingFromOthers() async throws {
    let time = ManualTime()
    let limits = BandwidthLimits(timing: time.timing)
    limits.up.bytesPerSecond = 10_000
    try await ClientHarness.run(
      configure: { $0.bandwidth = limits }, answer: { _, _ in .silence },
      body: { harness in
        let (client, body) = (harness.client, body(false))
        let upload = Task { try await client.putObject(bucket: "bucket", key: "k", body: body) }
        await time.alarmSet()
        upload.cancel()
        await #expect(throws: CancellationError.self) { try await upload.value }
        time.jump()
        #expect(limits.up.timeSinceLastGrant == nil)
      })
  }

  @Test(arguments: [false, true]) func downloadsAreHeldBack(isRange: Bool) async throws {
    let time = ManualTime()
    let limits = BandwidthLimits(timing: time.timing)
    limits.down.bytesPerSecond = 10_000
    let sent = isRange ? String(Self.text.prefix(20_000)) : Self.text
    try await ClientHarness.run(
      configure: { $0.bandwidth = limits },
      answer: { _, _ in .reply(isRange ? 206 : 200, isRange ? ["Content-Range": "bytes 0-19999/40000"] : [:], sent) },
      body: { harness in
        let client = harness.client
        let received = try await time.run {
          var received = ByteBuffer()
          let object = try await client.getObject(bucket: "bucket", key: "k", range: isRange ? 0..<20_000 : nil)
          for try await var chunk in object.body {
            // Four reads come at once.
            #expect(chunk.readableBytes <= 512)
            received.writeBuffer(&chunk)
          }
          return received
        }
        #expect(String(buffer: received) == sent)
        #expect(time.now == .seconds(isRange ? 2 : 4))
      })
  }

  /// Replies that say something about objects are no transfers.
  @Test func listingsAreNotHeldBack() async throws {
    let time = ManualTime()
    let limits = BandwidthLimits(timing: time.timing)
    limits.down.bytesPerSecond = 1024
    try await ClientHarness.run(
      configure: { $0.bandwidth = limits },
      answer: { _, _ in .reply(200, [:], "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>") },
      body: { harness in
        let page = try await harness.client.listObjectsV2(bucket: "bucket")
        #expect(page.objects.isEmpty)
        #expect(time.now == .zero)
      })
  }

  /// In real time: what the limit takes is longer than every time-out.
  @Test(arguments: [false, true]) func noTimeoutStrikesForTheLimit(isUpload: Bool) async throws {
    let limits = BandwidthLimits()
    limits.up.bytesPerSecond = 8192
    // More than what is read ahead before anybody holds the connection back.
    limits.down.bytesPerSecond = 80 << 10
    try await ClientHarness.run(
      stallTimeout: .seconds(2),
      configure: {
        $0.bandwidth = limits
        $0.requestTimeout = .seconds(2)
        $0.minimumRate = 1 << 20
        $0.retry.maximumAttempts = 1
      },
      answer: { _, _ in .reply(200, ["ETag": "\"e\""], isUpload ? "" : String(repeating: Self.text, count: 10)) },
      body: { harness in
        let start = ContinuousClock.now
        if isUpload {
          _ = try await harness.client.putObject(bucket: "bucket", key: "k", body: body(false))
        } else {
          try await harness.client.getObject(bucket: "bucket", key: "k") { _ in }
        }
        #expect(ContinuousClock.now - start >= .seconds(4))
      })
  }

  /// A server that does not answer is given up nevertheless.
  @Test func timeoutsStrikeWhereTheServerIsSilent() async throws {
    let limits = BandwidthLimits()
    limits.up.bytesPerSecond = 1 << 20
    try await ClientHarness.run(
      configure: {
        $0.bandwidth = limits
        $0.requestTimeout = .milliseconds(300)
        $0.retry.maximumAttempts = 1
      },
      answer: { _, _ in .silence },
      body: { harness in
        let error = try await ClientHarness.error {
          try await harness.client.putObject(bucket: "bucket", key: "k", body: body(false))
        }
        #expect(error.kind == .timedOut && error.outcomeUnknown)
      })
  }

  /// A limit that is set while a large body is sent holds for the rest of it.
  @Test func aLimitHoldsForBodiesUnderWay() async throws {
    let time = ManualTime()
    let limits = BandwidthLimits(timing: time.timing)
    let limiter = limits.up
    let body = try #require(PacedBody(.bytes(ByteBuffer(repeating: 7, count: 3 << 20)), limiter))
    #expect(PacedBody(.bytes(ByteBuffer(repeating: 7, count: 1 << 20)), limiter) == nil)
    #expect(PacedBody(nil, limiter) == nil)
    let stream = try await body.stream(.bytes(ByteBuffer(repeating: 7, count: 3 << 20)))
    let produce = stream.makeAsyncIterator().produce
    #expect(try await produce()?.readableBytes == 1 << 20)
    limiter.bytesPerSecond = 1 << 20
    let rest = try await time.run {
      var rest = 0
      while let part = try await produce() { rest += part.readableBytes }
      return rest
    }
    #expect(rest == 2 << 20)
    #expect(time.now > .seconds(1.999) && time.now <= .seconds(2))
  }
}

extension ByteBuffer {
  fileprivate var nonEmpty: ByteBuffer? { readableBytes > 0 ? self : nil }
}
