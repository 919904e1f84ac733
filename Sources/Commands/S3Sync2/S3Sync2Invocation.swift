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
    Self.readLock(own, &reader, &notes)
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
    if options.events.eventQueueCleanup, sync.configuration.eventQueue == nil {
      notes.append("--event-queue-cleanup: has no effect without --event-queue")
    }
    sync.configuration.uploadFilters = FilterOption.ordered(own.syncOptUpExclude + own.syncOptUpInclude)
    sync.configuration.downloadFilters = FilterOption.ordered(own.syncOptDownExclude + own.syncOptDownInclude)
    sync.configuration.checksAtStart = true
    self.sync = sync
    self.notes = notes
  }

  private static func readLock(_ own: S3Sync2Options, _ reader: inout SettingReader, _ notes: inout [String]) {
    for (option, given) in [("--dfs-lock-timeout", own.dfsLockTimeout), ("--dfs-lock-wait", own.dfsLockWait)] {
      _ = reader.value(option, given) { text throws(SettingProblem) in
        guard let seconds = Int(text), seconds > 0 else { throw SettingProblem("give whole seconds, at least 1") }
        return seconds
      }
    }
    if reader.flag("--dfs", own.dfs ? true : nil) ?? false {
      reader.refuse(
        "--dfs: the distributed lock is not available yet; every change is conditional on the version that it replaces, "
          + "so nodes do not overwrite each other without it: leave it out")
    } else if own.dfsUidHostname || own.dfsLockTimeout != nil || own.dfsLockWait != nil {
      notes.append("--dfs-lock-timeout, --dfs-lock-wait, --dfs-uid-hostname: have no effect without --dfs")
    }
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
