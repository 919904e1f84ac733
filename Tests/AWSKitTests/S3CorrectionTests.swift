import AWSKit
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import Testing

private func region(of request: TestServer.Request) -> String? {
  SigV4Authorization(header: request.headers["Authorization"].first ?? "")?.scope.region
}

/// What replies teach: region, clock, credentials.
@Suite struct S3CorrectionTests {
  @Test(arguments: [
    (301, "ap-south-1", errorDocument("PermanentRedirect")),
    (307, nil, errorDocument("TemporaryRedirect", "<Region>ap-south-1</Region>")),
    (400, nil, errorDocument("AuthorizationHeaderMalformed", "<Region>ap-south-1</Region>")),
    (301, "ap-south-1", ""),
  ])
  func regionIsLearned(status: Int, header: String?, body: String) async throws {
    let headers: HTTPHeaders = header.map { ["x-amz-bucket-region": $0] } ?? [:]
    try await ClientHarness.run(
      answer: { request, _ in
        region(of: request) == "ap-south-1" ? .reply(200, ["ETag": "e"]) : .reply(status, headers, body)
      },
      body: { harness in
        for _ in 0..<2 {
          _ = try await harness.client.putObject(bucket: "bucket", key: "k", body: .empty, condition: .ifAbsent)
        }
        #expect(harness.server.requests.map(region) == ["eu-west-1", "ap-south-1", "ap-south-1"])
        #expect(harness.client.region(of: "bucket") == "ap-south-1")
        #expect(harness.client.region(of: "other") == "eu-west-1")
        #expect(harness.pauses.withLockedValue { $0.isEmpty })
      })
  }

  @Test func regionOfAHeadReply() async throws {
    try await ClientHarness.run(
      answer: { request, _ in
        region(of: request) == "ap-south-1" ? .reply(200) : .reply(400, ["x-amz-bucket-region": "ap-south-1"])
      },
      body: { harness in
        _ = try await harness.client.headObject(bucket: "bucket", key: "k")
        #expect(harness.server.requests.map(region) == ["eu-west-1", "ap-south-1"])
      })
  }

  @Test func regionIsAskedForWhenTheReplyDoesNotSay() async throws {
    try await ClientHarness.run(
      answer: { request, _ in
        if request.uri == "/bucket" { return .reply(403, ["x-amz-bucket-region": "ap-south-1"]) }
        return region(of: request) == "ap-south-1" ? .reply(200) : .reply(301, [:], errorDocument("PermanentRedirect"))
      },
      body: { harness in
        _ = try await harness.client.getObject(bucket: "bucket", key: "k")
        #expect(harness.server.requests.map(\.method) == [.GET, .HEAD, .GET])
      })
  }

  @Test func redirectsInCirclesEnd() async throws {
    try await ClientHarness.run(
      answer: { _, index in
        .reply(301, ["x-amz-bucket-region": "r-\(index)"], errorDocument("PermanentRedirect"))
      },
      body: { harness in
        let error = try await ClientHarness.error { try await harness.client.getObject(bucket: "bucket", key: "k") }
        #expect(error.kind == .wrongRegion)
        #expect(harness.server.requests.count == 2)
      })
  }

  @Test func clockIsLearned() async throws {
    let serverTime = ClientHarness.now.adding(seconds: 3_600)
    try await ClientHarness.run(
      answer: { request, _ in
        request.headers["X-Amz-Date"] == [serverTime.amzDate]
          ? .reply(200, ["ETag": "e"])
          : .reply(403, ["Date": serverTime.httpDate], errorDocument("RequestTimeTooSkewed"))
      },
      body: { harness in
        for _ in 0..<2 {
          _ = try await harness.client.putObject(bucket: "bucket", key: "k", body: .empty, condition: .ifAbsent)
        }
        #expect(harness.server.requests.count == 3)
      })
  }

  /// A clock that was wrong and is put right again is noticed as it was.
  @Test func clockIsLearnedAnew() async throws {
    let serverTime = ClientHarness.now.adding(seconds: 3_600)
    let localTime = NIOLockedValueBox(ClientHarness.now)
    try await ClientHarness.run(
      configure: { $0.now = { localTime.withLockedValue { $0 } } },
      answer: { request, _ in
        request.headers["X-Amz-Date"] == [serverTime.amzDate]
          ? .reply(200) : .reply(403, ["Date": serverTime.httpDate])
      },
      body: { harness in
        _ = try await harness.client.headObject(bucket: "bucket", key: "k")
        #expect(harness.client.clockOffset == 3_600)
        localTime.withLockedValue { $0 = serverTime }
        _ = try await harness.client.headObject(bucket: "bucket", key: "k")
        #expect(harness.client.clockOffset == 0)
        #expect(harness.server.requests.count == 4)
      })
  }

