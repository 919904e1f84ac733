/// The options that neither the AWS CLI nor its manual knows.
enum MartletOptions {
  /// Of s3-sync2, and of `martlet sync` as well.
  static let shared: [OptionRow] = [
    .one("--cf-dist-id").abbreviated("c"),
    .flag("--cf-inval-always"),
    .one("--cf-inval-paths"),
    .flag("--dfs").abbreviated("d"),
    .one("--dfs-lock-timeout").abbreviated("t"),
    .one("--dfs-lock-wait").abbreviated("w"),
    .flag("--dfs-uid-hostname"),
    .flag("--journal"),
    .one("--journal-prefix"),
    .flag("--init-sync-down", .run).abbreviated("i"),
    .flag("--init-sync-up", .run).abbreviated("u"),
    .flag("--only-up"),
    .flag("--only-down"),
    .one("--event-queue").abbreviated("q"),
    .flag("--event-queue-cleanup"),
    .one("--event-route"),
    .one("--poll").abbreviated("p"),
    .one("--max-failures").abbreviated("x"),
  ]

  /// Of s3-sync2 alone.
  static let s3Sync2: [OptionRow] = [
    .one("--md5-skip-path").abbreviated("s")
  ]

  /// Of mobius3 alone. Python takes the word behind its flags for their value.
  static let mobius3: [OptionRow] = [
    .one("--prefix"),
    .one("--credentials-source"),
    .one("--exclude-remote"),
    .one("--exclude-local"),
    .one("--upload-on-create"),
    .one("--cloudwatch-monitoring-endpoint"),
    .one("--cloudwatch-monitoring-region"),
    .one("--cloudwatch-monitoring-namespace"),
    OptionRow(name: "--disable-ssl-verification", values: .optional(bare: "true")),
    OptionRow(name: "--log-level", values: .optional(bare: "trace")),
    OptionRow(name: "--force-ipv4", values: .optional(bare: "true")),
    .one("--download-interval"),
    .one("--local-modification-persistance"),
    .one("--local-modification-persistence"),
  ].map { $0.with { $0.takesFiles = false } }

  /// Of `martlet iam-policy` alone.
  static let ofPolicies: [OptionRow] = [.one("--account"), .flag("--versioned")]

  /// Their values are never read from files.
  static let own = names.map { $0.with { $0.takesFiles = false } }

  /// What has a meaning where one direction is synced once.
  static let besideAWS = (shared + own).filter { !decided.contains($0.name) }

  private static let decided: Set = [
    "--init-sync-down", "--init-sync-up", "--only-up", "--only-down", "--poll", "--max-failures", "--once",
    "--full-pass-every", "--upload-open-after", "--watch", "--conflict", "--first-sync",
  ]

  private static let names: [OptionRow] = [
    .flag("--once"),
    .one("--full-pass-every"),
    .one("--upload-open-after"),
    .one("--watch"),
    .one("--conflict"),
    .one("--first-sync"),
    .flag("--no-delete"),
    .one("--max-delete"),
    .one("--trash-retention"),
    .one("--max-bandwidth"),
    .one("--max-bandwidth-up"),
    .one("--max-bandwidth-down"),
    .one("--symlinks"),
    .flag("--unsafe-links"),
    .one("--directories"),
    .flag("--preserve-owner"),
    .one("--node-id"),
    .one("--state-dir"),
    .one("--shutdown-timeout"),
    .one("--ready-file"),
    .one("--log-format"),
    .one("--log-level"),
  ]
}
