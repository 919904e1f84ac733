import AWSKit
import EmbeddedS3

@testable import RemoteTree

/// Runs a test against a server of its own, over real HTTP.
///
/// - Parameter capabilities: what the tree believes; nil: what the probe finds out.
func withServer(
  capabilities: ServerCapabilities? = .full, faults: [Fault] = [], bucket: String? = nil,
  _ body: @Sendable (Fixture, EmbeddedS3Server) async throws -> Void
) async throws {
  let credentials = EmbeddedS3Credentials(accessKeyID: "testing", secretAccessKey: "testing")
  let configuration = EmbeddedS3Configuration(credentials: [credentials])
  try await withEmbeddedS3(configuration, logger: Fixture.logger) { endpoint in
    let transport = try HTTPTransport()
    do {
      let server = endpoint.server
      server.faults.faults = faults
      let fixture = try await Fixture(
        endpoint: endpoint.url, transport: transport, capabilities: capabilities, bucket: bucket)
      try await body(fixture, server)
    } catch {
      try? await transport.shutdown()
      throw error
    }
    try await transport.shutdown()
  }
}
