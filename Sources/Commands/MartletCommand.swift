import ArgumentParser
import CLinux

/// What the executable runs.
package enum CommandLineTool {
  package static func main() async {
    clinux_return_large_buffers()
    await MartletCommand.main()
  }
}

struct MartletCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "martlet",
    abstract: "Keeps a local folder and an S3 prefix the same, both ways, without losing a byte.",
    discussion: """
      Every option can also be given as an environment variable: --poll as MARTLET_POLL, --once as MARTLET_ONCE=true.
      An option comes before its variable. Exit codes: 0 in sync, 1 something is not in sync, 2 could not start, \
      64 wrong usage.
      """,
    version: Version.current,
    subcommands: [SyncCommand.self, StatusCommand.self, ServeS3Command.self])
}

enum Version {
  static let current = "0.1.0"
}
