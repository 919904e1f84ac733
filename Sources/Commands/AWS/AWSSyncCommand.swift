import ArgumentParser
import FoundationEssentials
import Martlet

/// The command line of `aws s3 sync`: `aws` becomes `martlet`, the rest of the line stays.
struct AWSSyncCommand: TranslatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync",
    abstract: "Stand in for aws s3 sync: sync once, in the direction in which the two places stand.",
    usage: "martlet s3 sync <LocalPath> <S3Uri> [options]\nmartlet s3 sync <S3Uri> <LocalPath> [options]",
    discussion: """
      Only the second place is changed. Files are deleted there only with --delete. Exit codes: 0 in sync, 1 something \
      failed, 2 nothing failed but something was passed over (archived objects, pipes, what cannot be read), 252 wrong \
      usage, 255 the local folder or a file of settings cannot be used. What differs from the AWS CLI stands in \
      docs/migrating.md.
      """)
  static let grammar = Grammar.aws

  @OptionGroup var options: SyncOptions

  func run(_ translation: ArgumentTranslation) async throws {
    var problems = translation.problems
    let invocation: SyncInvocation?
    do {
      invocation = try .ofTheAWSCLI(options, environment: ProcessInfo.processInfo.environment)
    } catch {
      invocation = nil
      problems += error.problems
    }
    guard let invocation, problems.isEmpty else { throw Self.refused(problems, AWSExitStatus.usage) }
    if let problem = DescriptorLimit.raise() { throw Self.refused([problem], AWSExitStatus.failed) }
    let configuration = invocation.configuration
    if let problem = Self.prepare(configuration.root, creating: configuration.directions == .down) {
      throw Self.refused([problem], AWSExitStatus.unusable)
    }
    var run = SyncRun(invocation: invocation, notes: translation.notes + invocation.notes)
    run.statusOfOutcome = AWSExitStatus.of
    run.statusOfError = AWSExitStatus.of
    try await run()
  }

  /// The folder that is synced from has to be there; the one that is synced to is created.
  private static func prepare(_ root: String, creating isCreated: Bool) -> String? {
    var isFolder = false
    let exists = FileManager.default.fileExists(atPath: root, isDirectory: &isFolder)
    if exists { return isFolder ? nil : "\(root): is no folder: name the folder that the files lie in" }
    guard isCreated else { return "\(root): this folder does not exist: check the path" }
    do {
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
      return nil
    } catch {
      return "\(root): this folder cannot be created: check the path and its permissions"
    }
  }
}

/// `martlet s3`, of which only `sync` is there.
struct S3Command: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "s3", abstract: "Stand in for aws s3 sync.", subcommands: [AWSSyncCommand.self])
}
