/// Every option of `aws s3 sync`, with the values that the AWS CLI takes (versions 1.45 and 2.36).
enum AWSOptions {
  private static let betweenBuckets =
    "concerns copies between two buckets; a folder is synced with a bucket here, so it has no effect"
  private static let objectHeaders: OptionRow.Treatment = .refused("is not available yet: leave it out")

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
    .flag("--delete", .either).with { $0.oneDirection = .implemented },
    .flag(
      "--size-only", .either,
      .accepted("contents are compared where the two sides were never in sync, which notices more; it has no effect")),
    .flag(
      "--exact-timestamps", .downloads,
      .accepted("contents are compared where the two sides were never in sync, which notices more; it has no effect")),
    .flag(
      "--no-overwrite", .either,
      .refused("is not available yet; nothing is lost without it: what is replaced is kept beside it or in the trash")
    ).onlyV2,
    .flag(
      "--follow-symlinks", .uploads,
      .refused("is not available yet: links are synced as links; leave it out, or skip links with --no-follow-symlinks")
    ),
    .flag("--no-follow-symlinks", .uploads),
    .one(
      "--case-conflict", .downloads,
      .accepted("names that the file system cannot tell apart are reported and left alone; it has no effect"),
      choices: ["ignore", "skip", "warn", "error"]),
  ]

  private static let objects: [OptionRow] = [
    .one(
      "--acl", .uploads, objectHeaders,
      choices: [
        "private", "public-read", "public-read-write", "authenticated-read", "aws-exec-read", "bucket-owner-read",
        "bucket-owner-full-control", "log-delivery-write",
      ]),
    OptionRow(name: "--grants", values: .oneOrMore, scope: .uploads, treatment: objectHeaders),
    .one(
      "--storage-class", .uploads, objectHeaders,
      choices: [
        "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER",
        "DEEP_ARCHIVE", "GLACIER_IR",
      ]),
    OptionRow(
      name: "--sse", values: .optional(bare: "AES256"), choices: ["AES256", "aws:kms"], scope: .uploads,
      treatment: objectHeaders),
    .one("--sse-kms-key-id", .uploads, objectHeaders),
    // A key must be the same in both directions, or nothing could be read back.
    OptionRow(name: "--sse-c", values: .optional(bare: "AES256"), choices: ["AES256"], treatment: objectHeaders),
    .one("--sse-c-key", .run, objectHeaders).with { $0.takesFiles = false },
    OptionRow(
      name: "--sse-c-copy-source", values: .optional(bare: "AES256"), choices: ["AES256"],
      treatment: .refused("is only for copies between two buckets: leave it out")),
    .one("--sse-c-copy-source-key", .run, .refused("is only for copies between two buckets: leave it out")).with {
      $0.takesFiles = false
    },
    .one("--content-type", .uploads, objectHeaders),
    .flag("--no-guess-mime-type", .uploads, objectHeaders),
    .one("--cache-control", .uploads, objectHeaders),
    .one("--content-disposition", .uploads, objectHeaders),
    .one("--content-encoding", .uploads, objectHeaders),
    .one("--content-language", .uploads, objectHeaders),
    .one("--expires", .uploads, objectHeaders),
    .one("--website-redirect", .uploads, objectHeaders).with { $0.takesFiles = false },
    .one("--metadata", .uploads, objectHeaders),
    .one("--metadata-directive", .run, .accepted(betweenBuckets), choices: ["COPY", "REPLACE"]),
    .one(
      "--copy-props", .run, .accepted(betweenBuckets), choices: ["none", "metadata-directive", "default", "all"]
    ).onlyV2,
  ]

  private static let others: [OptionRow] = [
    .one("--source-region", .run, .accepted(betweenBuckets)),
    OptionRow(
      name: "--request-payer", values: .optional(bare: "requester"), choices: ["requester"], treatment: objectHeaders),
    .integer(
      "--page-size", .accepted("listings ask for as many keys at a time as the server gives; it has no effect")),
    .flag(
      "--ignore-glacier-warnings", .downloads,
      .accepted("an archived object cannot be in sync and is reported; it has no effect")),
    .flag(
      "--force-glacier-transfer", .downloads,
      .accepted("archived objects are always tried; it has no effect")),
    .one(
      "--checksum-algorithm", .uploads,
      .accepted("uploads always carry a CRC64NVME checksum; it has no effect"),
      choices: ["CRC64NVME", "CRC32", "SHA256", "SHA1", "CRC32C", "SHA512", "XXHASH64", "XXHASH3", "XXHASH128"]),
    .one(
      "--checksum-mode", .downloads,
      .accepted("checksums are always asked for and verified; it has no effect"), choices: ["ENABLED"]),
  ]

  private static let transport: OptionRow.Treatment = .refused("is not available yet: leave it out")
  private static let formatting: OptionRow.Treatment = .accepted("has no effect on syncing")

  /// The options of `aws` itself. `--debug` takes a level in the released s3-sync2.
  static let global: [OptionRow] = [
    .one("--region"),
    .one("--profile"),
    .one("--endpoint-url"),
    .flag("--no-verify-ssl", .run, transport),
    .one("--ca-bundle", .run, transport),
    .flag("--no-sign-request", .run, transport),
    .integer("--cli-read-timeout", transport),
    .integer("--cli-connect-timeout", transport),
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
