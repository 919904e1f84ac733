import ArgumentParser
import FoundationEssentials

/// The command line of s3-sync2, also under that name: a link to the executable.
struct S3Sync2Command: TranslatedCommand {
  static let configuration = CommandConfiguration(
    commandName: "s3-sync2",
    abstract: "Stand in for s3-sync2: sync a folder and an S3 prefix in both directions.",
    usage: "s3-sync2 [options] <LocalPath> <S3Uri>",
    discussion: """
      The two places may stand in either order. Runs until SIGTERM or SIGINT, uploads what is left, and ends. \
      --poll 0 checks everything, syncs once and ends. Files are deleted only with --delete; without it what is \
      missing on one side is copied back from the other.

      All options of aws s3 sync are understood, with its grammar; one that has no meaning here says so in one line. \
      --sync-opt-up-X and --sync-opt-down-X limit option X to one direction.

      Variables stand in for options: LOCAL_PATH, S3_URI, CF_DISTRIBUTION_ID, CF_INVALIDATION_PATHS, DEBUG, DFS, \
      DFS_LOCK_TIMEOUT, DFS_LOCK_WAIT, SQS_EVENT_QUEUE, POLL_INTERVAL or POLL_INTERVAL_SECS; and those of martlet sync.

      Exit codes: 0 in sync, 1 anything else. What differs from the script stands in docs/migrating.md.
      """,
    version: Version.current)
  static let grammar = Grammar.s3Sync2

  @OptionGroup(title: "Of s3-sync2") var own: S3Sync2Options
  @OptionGroup var options: SyncOptions

  func run(_ translation: ArgumentTranslation) async throws {
    var problems = translation.problems
    let invocation: S3Sync2Invocation?
    do {
      invocation = try S3Sync2Invocation(own, options, environment: ProcessInfo.processInfo.environment)
    } catch {
      invocation = nil
      problems += error.problems
    }
    if let problem = DescriptorLimit.raise() { problems.append(problem) }
    guard let invocation, problems.isEmpty else {
      problems += folderProblem
      _ = Self.refused(problems, ExitStatus.usage)
      throw ExitStatus.notInSync
    }
    do {
      try await SyncRun(invocation: invocation.sync, notes: translation.notes + invocation.notes)()
    } catch is ExitCode {
      // The script knows one code for everything that is wrong.
      throw ExitStatus.notInSync
    }
  }

  /// Told beside wrong options; the run itself tells it together with what is wrong with the bucket.
  private var folderProblem: [String] {
    let reader = SettingReader(
      environment: ProcessInfo.processInfo.environment, seedVariables: Dialect.s3Sync2.seedVariables)
    guard let path = options.places.first(where: { !$0.hasPrefix("s3://") }) ?? reader.variable("--local-path") else {
      return []
    }
    var isFolder = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    return exists && isFolder ? [] : ["\(path): is no folder: create it or mount its volume"]
  }
}
