import Martlet

/// A complete and valid call of `martlet sync`, or of a command that stands in for another program.
struct SyncInvocation {
  var configuration: Configuration
  var output: OutputSettings
  /// Synchronisations that may fail in a row before the run ends; 0: any number.
  var maximumFailures = 0
  /// One line for each option that has no effect.
  private(set) var notes: [String] = []

  /// Throws `UsageError` with everything that is wrong.
  init(_ options: SyncOptions, dialect: Dialect = .martlet, environment: [String: String]) throws(UsageError) {
    var reader = SettingReader(environment: environment, seedVariables: dialect.seedVariables)
    let places = Self.places(options.places, dialect, &reader)
    var configuration = Configuration(root: places.local, location: places.remote)
    Self.readOperation(options, &reader, &configuration)
    Self.readServer(options.server, &reader, &configuration)
    Self.readPoll(options.poll, dialect, &reader, &configuration)
    Self.readDecisions(options.decisions, dialect, &reader, &configuration)
    Self.readSelection(options.selection, &reader, &configuration)
    Self.readLinks(options.selection, dialect, &reader, &configuration)
    configuration.cloudFront = options.cloudFront.read(&reader, &notes)
    configuration.lease = options.lease.read(dialect, &reader, &notes)
    configuration.journal = options.lease.readJournal(&reader, takesTurns: configuration.lease != nil)
    configuration.eventQueue = options.events.read(&reader, &notes)
    configuration.objects = Configuration.Objects(options.objects, &reader)
    options.bandwidth.read(&reader, into: &configuration)
    output = OutputSettings(options.output, &reader)
    maximumFailures = Self.maximumFailures(options.operation, dialect, &reader)
    self.configuration = configuration
    var checked = configuration
    // What is wrong with the places is told already.
    if places.local.isEmpty { (checked.root, checked.location) = ("/", "s3://bucket") }
    let problems = reader.problems + checked.problems
    guard problems.isEmpty else { throw UsageError(problems: problems) }
    // There the places say what the direction is.
    if dialect != .aws { settleDirections() }
  }

  /// What speaks about a direction that is not synced says that it has no effect; to be called once, when the
  /// directions are known.
  mutating func settleDirections() {
    if configuration.directions == .up, configuration.comparison == .exactTimestamps {
      // As in the AWS CLI, where it also takes the place of --size-only.
      configuration.comparison = .contents
      notes.append("--exact-timestamps: speaks about downloads, of which there are none; it has no effect")
    }
    guard configuration.directions == .down else { return }
    notes += configuration.objects.namesOfUploads.map {
      "\($0): speaks about uploads, of which there are none; it has no effect"
    }
    if let cloudFront = configuration.cloudFront, !cloudFront.always {
      notes.append("--cf-dist-id: nothing is uploaded; it has no effect without --cf-inval-always")
    }
    if configuration.lease != nil { notes.append("--dfs: the bucket is not changed; it has no effect") }
  }

  private static func places(
    _ given: [String], _ dialect: Dialect, _ reader: inout SettingReader
  ) -> (local: String, remote: String) {
    // There the order of the two says what is changed.
    if dialect == .aws, given.count != 2 || given.allSatisfy({ $0.hasPrefix("s3://") }) {
      reader.refuse(
        "give one local folder and one S3 location, the one that is changed as the second: \(dialect.command) ./folder "
          + "s3://bucket/prefix"
          + (given.count == 2 ? "; copies between two buckets are left to the AWS CLI" : ""))
      return ("", "")
    }
    var remotes = given.filter { $0.hasPrefix("s3://") }
    var locals = given.filter { !$0.hasPrefix("s3://") }
    // The variables of s3-sync2 also complete each other; ours hold where no place is given.
    if given.isEmpty || dialect == .s3Sync2 && given.count == 1 {
      if locals.isEmpty, let local = reader.variable("--local-path") { locals = [local] }
      if remotes.isEmpty, let remote = reader.variable("--s3-uri") { remotes = [remote] }
    }
    if remotes.count == 1, locals.count == 1 { return (locals[0], remotes[0]) }
    let places = locals + remotes
    reader.refuse(
      "give one local folder and one S3 location, such as: \(dialect.command) ./folder s3://bucket/prefix"
        + (places.isEmpty ? "" : " (given: \(places.joined(separator: " ")))"))
    return ("", "")
  }

