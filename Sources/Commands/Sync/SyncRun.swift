import ArgumentParser
import Logging
import Martlet
import ServiceLifecycle
import UnixSignals

/// One run of the syncer on the command line, until it ends or is told to.
struct SyncRun {
  let invocation: SyncInvocation
  /// Told before anything else.
  var notes: [String] = []
  var console = Console.standardError
  var statusOfOutcome: @Sendable (SyncOutcome) -> ExitCode = ExitStatus.of
  var statusOfError: @Sendable (any Error) -> ExitCode = ExitStatus.of

  /// Throws the exit code where it is not 0.
  func callAsFunction() async throws {
    let output = invocation.output
    let logger = output.format.logger(level: output.level, console: console)
    for note in notes { logger.notice("\(note)") }
    let events = EventLogger(
      logger: logger, printPlan: { line in if output.showsPlan { Console.standardOutput.write(line) } })
    let failures = FailureLimit(invocation.maximumFailures, next: events)
    let syncer = Syncer(invocation.configuration, logger: logger, observer: failures)
    do {
      try await serve(syncer, failures, logger)
    } catch {
      logger.error("\(error)")
      throw statusOfError(error)
    }
    if failures.isReached {
      logger.error(
        "\(invocation.maximumFailures) synchronisations in a row failed: ending (--max-failures 0 goes on for ever)")
      throw ExitStatus.notInSync
    }
    guard let outcome = syncer.outcome else { throw ExitStatus.notInSync }
    if invocation.configuration.dryRun { return }
    OutcomeText.log(outcome, to: logger)
    let status = statusOfOutcome(outcome)
    if status != ExitStatus.inSync { throw status }
  }

  private func serve(_ syncer: Syncer, _ failures: FailureLimit, _ logger: Logger) async throws {
    typealias Member = ServiceGroupConfiguration.ServiceConfiguration
    var services: [Member] = []
    if invocation.output.showsProgress {
      services.append(
        .init(
          service: ProgressReporter(syncer: syncer, console: console, logger: logger, settings: invocation.output)))
    }
    if invocation.maximumFailures > 0 {
      services.append(.init(service: failures, successTerminationBehavior: .gracefullyShutdownGroup))
    }
    services.append(
      .init(
        service: syncer, successTerminationBehavior: .gracefullyShutdownGroup,
        failureTerminationBehavior: .gracefullyShutdownGroup))
    // Shut down from the last to the first: progress is shown while the syncer drains.
    var configuration = ServiceGroupConfiguration(
      services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger.quieter)
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
