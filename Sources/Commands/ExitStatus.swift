import ArgumentParser
import Martlet

/// The exit codes, as docs/options.md documents them.
enum ExitStatus {
  /// Everything is in sync; of `status`: ready and not stuck.
  static let inSync = ExitCode(0)
  /// The run ended and something is not in sync, or the distribution of `--cf-dist-id` cannot be used, or the lease
  /// was waited for too long (as with s3-sync2); of `status`: not ready, stuck or not running.
  static let notInSync = ExitCode(1)
  /// The folder, the bucket or the state cannot be used.
  static let cannotStart = ExitCode(2)
  /// Options or arguments are wrong; `EX_USAGE` of sysexits(3).
  static let usage = ExitCode(64)

  static func of(_ error: any Error) -> ExitCode {
    guard let error = error as? MartletError else { return cannotStart }
    return switch error.code {
    case .configuration: usage
    case .distribution, .lease: notInSync
    default: cannotStart
    }
  }

  static func of(_ outcome: SyncOutcome) -> ExitCode {
    outcome.isInSync && outcome.invalidationLeft == nil ? inSync : notInSync
  }
}
