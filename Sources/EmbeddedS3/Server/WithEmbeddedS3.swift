package import Logging

/// Where a running server is reached.
package struct EmbeddedS3Endpoint: Sendable {
  package let server: EmbeddedS3Server
  package let port: Int

  /// `http://127.0.0.1:PORT`
  package var url: String { "http://\(self.server.configuration.host):\(self.port)" }
  package var credentials: EmbeddedS3Credentials { self.server.configuration.credentials[0] }
}

/// Runs a server for as long as `body` does.
package func withEmbeddedS3<Result: Sendable>(
  _ configuration: EmbeddedS3Configuration = EmbeddedS3Configuration(),
  logger: Logger = Logger(label: "embedded-s3"),
  _ body: @Sendable (EmbeddedS3Endpoint) async throws -> Result
) async throws -> Result {
  let server = try EmbeddedS3Server(configuration, logger: logger)
  return try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await server.run() }
    defer { group.cancelAll() }
    return try await body(EmbeddedS3Endpoint(server: server, port: server.boundPort()))
  }
}
