import ArgumentParser

/// The options that only s3-sync2 has, as typed.
struct S3Sync2Options: ParsableArguments {
  @Flag(help: "--delete from the folder to the bucket only.")
  var syncOptUpDelete = false

  @Flag(help: "--delete from the bucket to the folder only.")
  var syncOptDownDelete = false

  @Option(
    help: ArgumentHelp("--exclude of uploads only, behind those of both directions.", valueName: "pattern"),
    transform: FilterOption.exclude)
  var syncOptUpExclude: [FilterOption] = []

  @Option(
    help: ArgumentHelp("--include of uploads only.", valueName: "pattern"), transform: FilterOption.include)
  var syncOptUpInclude: [FilterOption] = []

  @Option(
    help: ArgumentHelp("--exclude of downloads only, behind those of both directions.", valueName: "pattern"),
    transform: FilterOption.exclude)
  var syncOptDownExclude: [FilterOption] = []

  @Option(
    help: ArgumentHelp("--include of downloads only.", valueName: "pattern"), transform: FilterOption.include)
  var syncOptDownInclude: [FilterOption] = []

  @Option(
    name: [.long, .customShort("s")],
    help: ArgumentHelp(
      "Folders that the script leaves out of its checksums, parted by |; not needed, since nothing is found by checksums.",
      valueName: "paths"))
  var md5SkipPath: String?
}
