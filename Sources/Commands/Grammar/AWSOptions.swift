/// Every option of `aws s3 sync`, with the values that the AWS CLI takes (versions 1.45 and 2.36).
enum AWSOptions {
  private static let betweenBuckets =
    "concerns copies between two buckets; a folder is synced with a bucket here, so it has no effect"

  static let sync: [OptionRow] = output + comparison + objects + others

  private static let output: [OptionRow] = [
    .flag("--dryrun"),
    .flag("--quiet"),
    .flag("--only-show-errors"),
    .flag("--no-progress"),
    .integer("--progress-frequency").onlyV2,
    .flag("--progress-multiline").onlyV2,
  ]

  private static let comparison: [OptionRow] = [
    .one("--exclude", .either),
    .one("--include", .either),
    .flag("--delete", .either),
    // When both versions stay as they are is no matter of one direction.
    .flag("--size-only"),
    .flag("--exact-timestamps", .downloads),
    .flag("--no-overwrite").onlyV2,
    .flag("--follow-symlinks", .uploads),
    .flag("--no-follow-symlinks", .uploads),
    .one(
      "--case-conflict", .downloads,
      .accepted("names that the file system cannot tell apart are reported and left alone; it has no effect"),
      choices: ["ignore", "skip", "warn", "error"]),
  ]

  private static let objects: [OptionRow] = [
    .one(
      "--acl", .uploads,
      choices: [
        "private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read",
        "bucket-owner-full-control", "log-delivery-write",
      ]),
    OptionRow(name: "--grants", values: .oneOrMore, scope: .uploads),
    .one(
      "--storage-class", .uploads,
      choices: [
        "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER",
        "DEEP_ARCHIVE", "GLACIER_IR",
      ]),
    OptionRow(
      name: "--sse", values: .optional(bare: "AES256"), choices: ["AES256", "aws:kms"], scope: .uploads),
    .one("--sse-kms-key-id", .uploads),
    // A key must be the same in both directions, or nothing could be read back.
    OptionRow(name: "--sse-c", values: .optional(bare: "AES256"), choices: ["AES256"]),
    .one("--sse-c-key", .run).with { $0.takesFiles = false },
    OptionRow(
      name: "--sse-c-copy-source", values: .optional(bare: "AES256"), choices: ["AES256"], scope: .uploads),
    .one("--sse-c-copy-source-key", .uploads).with { $0.takesFiles = false },
    .one("--content-type", .uploads),
    .flag("--no-guess-mime-type", .uploads),
    .one("--cache-control", .uploads),
    .one("--content-disposition", .uploads),
    .one("--content-encoding", .uploads),
    .one("--content-language", .uploads),
    .one("--expires", .uploads),
    .one("--website-redirect", .uploads).with { $0.takesFiles = false },
    .one("--metadata", .uploads),
    .one("--metadata-directive", .uploads, choices: ["COPY", "REPLACE"]),
    .one("--copy-props", .uploads, choices: ["none", "metadata-directive", "default", "all"]).onlyV2,
  ]

  private static let others: [OptionRow] = [
    .one("--source-region", .run, .accepted(betweenBuckets)),
    OptionRow(
      name: "--request-payer", values: .optional(bare: "requester"), choices: ["requester"]),
    .integer("--page-size"),
    .flag("--ignore-glacier-warnings", .downloads),
    .flag("--force-glacier-transfer", .downloads),
    .one(
      "--checksum-algorithm", .uploads,
      choices: ["CRC64NVME", "CRC32", "SHA256", "SHA1", "CRC32C", "SHA512", "XXHASH64", "XXHASH3", "XXHASH128"]),
    .one("--checksum-mode", .downloads, choices: ["ENABLED"]),
  ]

  private static let formatting: OptionRow.Treatment = .accepted("has no effect on syncing")

  /// The options of `aws` itself. `--debug` takes a level in the released s3-sync2.
  static let global: [OptionRow] = [
    .one("--region"),
    .one("--profile"),
    .one("--endpoint-url"),
    .flag("--no-verify-ssl"),
    .one("--ca-bundle"),
    .flag("--no-sign-request"),
    .one("--cli-read-timeout"),
    .one("--cli-connect-timeout"),
    OptionRow(
      name: "--debug", values: .optionalChoice(bare: "DEBUG"), choices: ["ERROR", "WARN", "DEBUG", "NONE"]),
    .one("--output", .run, formatting, choices: ["json", "text", "table", "yaml", "yaml-stream", "off"]),
    .one("--query", .run, formatting),
    .one("--color", .run, formatting, choices: ["on", "off", "auto"]),
    .flag("--no-paginate", .run, formatting),
    .flag("--v2-debug", .run, formatting).onlyV1,
    .one("--cli-binary-format", .run, formatting, choices: ["base64", "raw-in-base64-out"]).onlyV2,
    .flag("--no-cli-pager", .run, formatting).onlyV2,
    .flag("--cli-auto-prompt", .run, formatting).onlyV2,
    .flag("--no-cli-auto-prompt", .run, formatting).onlyV2,
    .one(
      "--cli-error-format", .run, formatting, choices: ["legacy", "json", "yaml", "text", "table", "enhanced"]
    ).onlyV2,
  ]
}
