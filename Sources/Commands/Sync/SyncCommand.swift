import ArgumentParser
import FoundationEssentials

struct SyncCommand: TranslatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync",
    abstract: "Keep a folder and an S3 prefix the same, continuously, in both directions.",
    usage: "martlet sync <LocalPath> <S3Uri> [options]",
    discussion: "The options of aws s3 sync are understood as well, with its grammar; see docs/migrating.md.")
  static let grammar = Grammar.sync

  @OptionGroup var options: SyncOptions

  func run(_ translation: ArgumentTranslation) async throws {
    var problems = translation.problems
    let invocation: SyncInvocation?
    do {
      invocation = try SyncInvocation(options, environment: ProcessInfo.processInfo.environment)
    } catch {
      invocation = nil
      problems += error.problems
    }
    guard let invocation, problems.isEmpty else { throw Self.refused(problems, ExitStatus.usage) }
    if let problem = DescriptorLimit.raise() { throw Self.refused([problem], ExitStatus.cannotStart) }
    try await SyncRun(invocation: invocation, notes: translation.notes + invocation.notes)()
  }
}