  /// Once per request: a server whose own clocks differ does not keep a request going.
  @Test(arguments: ["RequestTimeTooSkewed", "RequestExpired", "SignatureDoesNotMatch", "InvalidSignatureException"])
  func aClockThatIsNeverRight(code: String) async throws {
    try await ClientHarness.run(
      answer: { _, index in
        .reply(403, ["Date": ClientHarness.now.adding(seconds: Int64(index + 1) * 3_600).httpDate], errorDocument(code))
      },
      body: { harness in
        _ = try await ClientHarness.error { try await harness.client.getObject(bucket: "bucket", key: "k") }
        #expect(harness.server.requests.count == 2)
      })
  }

  /// An access point's region is in its ARN. The scripted server stands in for a proxy: its host leads nowhere.
  @Test func accessPointsAreNotRedirected() async throws {
    let proxy = try await TestServer.start { _, _ in
      .reply(301, ["x-amz-bucket-region": "ap-south-1"], errorDocument("PermanentRedirect"))
    }
    let proxies = try ProxySettings(environment: ["HTTP_PROXY": proxy.url])
    try await ClientHarness.run(
      proxies: proxies,
      configure: { $0.endpoint = try! S3Endpoint(url: "http://store.invalid", region: "eu-west-1") },
      answer: { _, _ in .close },
      body: { harness in
        let point = "arn:aws:s3:us-west-2:123456789012:accesspoint/my-ap"
        let error = try await ClientHarness.error { try await harness.client.getObject(bucket: point, key: "k") }
        #expect(error.kind == .wrongRegion)
      })
    #expect(proxy.requests.map(\.uri) == ["http://my-ap-123456789012.store.invalid/k"])
    #expect(proxy.requests.map(region) == ["us-west-2"])
    try await proxy.stop()
  }

