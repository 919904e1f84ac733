import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Testing

@testable import AWSKit

@Suite struct ProxyTests {
  // MARK: The variables

  @Test(
    arguments: [
      (["HTTP_PROXY": "http://p:3128"], "http", "p:3128"), (["http_proxy": "p:3128"], "http", "p:3128"),
      (["http_proxy": "//p:3128/"], "http", "p:3128"), (["http_proxy": "HTTP://P.Example"], "http", "p.example:80"),
      (["HTTP_PROXY": "http://p:1", "http_proxy": "http://q:2"], "http", "q:2"),
      (["HTTP_PROXY": "http://p:1", "http_proxy": ""], "http", nil), (["HTTP_PROXY": ""], "http", nil),
      (["HTTP_PROXY": "http://p:1"], "https", nil), (["HTTPS_PROXY": "http://p:1"], "http", nil),
      (["HTTPS_PROXY": "http://p:1"], "https", "p:1"), (["ALL_PROXY": "http://p:1"], "https", nil),
      (["HTTPS_PROXY": "http://[::1]:8080"], "https", "::1:8080"),
      (["HTTPS_PROXY": "http://u:p@p:1/"], "https", "p:1 u p"),
      (["HTTPS_PROXY": "u%40x:a%3Ab@p:1"], "https", "p:1 u@x a:b"),
      (["HTTPS_PROXY": "http://u@p:1"], "https", "p:1 u "), (["HTTPS_PROXY": "http://u:a@b@p:1"], "https", "p:1 u a@b"),
    ] as [([String: String], String, String?)])
  func variables(_ environment: [String: String], scheme: String, expected: String?) throws {
    let settings = try ProxySettings(environment: environment)
    let proxy = settings.proxy(isSecure: scheme == "https", authority: "store.example")
    let found = proxy.map { proxy in
      "\(proxy.host):\(proxy.port)" + (proxy.user.map { " \($0) \(proxy.password ?? "")" } ?? "")
    }
    #expect(found == expected)
  }

  /// urllib's `proxy_bypass_environment`, asked for each case; and what is never asked through a proxy.
  @Test(arguments: [
    ("*", "store.example", true), ("*, x", "store.example", false), ("store.example", "store.example", true),
    ("example", "store.example", true), (".example", "store.example", true), ("ample", "store.example", false),
    ("STORE.Example", "store.example:9000", true), ("store.example:9000", "store.example:9000", true),
    ("store.example:9000", "store.example", false), ("a, example ,b", "store.example:443", true),
    ("10.0.0.0/8", "10.1.2.3", false), ("10.1.2.3", "10.1.2.3:80", true), ("", "store.example", false),
    (",", "store.example", false), ("", "169.254.170.2", true), ("", "169.254.169.254:80", true),
    ("", "[fd00:ec2::254]", true), ("", "169.254.example", false), ("[::1]", "[::1]:80", true),
    ("127.0.0.1,localhost", "localhost:9000", true),
  ])
  func exceptions(_ list: String, authority: String, isDirect: Bool) throws {
    for name in ["NO_PROXY", "no_proxy"] {
      let settings = try ProxySettings(environment: ["HTTPS_PROXY": "http://p:1", name: list])
      #expect((settings.proxy(isSecure: true, authority: authority) == nil) == isDirect)
    }
  }

  @Test(arguments: [
    "https://u:secret@p:1", "socks5://u:secret@p:1", "http://u:secret@p:x", "http://u:secret@", "http://u:se%cret@p:1",
    "http://u:secret@p:1 2", "http://u:secret@p\r\nX: y",
  ])
  func unusableProxies(value: String) throws {
    let error = try #require(throws: S3Error.self) { try ProxySettings(environment: ["HTTPS_PROXY": value]) }
    #expect(error.kind == .invalidArgument)
    #expect(error.message.hasPrefix("HTTPS_PROXY="))
    #expect(!error.message.contains("secret") && !error.message.contains("se%cret") && !error.message.contains("\r"))
  }

  @Test func theSummaryHasNoPassword() throws {
    let both = ["HTTP_PROXY": "http://u:secret@p:1", "HTTPS_PROXY": "http://u:secret@q:2"]
    #expect(try ProxySettings(environment: both).summary == "p:1, q:2")
    #expect(try ProxySettings(environment: ["HTTPS_PROXY": "q:2"]).summary == "q:2")
    #expect(ProxySettings().summary == nil)
  }

  // MARK: On the wire

