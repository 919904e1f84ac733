import ArgumentParser
import FoundationEssentials

/// The command line of mobius3, also under that name: a link to the executable.
struct Mobius3Command: TranslatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "mobius3",
    abstract: "Stand in for mobius3: sync a folder and a bucket in both directions.",
    usage: """
      mobius3 <directory> <bucket> <endpoint> <region> [options]
      mobius3 <directory> <bucket-url> <region> [options]
      """,
    discussion: """
      <endpoint> is a pattern in which {} stands for the bucket: https://s3-eu-west-2.amazonaws.com/{}/ or \
      https://{}.s3-eu-west-2.amazonaws.com/. A URL names the bucket in its path or in front of its host.

      Runs until SIGTERM or SIGINT, uploads what is left, and ends. What the folder has at the first start stays there \
      alone until it changes; everything else crosses both ways, folders as markers (--directories all).

      The options of martlet sync and of aws s3 sync are understood as well, but for --endpoint-url and --region.

      Exit codes: 0 in sync, 2 wrong usage, 1 anything else. What differs from the program stands in docs/migrating.md.
      """,
    version: Version.current)
  static let grammar = Grammar.mobius3
  /// As Python's argparse.
  static let usageStatus = ExitCode(2)

  @OptionGroup(title: "Of mobius3") var own: Mobius3Options
  @OptionGroup var options: SyncOptions

  func run(_ translation: ArgumentTranslation) async throws {
    var problems = translation.problems
    let invocation: Mobius3Invocation?
    do {
      invocation = try Mobius3Invocation(own, options, environment: ProcessInfo.processInfo.environment)
    } catch {
      invocation = nil
      problems += error.problems
    }
    guard let invocation, problems.isEmpty else {
      _ = Self.refused(problems, ExitStatus.usage)
      throw Self.usageStatus
    }
    if let problem = DescriptorLimit.raise() { throw Self.refused([problem], ExitStatus.notInSync) }
    do {
      try await SyncRun(invocation: invocation.sync, notes: translation.notes + invocation.notes)()
    } catch is ExitCode {
      throw ExitStatus.notInSync
    }
  }
}
