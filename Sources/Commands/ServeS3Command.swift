import ArgumentParser
import EmbeddedS3
import Logging

struct ServeS3Command: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve-s3",
    abstract: "Serve S3 on this machine, for trying things out and for tests; not a store for production.")
}
