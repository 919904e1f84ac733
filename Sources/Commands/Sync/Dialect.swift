/// Whose command line is understood: what stands in for options, and what holds without them.
enum Dialect: Sendable {
  case martlet, s3Sync2, mobius3
  /// `aws s3 sync`.
  case aws

  /// The variables of the program that Martlet stands in for; they act only there.
  var seedVariables: [String: [String]] {
    switch self {
    case .martlet, .mobius3, .aws: [:]
    case .s3Sync2:
      [
        "--local-path": ["LOCAL_PATH"], "--s3-uri": ["S3_URI"], "--cf-dist-id": ["CF_DISTRIBUTION_ID"],
        "--cf-inval-paths": ["CF_INVALIDATION_PATHS"], "--debug": ["DEBUG"], "--dfs": ["DFS"],
        "--dfs-lock-timeout": ["DFS_LOCK_TIMEOUT"], "--dfs-lock-wait": ["DFS_LOCK_WAIT"],
        "--event-queue": ["SQS_EVENT_QUEUE"], "--poll": ["POLL_INTERVAL", "POLL_INTERVAL_SECS"],
      ]
    }
  }

  /// As the user calls it.
  var command: String {
    switch self {
    case .martlet: "martlet sync"
    case .s3Sync2: "s3-sync2"
    case .mobius3: "mobius3"
    case .aws: "martlet s3 sync"
    }
  }

  /// Synchronisations that may fail in a row; 0: any number.
  var maximumFailures: Int {
    switch self {
    case .martlet, .mobius3, .aws: 0
    case .s3Sync2: 3
    }
  }
}
