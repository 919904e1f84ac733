import ArgumentParser
import CLinux
import FoundationEssentials
import Martlet

/// What the executable runs.
package enum CommandLineTool {
  package static func main() async {
    clinux_return_large_buffers()
    do {
      try await run(CommandLine.arguments, environment: ProcessInfo.processInfo.environment)
    } catch {
      MartletCommand.exit(withError: error)
    }
  }

  /// `words` begins with the name that the program was called by.
  private static func run(_ words: [String], environment: [String: String]) async throws {
    let words = AWSWords.ordered(MartletCommand.words(words))
    guard let (names, command) = MartletCommand.translated(words) else {
      return try await run(MartletCommand.parseAsRoot(words))
    }
    let translation = ArgumentTranslation(
      Array(words.dropFirst(names.count)), grammar: command.grammar, files: ParameterFile(environment: environment))
    let parsed = try MartletCommand.parseAsRoot(names + translation.arguments)
    guard let parsed = parsed as? any TranslatedCommand else { return try await run(parsed) }
    try await parsed.run(translation)
  }

  private static func run(_ command: any ParsableCommand) async throws {
    var command = command
    if var command = command as? any AsyncParsableCommand { return try await command.run() }
    try command.run()
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
    subcommands: [
      SyncCommand.self, StatusCommand.self, NodesCommand.self, LimitCommand.self, PauseCommand.self,
      ResumeCommand.self, FlushCommand.self, ReconcileCommand.self, IAMPolicyCommand.self, ServeS3Command.self,
      S3Sync2Command.self, Mobius3Command.self, S3Command.self, S3Sync2PolicyCommand.self,
    ])

  /// The words behind the program's name. Called by the name of a program that it stands in for, it is that one.
  static func words(_ words: [String]) -> [String] {
    let name = words.first.map { String($0[($0.lastIndex(of: "/").map($0.index(after:)) ?? $0.startIndex)...]) }
    let standsIn = [S3Sync2Command.configuration.commandName, Mobius3Command.configuration.commandName].contains(name)
    let words = (standsIn ? [name!] : []) + words.dropFirst()
    return words.starts(with: ["iam-policy", "s3-sync2"]) ? ["iam-policy-s3-sync2"] + words.dropFirst(2) : words
  }

  /// The command that the words begin with, if its words are translated, and its names.
  static func translated(_ words: [String]) -> (names: [String], command: any TranslatedCommand.Type)? {
    let commands: [([String], any TranslatedCommand.Type)] = [
      (["sync"], SyncCommand.self), (["s3-sync2"], S3Sync2Command.self), (["s3", "sync"], AWSSyncCommand.self),
      (["mobius3"], Mobius3Command.self),
      (["iam-policy"], IAMPolicyCommand.self), (["iam-policy-s3-sync2"], S3Sync2PolicyCommand.self),
    ]
    return commands.first { words.starts(with: $0.0) }
  }
}

enum Version {
  static let current = MartletVersion.current
}