  private static func readOperation(
    _ options: SyncOptions, _ reader: inout SettingReader, _ configuration: inout Configuration
  ) {
    // A flag that is absent is not a “no”: the variable decides.
    configuration.once = reader.flag("--once", options.once ? true : nil) ?? false
    configuration.dryRun = reader.flag("--dryrun", options.dryrun ? true : nil) ?? false
    set(
      &configuration.fullPassEvery,
      reader.duration("--full-pass-every", options.fullPassEvery, atLeast: .seconds(1)))
    set(&configuration.uploadOpenAfter, reader.duration("--upload-open-after", options.uploadOpenAfter))
    set(&configuration.watch, reader.choice("--watch", options.watch))
    configuration.nodeID = reader.text("--node-id", options.operation.nodeID)
    configuration.stateDir = reader.text("--state-dir", options.operation.stateDir)
    set(&configuration.shutdownTimeout, reader.duration("--shutdown-timeout", options.operation.shutdownTimeout))
    configuration.readyFile = reader.text("--ready-file", options.operation.readyFile)
  }

  static func readServer(
    _ options: ServerOptions, _ reader: inout SettingReader, _ configuration: inout Configuration
  ) {
    configuration.endpointURL = reader.text("--endpoint-url", options.endpointURL)
    configuration.region = reader.text("--region", options.region)
    configuration.profile = reader.text("--profile", options.profile)
    configuration.caBundle = reader.text("--ca-bundle", options.caBundle)
    let isUnverified = reader.flag("--no-verify-ssl", options.noVerifySSL ? true : nil) ?? false
    configuration.verifiesCertificates = !isUnverified
    configuration.cliReadTimeout = reader.duration("--cli-read-timeout", options.cliReadTimeout)
    configuration.cliConnectTimeout = reader.duration("--cli-connect-timeout", options.cliConnectTimeout)
    configuration.signsRequests = !(reader.flag("--no-sign-request", options.noSignRequest ? true : nil) ?? false)
  }

  private static func readPoll(
    _ given: String?, _ dialect: Dialect, _ reader: inout SettingReader, _ configuration: inout Configuration
  ) {
    switch dialect {
    case .martlet, .mobius3: configuration.poll = reader.duration("--poll", given, atLeast: .milliseconds(100))
    case .aws: break
    case .s3Sync2:
      let seconds = reader.value("--poll", given) { text throws(SettingProblem) in
        guard let seconds = Int(text), (0...3600).contains(seconds) else {
          throw SettingProblem("give whole seconds from 0 to 3600; 0 ends after the first synchronisation")
        }
        return seconds
      }
      if seconds == 0 { configuration.once = true }
      configuration.poll = .seconds(seconds == 0 ? 30 : seconds ?? 30)
    }
  }

  private static func readDecisions(
    _ options: DecisionOptions, _ dialect: Dialect, _ reader: inout SettingReader,
    _ configuration: inout Configuration
  ) {
    set(&configuration.conflict, reader.choice("--conflict", options.conflict))
    let initSync: Configuration.FirstSync?
    (configuration.firstSync, initSync) = firstSync(options, &reader)
    // Both at once is one of the configuration's problems.
    if reader.flag("--only-up", options.onlyUp ? true : nil) ?? false { configuration.directions.remove(.down) }
    if reader.flag("--only-down", options.onlyDown ? true : nil) ?? false { configuration.directions.remove(.up) }
    configuration.comparison = comparison(options, &reader)
    configuration.asksAtFirstContact = dialect == .martlet
    let deletes = reader.flag("--delete", options.delete)
    configuration.deletes = deletes ?? (dialect == .martlet || dialect == .mobius3) ? .both : []
    // Nobody expects that of an option that he did not give.
    configuration.mirrorsAtStart = initSync != nil && (deletes == true || dialect == .s3Sync2)
    set(
      &configuration.maxDelete,
      reader.value("--max-delete", options.maxDelete) { text throws(SettingProblem) in
        guard let limit = Configuration.MaximumDeletion(parsing: text) else {
          throw SettingProblem("give a number of files (100), a share (25%) or none")
        }
        return limit
      })
    set(&configuration.trashRetention, reader.duration("--trash-retention", options.trashRetention))
  }

