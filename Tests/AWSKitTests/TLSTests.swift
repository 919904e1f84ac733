import AWSKit
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import Testing

/// The certificate of the server is signed by an authority made for these tests; its key protects nothing.
@Suite struct TLSTests {
  static func file(_ name: String) throws -> String {
    try #require(Bundle.module.path(forResource: name, ofType: nil, inDirectory: "Vectors/tls"))
  }

  private func run(trusting bundle: String?, body: (S3Client, TestServer) async throws -> Void) async throws {
    try await Self.run(transport: { $0.caBundle = bundle }, body: body)
  }

  static func run(
    transport configure: (inout HTTPTransport.Configuration) throws -> Void,
    body: (S3Client, TestServer) async throws -> Void
  ) async throws {
    let chain = try NIOSSLCertificate.fromPEMFile(file("server.pem")).map {
      NIOSSLCertificateSource.certificate($0)
    }
    let key = try NIOSSLPrivateKey(file: file("server.key"), format: .pem)
    let context = try NIOSSLContext(
      configuration: .makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key)))
    let server = try await TestServer.start(tls: context) { _, _ in .reply(200, ["ETag": "\"e\""]) }
    var settings = HTTPTransport.Configuration()
    try configure(&settings)
    let transport = try HTTPTransport(configuration: settings)
    var configuration = S3Client.Configuration(
      endpoint: try S3Endpoint(url: "https://localhost:\(server.port)", region: "eu-west-1"))
    configuration.retry.maximumAttempts = 1
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let cache = CredentialCache(
      provider: StaticCredentialProvider(ClientHarness.credentials), now: AWSTimestamp.systemNow, logger: logger)
    let client = S3Client(configuration: configuration, credentials: cache, transport: transport, logger: logger)
    do { try await body(client, server) } catch {
      // A transport that is released without it ends the process.
      try await transport.shutdown()
      try await server.stop()
      throw error
    }
    try await transport.shutdown()
    try await server.stop()
  }

  /// Over TLS a content checksum stands in for the signature of the body; without one the body is signed.
  @Test func trustsTheBundle() async throws {
    try await run(trusting: try Self.file("ca.pem")) { client, server in
      var client = client
      _ = try await client.putObject(bucket: "bucket", key: "k", body: .bytes(ByteBuffer(string: "x")))
      client.configuration.checksums = .none
      _ = try await client.putObject(bucket: "bucket", key: "k", body: .bytes(ByteBuffer(string: "x")))
      #expect(
        server.requests.map { $0.headers["X-Amz-Content-SHA256"] } == [
          ["UNSIGNED-PAYLOAD"], ["2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"],
        ])
    }
  }

  /// `payload_signing_enabled` comes before both; false also where nothing is sent.
  @Test func signsBodiesAsTold() async throws {
    try await run(trusting: try Self.file("ca.pem")) { client, server in
      var client = client
      for signsPayload in [true, false] {
        client.configuration.signsPayload = signsPayload
        client.configuration.checksums = signsPayload ? .whenSupported : .none
        _ = try await client.putObject(bucket: "bucket", key: "k", body: .bytes(ByteBuffer(string: "x")))
        _ = try await client.headObject(bucket: "bucket", key: "k")
      }
      #expect(
        server.requests.map { $0.headers["X-Amz-Content-SHA256"] } == [
          ["2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"],
          ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"], ["UNSIGNED-PAYLOAD"],
          ["UNSIGNED-PAYLOAD"],
        ])
    }
  }

  @Test func refusesAnUnknownAuthority() async throws {
    try await run(trusting: nil) { client, server in
      let error = try await ClientHarness.error {
        try await client.putObject(bucket: "bucket", key: "k", body: .empty, condition: .ifAbsent)
      }
      #expect(error.kind == .cannotConnect)
      #expect(!error.outcomeUnknown)
      #expect(server.requests.isEmpty)
    }
  }

  /// The bundle does not matter then, not even a missing one.
  @Test func verifiesNothingWhenAsked() async throws {
    try await Self.run {
      $0.verifiesCertificates = false
      $0.caBundle = "/nonexistent/ca.pem"
    } body: { client, server in
      _ = try await client.headObject(bucket: "bucket", key: "k")
      #expect(server.requests.count == 1)
    }
  }

  @Test func namesABundleThatCannotBeRead() throws {
    let folder = try TemporaryFolder()
    for bundle in [
      "/nonexistent/ca.pem", folder.path, try folder.write("empty.pem", ""), try folder.write("text.pem", "no PEM"),
      try folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
      try Self.file("server.key"),
    ] {
      var settings = HTTPTransport.Configuration()
      settings.caBundle = bundle
      let error = try #require(throws: S3Error.self) { try HTTPTransport(configuration: settings) }
      #expect(error.message.contains(bundle))
      #expect(error.message.contains("--ca-bundle") && error.message.contains("AWS_CA_BUNDLE"))
    }
  }
}
