import ArgumentParser
import Martlet

/// The exit codes of `aws s3 sync` (version 2), as far as they have a meaning here.
enum AWSExitStatus {
  /// Something was not transferred, or the run could not begin.
  static let failed = ExitCode(1)
  /// Nothing failed, but something was passed over: archived objects, what is no file or cannot be read.
  static let skipped = ExitCode(2)
  /// Options or arguments are wrong.
  static let usage = ExitCode(252)
  /// The local folder, or a setting in a file or in the environment, cannot be used.
  static let unusable = ExitCode(255)

  static func of(_ outcome: SyncOutcome) -> ExitCode {
    outcome.leavesOnlyPassedOver && outcome.invalidationLeft == nil ? skipped : ExitStatus.of(outcome)
  }

  static func of(_ error: any Error) -> ExitCode {
    (error as? MartletError)?.code == .configuration ? unusable : failed
  }
}
