import ArgumentParser
import FoundationEssentials
import Logging
import Martlet
import ServiceLifecycle
import UnixSignals

struct SyncCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync",
    abstract: "Keep a folder and an S3 prefix the same, continuously, in both directions.",
    usage: "martlet sync <LocalPath> <S3Uri> [options]")

  @OptionGroup var options: SyncOptions

  func run() async throws {
    let console = Console.standardError
    if let problem = DescriptorLimit.raise() {
      console.write("martlet: \(problem)")
      throw ExitStatus.cannotStart
    }
    let invocation: SyncInvocation
    do {
      invocation = try SyncInvocation(options, environment: ProcessInfo.processInfo.environment)
    } catch {
      for problem in error.problems { console.write("martlet: \(problem)") }
      console.write("See martlet sync --help")
      throw ExitStatus.usage
    }
    let logger = invocation.logFormat.logger(level: invocation.logLevel, console: console)
    let events = EventLogger(logger: logger, printPlan: { Console.standardOutput.write($0) })
    let syncer = Syncer(invocation.configuration, logger: logger, observer: events)
    do {
      try await serve(syncer, invocation, console, logger)
    } catch {
      logger.error("\(error)")
      throw ExitStatus.of(error)
    }
    guard let outcome = syncer.outcome else { throw ExitStatus.notInSync }
    if invocation.configuration.isDryRun { return }
    OutcomeText.log(outcome, to: logger)
    let status = ExitStatus.of(outcome)
    if status != ExitStatus.inSync { throw status }
  }

  private func serve(
    _ syncer: Syncer, _ invocation: SyncInvocation, _ console: Console, _ logger: Logger
  ) async throws {
    let progress = ProgressReporter(syncer: syncer, console: console, logger: logger, format: invocation.logFormat)
    // Shut down from the last to the first: progress is shown while the syncer drains.
    var configuration = ServiceGroupConfiguration(
      services: [
        .init(service: progress),
        .init(
          service: syncer, successTerminationBehavior: .gracefullyShutdownGroup,
          failureTerminationBehavior: .gracefullyShutdownGroup),
      ],
      gracefulShutdownSignals: [.sigterm, .sigint], logger: logger.quieter)
    // The syncer keeps its own time-out; this is for one that hangs.
    configuration.maximumGracefulShutdownDuration = invocation.configuration.shutdownTimeout + .seconds(5)
    try await ServiceGroup(configuration: configuration).run()
  }
}

extension Logger {
  /// For libraries whose everyday remarks are of no use to the user.
  var quieter: Logger {
    var logger = self
    logger.logLevel = max(logLevel, logLevel == .trace ? .trace : .warning)
    return logger
  }
}
