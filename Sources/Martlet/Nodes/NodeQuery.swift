import AWSKit
import FoundationEssentials
package import Logging
import RemoteTree
import SyncModel

/// Asks a bucket for the nodes of a prefix, without being one.
package enum NodeQuery {
  /// - Throws: `MartletError`.
  package static func nodes(_ configuration: Configuration, logger: Logger) async throws -> [StatusReport.Node] {
    do {
      let location = try configuration.place
      let connection = try Connection(
        configuration, location: location, environment: ProcessInfo.processInfo.environment)
      connection.announce(to: logger)
      let transport = try HTTPTransport(configuration: connection.transport)
      do {
        let client = S3Client(
          configuration: connection.client,
          credentials: Assembly.credentials(configuration, connection.settings, transport, logger),
          transport: transport, logger: logger)
        let nodes = try await NodeObjects(
          client: client, location: location, settings: ObjectSettings(configuration.objects)
        ).all()
        try await transport.shutdown()
        return nodes.compactMap(StatusReport.Node.init)
      } catch {
        try? await transport.shutdown()
        throw error
      }
    } catch {
      throw MartletError(error)
    }
  }
}
