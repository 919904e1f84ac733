import ArgumentParser
import EmbeddedS3
import Logging
import ServiceLifecycle
import UnixSignals

struct ServeS3Command: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve-s3",
    abstract: "Serve S3 on this machine, to try things out and for tests; not a store for production.",
    discussion: """
      Keys: AWS_ACCESS_KEY_ID=embedded AWS_SECRET_ACCESS_KEY=embedded-secret, region us-east-1. Prints the endpoint \
      when it listens, and serves until SIGTERM or SIGINT.
      """)

  @Option(help: "The port on 127.0.0.1; 0, the default, takes a free one.")
  var port = 0

  @Option(help: "Keep the data below this folder (default: in memory).")
  var dataDir: String?

  @Option(help: "Create this bucket; may be repeated.")
  var bucket: [String] = []

  @Flag(help: "Open /_faults and /_requests, by which tests break things and look on.")
  var controllable = false

  @Option(help: "text (default) or json.")
  var logFormat = LogFormat.text

  func validate() throws {
    guard (0...65_535).contains(port) else { throw ValidationError("--port \(port): give 0 to 65535") }
  }

  func run() async throws {
    let logger = logFormat.logger(level: .notice, console: .standardError)
    var configuration = EmbeddedS3Configuration()
    configuration.port = port
    configuration.buckets = bucket
    configuration.isControllable = controllable
    if let dataDir { configuration.data = .folder(dataDir) }
    do {
      let service = ServedS3(server: try EmbeddedS3Server(configuration, logger: logger.quieter))
      let group = ServiceGroup(
        services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger.quieter)
      try await group.run()
    } catch {
      logger.error("cannot serve S3 on 127.0.0.1:\(port): \(error); free the port or choose another with --port")
      throw ExitStatus.cannotStart
    }
  }
}

extension LogFormat: ExpressibleByArgument {}

private struct ServedS3: Service {
  let server: EmbeddedS3Server

  func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await server.run() }
      let port = try await server.boundPort()
      Console.standardOutput.write("http://\(server.configuration.host):\(port)")
      try await group.waitForAll()
    }
  }
}