  /// Who wins at a first contact, and who by an initial sync.
  private static func firstSync(
    _ options: DecisionOptions, _ reader: inout SettingReader
  ) -> (Configuration.FirstSync?, initSync: Configuration.FirstSync?) {
    let firstSync: Configuration.FirstSync? = reader.choice("--first-sync", options.firstSync)
    let down = reader.flag("--init-sync-down", options.initSyncDown ? true : nil) ?? false
    let up = reader.flag("--init-sync-up", options.initSyncUp ? true : nil) ?? false
    let given = [down ? "--init-sync-down" : nil, up ? "--init-sync-up" : nil, firstSync.map { "--first-sync \($0)" }]
      .compactMap(\.self)
    if given.count > 1 { reader.refuse("\(given.joined(separator: ", ")): exclude each other: give one of them") }
    let initSync: Configuration.FirstSync? = down ? .remote : up ? .local : nil
    return (initSync ?? firstSync, initSync)
  }

  /// In the AWS CLI's order of precedence, wherever they stand.
  private static func comparison(
    _ options: DecisionOptions, _ reader: inout SettingReader
  ) -> Configuration.Comparison {
    let flags: [(String, Bool, Configuration.Comparison)] = [
      ("--no-overwrite", options.noOverwrite, .noOverwrite),
      ("--exact-timestamps", options.exactTimestamps, .exactTimestamps), ("--size-only", options.sizeOnly, .sizeOnly),
    ]
    let given = flags.filter { name, isGiven, _ in reader.flag(name, isGiven ? true : nil) ?? false }
    return given.first?.2 ?? .contents
  }

  private static func readSelection(
    _ options: SelectionOptions, _ reader: inout SettingReader, _ configuration: inout Configuration
  ) {
    configuration.filters = FilterOption.ordered(options.exclude + options.include)
    if configuration.filters.isEmpty {
      func patterns(_ option: String) -> [String] {
        reader.variable(option)?.split(separator: "\n").map(String.init) ?? []
      }
      configuration.filters =
        patterns("--exclude").map(Configuration.Filter.exclude)
        + patterns("--include").map(Configuration.Filter.include)
    }
    set(&configuration.directories, reader.choice("--directories", options.directories))
    configuration.preserveOwner = reader.flag("--preserve-owner", options.preserveOwner ? true : nil) ?? false
  }

  private static func readLinks(
    _ options: SelectionOptions, _ dialect: Dialect, _ reader: inout SettingReader,
    _ configuration: inout Configuration
  ) {
    set(&configuration.symlinks, reader.choice("--symlinks", options.symlinks))
    configuration.unsafeLinks = reader.flag("--unsafe-links", options.unsafeLinks ? true : nil) ?? false
    // The last of the two options decides; of their variables, as of any, those that are set.
    var follows = options.followSymlinks
    if follows == nil, let isGiven = reader.flag("--follow-symlinks", nil), isGiven { follows = true }
    if follows == nil, let isGiven = reader.flag("--no-follow-symlinks", nil), isGiven { follows = false }
    guard let follows else { return }
    configuration.symlinks = follows ? .follow : .skip
    // The AWS CLI follows them anywhere.
    if follows, dialect != .martlet { configuration.unsafeLinks = true }
  }

  private static func maximumFailures(
    _ options: OperationOptions, _ dialect: Dialect, _ reader: inout SettingReader
  ) -> Int {
    let given = reader.value("--max-failures", options.maxFailures) { text throws(SettingProblem) in
      guard let count = Int(text), count >= 0 else { throw SettingProblem("give a number; 0 means never") }
      return count
    }
    return given ?? dialect.maximumFailures
  }

  private static func set<Value>(_ target: inout Value, _ value: Value?) {
    if let value { target = value }
  }
}

/// Everything that is wrong with a call.
struct UsageError: Error, CustomStringConvertible {
  var problems: [String]
  var description: String { problems.joined(separator: "\n") }
}