  /// Requests that were signed before the first of them learned the time are sent again, too.
  @Test func clockIsLearnedByAllThatAreUnderWay() async throws {
    let serverTime = ClientHarness.now.adding(seconds: 3_600)
    try await ClientHarness.run(
      answer: { request, _ in
        request.headers["X-Amz-Date"] == [serverTime.amzDate]
          ? .reply(200, ["ETag": "e"])
          : .reply(403, ["Date": serverTime.httpDate], errorDocument("RequestTimeTooSkewed"))
      },
      body: { harness in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for number in 0..<16 {
            group.addTask {
              _ = try await harness.client.putObject(
                bucket: "bucket", key: "\(number)", body: .empty, condition: .ifAbsent)
            }
          }
          try await group.waitForAll()
        }
      })
  }

  @Test func aDenialWithTheRightTimeIsADenial() async throws {
    try await ClientHarness.run(
      answer: { _, _ in
        .reply(403, ["Date": ClientHarness.now.adding(seconds: 5).httpDate], errorDocument("AccessDenied"))
      },
      body: { harness in
        let error = try await ClientHarness.error { try await harness.client.getObject(bucket: "bucket", key: "k") }
        #expect(error.kind == .accessDenied)
        #expect(harness.server.requests.count == 1)
      })
  }

  private struct Rotating: CredentialProvider {
    let name = "rotating"
    let served = NIOLockedValueBox(0)
    let last: Int

    func lookUp() -> CredentialLookup {
      let number = served.withLockedValue { served in
        served = min(served + 1, last)
        return served
      }
      return .found(
        AWSCredentials(accessKeyID: "AK\(number)", secretAccessKey: "s", sessionToken: "token\(number)"), source: name)
    }
  }

  @Test func rejectedCredentialsAreReadAgain() async throws {
    try await ClientHarness.run(
      provider: Rotating(last: 2),
      answer: { request, _ in
        request.headers["X-Amz-Security-Token"] == ["token2"]
          ? .reply(200, ["ETag": "e"]) : .reply(400, [:], errorDocument("ExpiredToken"))
      },
      body: { harness in
        _ = try await harness.client.putObject(bucket: "bucket", key: "k", body: .empty, condition: .ifAbsent)
        #expect(harness.server.requests.count == 2)
      })
  }

  @Test func theSameCredentialsAreNotRejectedTwice() async throws {
    try await ClientHarness.run(
      provider: Rotating(last: 1), answer: { _, _ in .reply(403, [:], errorDocument("InvalidAccessKeyId")) },
      body: { harness in
        let error = try await ClientHarness.error { try await harness.client.getObject(bucket: "bucket", key: "k") }
        #expect(error.kind == .invalidCredentials)
        #expect(harness.server.requests.count == 1)
      })
  }

  @Test func noCredentials() async throws {
    try await ClientHarness.run(
      provider: CredentialChain([EnvironmentCredentialProvider(environment: [:])]), answer: { _, _ in .reply(200) },
      body: { harness in
        let error = try await ClientHarness.error { try await harness.client.getObject(bucket: "bucket", key: "k") }
        #expect(error.kind == .noCredentials)
        #expect(error.description.contains("environment: AWS_ACCESS_KEY_ID is not set"))
        #expect(harness.server.requests.isEmpty)
      })
  }

  /// Gives out numbered credentials, of which each lookup brings the next, and fails when told.
  private final class Issuer: CredentialProvider {
    let name = "issuer"
    let served = NIOLockedValueBox(0)
    /// Lookups that are to fail from now on.
    let failures = NIOLockedValueBox(0)
    let mayPass: Bool

    init(failures: Int = 0, mayPass: Bool = true) {
      self.failures.withLockedValue { $0 = failures }
      self.mayPass = mayPass
    }

    func lookUp() throws -> CredentialLookup {
      let fails = failures.withLockedValue { failures in
        failures -= 1
        return failures >= 0
      }
      if fails { throw CredentialError("it does not deliver", mayPass: mayPass) }
      let number = served.withLockedValue { served in
        served += 1
        return served
      }
      return .found(
        AWSCredentials(
          accessKeyID: "AK\(number)", secretAccessKey: "s", sessionToken: "token\(number)",
          expiration: ClientHarness.now.adding(seconds: 3_600)), source: name)
    }
  }

  private static func token(_ request: TestServer.Request) -> String? {
    request.headers.first(name: "X-Amz-Security-Token")
  }

  /// The endpoint is away in the middle of a transfer: the request waits, longer than any retry lasts.
  @Test func aPlaceThatDoesNotDeliverIsWaitedFor() async throws {
    let issuer = Issuer()
    try await ClientHarness.run(
      provider: issuer,
      answer: { request, index in
        index == 0 || Self.token(request) == "token2"
          ? .reply(200, ["ETag": "e"]) : .reply(400, [:], errorDocument("ExpiredToken"))
      },
      body: { harness in
        func part() async throws {
          _ = try await harness.client.uploadPart(
            bucket: "bucket", key: "k", uploadID: "u", partNumber: 1, body: .empty)
        }
        try await part()
        issuer.failures.withLockedValue { $0 = 12 }
        try await part()
        #expect(harness.server.requests.map(Self.token) == ["token1", "token1", "token2"])
        let pauses = harness.pauses.withLockedValue { $0 }
        #expect(pauses.prefix(5) == [.seconds(0.5), .seconds(1), .seconds(2), .seconds(4), .seconds(5)])
        #expect(pauses.count >= 10)
      })
  }

  /// It goes on to give out what the server does not take any more.
  @Test(arguments: ["PUT", "HEAD"]) func expiredOnesAreGivenOut(method: String) async throws {
    try await ClientHarness.run(
      provider: Issuer(),
      answer: { request, index in
        if index == 0 || Self.token(request) == (method == "PUT" ? "token7" : "token2") {
          return .reply(200, ["ETag": "e"])
        }
        return .reply(400, [:], method == "PUT" ? errorDocument("ExpiredToken") : "")
      },
      body: { harness in
        for _ in 0..<2 {
          if method == "PUT" {
            _ = try await harness.client.putObject(bucket: "bucket", key: "k", body: .empty, condition: .ifAbsent)
          } else {
            _ = try await harness.client.headObject(bucket: "bucket", key: "k")
          }
        }
      })
  }

  /// Nobody waits for what was never there, nor for ever.
  @Test(arguments: [(true, 120), (true, 0), (false, 120)])
  func patienceHasAnEnd(haveWorked: Bool, patience: Double) async throws {
    let issuer = Issuer(failures: haveWorked ? 0 : .max)
    let seconds = NIOLockedValueBox(0.0)
    try await ClientHarness.run(
      configure: { configuration in
        configuration.retry.sleep = { pause in seconds.withLockedValue { $0 += pause / .seconds(1) } }
        configuration.retry.uptime = { seconds.withLockedValue { $0 } }
        configuration.credentialPatience = .seconds(patience)
      },
      provider: issuer,
      answer: { _, index in index == 0 ? .reply(200) : .reply(400, [:], errorDocument("ExpiredToken")) },
      body: { harness in
        if haveWorked {
          _ = try await harness.client.getObject(bucket: "bucket", key: "k")
          issuer.failures.withLockedValue { $0 = .max }
        }
        let error = try await ClientHarness.error { try await harness.client.getObject(bucket: "bucket", key: "k") }
        #expect(error.kind == .noCredentials && error.isRetryable)
        #expect(error.description.contains("it does not deliver"))
        let waited = seconds.withLockedValue { $0 }
        #expect(haveWorked && patience > 0 ? (patience..<patience + 5).contains(waited) : waited == 0)
      })
  }

  /// A place that is not set up as it should be stays so.
  @Test func whatCannotPassIsNotWaitedFor() async throws {
    let issuer = Issuer(mayPass: false)
    try await ClientHarness.run(
      provider: issuer,
      answer: { _, index in index == 0 ? .reply(200) : .reply(400, [:], errorDocument("ExpiredToken")) },
      body: { harness in
        _ = try await harness.client.getObject(bucket: "bucket", key: "k")
        issuer.failures.withLockedValue { $0 = .max }
        let error = try await ClientHarness.error { try await harness.client.getObject(bucket: "bucket", key: "k") }
        #expect(error.kind == .noCredentials && !error.isRetryable)
        #expect(harness.server.requests.count == 2)
      })
  }
}
