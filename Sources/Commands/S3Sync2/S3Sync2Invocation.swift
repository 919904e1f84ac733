import Martlet

/// A complete and valid call of `s3-sync2`.
struct S3Sync2Invocation {
  var sync: SyncInvocation
  /// One line for each option that has no effect.
  private(set) var notes: [String] = []

  /// Throws `UsageError` with everything that is wrong.
  init(_ own: S3Sync2Options, _ options: SyncOptions, environment: [String: String]) throws(UsageError) {
    let dialect = Dialect.s3Sync2
    var reader = SettingReader(environment: environment, seedVariables: dialect.seedVariables)
    var notes: [String] = []
    var sync: SyncInvocation?
    var problems: [String] = []
    do {
      sync = try SyncInvocation(options, dialect: dialect, environment: environment)
    } catch {
      problems = error.problems
    }
    if let paths = own.md5SkipPath {
      notes.append("--md5-skip-path: changes are found without checksums, in these folders as well; it has no effect")
      if let root = sync?.configuration.root { Self.check(skipped: paths, below: root, &reader) }
    }
    problems += reader.problems
    guard var sync, problems.isEmpty else { throw UsageError(problems: problems) }
    if own.syncOptUpDelete { sync.configuration.deletes.insert(.up) }
    if own.syncOptDownDelete { sync.configuration.deletes.insert(.down) }
    sync.configuration.uploadFilters = FilterOption.ordered(own.syncOptUpExclude + own.syncOptUpInclude)
    sync.configuration.downloadFilters = FilterOption.ordered(own.syncOptDownExclude + own.syncOptDownInclude)
    sync.configuration.checksAtStart = true
    self.sync = sync
    self.notes = notes + sync.notes
  }

  private static func check(skipped paths: String, below root: String, _ reader: inout SettingReader) {
    let root = root.hasSuffix("/") ? root : root + "/"
    for path in paths.split(separator: "|") {
      let path = path.hasPrefix("~/") ? (reader.environment["HOME"] ?? "~") + path.dropFirst() : String(path)
      if !path.hasPrefix(root) {
        reader.refuse("--md5-skip-path \(path): is not in the local folder \(root): name folders in it")
      }
    }
  }
}
