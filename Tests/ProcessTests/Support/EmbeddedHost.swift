import AWSKit
import EmbeddedS3
import Logging
import NIOConcurrencyHelpers

/// The project's own endpoint within the test process, on a port and a folder that outlive its stops.
final class EmbeddedHost: Sendable {
  /// Keys by which the log of requests tells who sent them; their secret is `party`.
  static let partyCount = 16
  static func party(_ number: Int) -> String { "party-\(number)" }

  /// Temporary credentials that were given out, also those that are over.
  let issued: NIOLockedValueBox<[String: EmbeddedS3Credentials]>
  private let configuration: EmbeddedS3Configuration
  private let running: NIOLockedValueBox<(server: EmbeddedS3Server, task: Task<Void, any Error>)?> = NIOLockedValueBox(
    nil)

  init(port: UInt16, folder: String) {
    var configuration = EmbeddedS3Configuration(
      credentials: [
        EmbeddedS3Credentials(
          accessKeyID: Bucket.credentials.accessKeyID, secretAccessKey: Bucket.credentials.secretAccessKey)
      ] + (0..<Self.partyCount).map { EmbeddedS3Credentials(accessKeyID: Self.party($0), secretAccessKey: "party") })
    let issued = NIOLockedValueBox<[String: EmbeddedS3Credentials]>([:])
    configuration.temporaryCredentials = { id in issued.withLockedValue { $0[id] } }
    self.issued = issued
    configuration.port = Int(port)
    configuration.data = .folder(folder)
    configuration.buckets = [TestServer.bucketName]
    self.configuration = configuration
  }

  func start() async throws {
    let server = try EmbeddedS3Server(configuration, logger: Logger(label: "s3") { _ in SwiftLogNoOpLogHandler() })
    let task = Task { try await server.run() }
    running.withLockedValue { $0 = (server, task) }
    _ = try await server.boundPort()
  }

  /// Nobody listens afterwards; what was stored stays.
  func stop() async {
    let task = running.withLockedValue { running in
      defer { running = nil }
      return running?.task
    }
    task?.cancel()
    _ = await task?.result
  }

  /// Nil while it is stopped.
  var server: EmbeddedS3Server? { running.withLockedValue { $0?.server } }
}