  /// The scripted server stands in for the proxy: the target's name leads nowhere.
  @Test func plainRequestsNameTheirTarget() async throws {
    let proxy = try await TestServer.start { _, _ in .reply(200, ["ETag": "\"e\""]) }
    try await ClientHarness.run(
      proxies: try ProxySettings(environment: ["http_proxy": "http://us%65r:p%40ss@127.0.0.1:\(proxy.port)"]),
      configure: { $0.endpoint = try! S3Endpoint(url: "http://store.invalid:9000", region: "eu-west-1") },
      answer: { _, _ in .close },
      body: { harness in
        for _ in 0..<2 {
          _ = try await harness.client.putObject(bucket: "bucket", key: "k", body: .bytes(ByteBuffer(string: "x")))
        }
      })
    #expect(proxy.requests.map(\.uri) == Array(repeating: "http://store.invalid:9000/bucket/k", count: 2))
    let request = try #require(proxy.requests.last)
    #expect(request.headers["Host"] == ["store.invalid:9000"])
    #expect(request.headers["Proxy-Authorization"] == ["Basic dXNlcjpwQHNz"])
    #expect(
      SigV4Authorization(header: request.headers["Authorization"].first ?? "")?.signedHeaders.contains("proxy") == false
    )
    #expect(request.body == Array("x".utf8))
    try await proxy.stop()
  }

  @Test func exceptionsAreSpokenToDirectly() async throws {
    try await ClientHarness.run(
      proxies: try ProxySettings(environment: ["HTTP_PROXY": "http://proxy.invalid:1", "NO_PROXY": "other, 127.0.0.1"]),
      answer: { _, _ in .reply(200) },
      body: { harness in
        _ = try await harness.client.headObject(bucket: "bucket", key: "k")
        #expect(harness.server.requests.map(\.uri) == ["/bucket/k"])
        #expect(harness.server.requests[0].headers["Proxy-Authorization"].isEmpty)
      })
  }

  /// What the machine itself offers is asked without a proxy.
  @Test func directRequests() async throws {
    let server = try await TestServer.start { _, _ in .reply(200) }
    var settings = HTTPTransport.Configuration()
    settings.proxies = try ProxySettings(environment: ["HTTP_PROXY": "http://proxy.invalid:1"])
    let transport = try HTTPTransport(configuration: settings)
    let reply = try await transport.send(
      HTTPClientRequest(url: server.url + "/credentials"), timeout: .seconds(10), direct: true)
    #expect(reply.status == .ok)
    #expect(server.requests.map(\.uri) == ["/credentials"])
    try await transport.shutdown()
    try await server.stop()
  }

  @Test func aProxyThatWantsAPassword() async throws {
    let proxy = try await TestServer.start { _, _ in .reply(407) }
    try await ClientHarness.run(
      proxies: try ProxySettings(environment: ["HTTP_PROXY": "http://u:secret@127.0.0.1:\(proxy.port)"]),
      configure: {
        $0.endpoint = try! S3Endpoint(url: "http://store.invalid", region: "eu-west-1")
        $0.retry.maximumAttempts = 1
      },
      answer: { _, _ in .close },
      body: { harness in
        let error = try await ClientHarness.error {
          try await harness.client.putObject(bucket: "bucket", key: "k", body: .empty)
        }
        #expect(error.kind == .cannotConnect)
        #expect(!error.outcomeUnknown)
        #expect(error.message.contains("HTTP_PROXY") && !"\(error)".contains("secret"))
      })
    try await proxy.stop()
  }

  /// The server sees neither the proxy nor its password.
  @Test func secureRequestsGoThroughATunnel() async throws {
    let proxy = try await TunnelProxy.start()
    let proxies = try ProxySettings(environment: ["HTTPS_PROXY": "http://u:p@127.0.0.1:\(proxy.port)"])
    let bundle = try TLSTests.file("ca.pem")
    try await TLSTests.run { settings in
      settings.caBundle = bundle
      settings.proxies = proxies
    } body: { client, server in
      for _ in 0..<2 { _ = try await client.headObject(bucket: "bucket", key: "k") }
      #expect(server.requests.map(\.uri) == ["/bucket/k", "/bucket/k"])
      #expect(server.requests[0].headers["Proxy-Authorization"].isEmpty)
      // The connection may not be free again when the second request comes.
      #expect((1...2).contains(proxy.requests.count))
      let head = try #require(proxy.requests.first?.lowercased())
      #expect(head.hasPrefix("connect localhost:\(server.port) http/1.1\r\n"))
      #expect(head.contains("proxy-authorization: basic dtpw\r\n"))
    }
    try await proxy.stop()
  }

  @Test(arguments: [("403 Forbidden", "did not open"), ("407 Proxy Authentication Required", "HTTPS_PROXY")])
  func tunnelsThatAreRefused(refusal: String, reason: String) async throws {
    let proxy = try await TunnelProxy.start(refusal: refusal)
    let proxies = try ProxySettings(environment: ["HTTPS_PROXY": "http://u:secret@127.0.0.1:\(proxy.port)"])
    try await TLSTests.run {
      $0.proxies = proxies
    } body: { client, server in
      let error = try await ClientHarness.error {
        try await client.putObject(bucket: "bucket", key: "k", body: .empty, condition: .ifAbsent)
      }
      #expect(error.kind == .cannotConnect)
      #expect(!error.outcomeUnknown)
      #expect(error.message.contains(reason) && !"\(error)".contains("secret"))
      #expect(server.requests.isEmpty)
    }
    try await proxy.stop()
  }
}
