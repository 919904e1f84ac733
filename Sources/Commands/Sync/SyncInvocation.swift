import Logging
import Martlet

/// A complete and valid call of `martlet sync`.
struct SyncInvocation {
  var configuration: Configuration
  var logFormat: LogFormat
  var logLevel: Logger.Level

  /// Throws `UsageError` with everything that is wrong.
  init(_ options: SyncOptions, environment: [String: String]) throws(UsageError) {
    var reader = SettingReader(environment: environment)
    let places = Self.places(options.places, &reader)
    var configuration = Configuration(root: places.local, location: places.remote)
    Self.readOperation(options, &reader, &configuration)
    Self.readServer(options.server, &reader, &configuration)
    Self.readDecisions(options, &reader, &configuration)
    Self.readSelection(options, &reader, &configuration)
    logFormat = reader.choice("--log-format", options.operation.logFormat) ?? .text
    logLevel =
      reader.value("--log-level", options.operation.logLevel) { text throws(SettingProblem) in
        guard let level = Logger.Level(rawValue: text.lowercased()) else {
          throw SettingProblem("give one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return level
      } ?? .info
    self.configuration = configuration
    let problems = reader.problems + (reader.problems.isEmpty ? configuration.problems : [])
    guard problems.isEmpty else { throw UsageError(problems: problems) }
  }

  private static func places(_ given: [String], _ reader: inout SettingReader) -> (local: String, remote: String) {
    var places = given
    if places.isEmpty {
      places = [reader.variable("--local-path"), reader.variable("--s3-uri")].compactMap(\.self)
    }
    let remotes = places.filter { $0.hasPrefix("s3://") }
    let locals = places.filter { !$0.hasPrefix("s3://") }
    if remotes.count == 1, locals.count == 1 { return (locals[0], remotes[0]) }
    reader.refuse(
      "give one local folder and one S3 location, such as: martlet sync ./folder s3://bucket/prefix"
        + (places.isEmpty ? "" : " (given: \(places.joined(separator: " ")))"))
    return ("", "")
  }

  private static func readOperation(
    _ options: SyncOptions, _ reader: inout SettingReader, _ configuration: inout Configuration
  ) {
    // A flag that is absent is not a “no”: the variable decides.
    configuration.once = reader.flag("--once", options.once ? true : nil) ?? false
    configuration.isDryRun = reader.flag("--dryrun", options.dryrun ? true : nil) ?? false
    set(&configuration.poll, reader.duration("--poll", options.poll, atLeast: .milliseconds(100)))
    set(
      &configuration.fullPassInterval,
      reader.duration("--full-pass-every", options.fullPassEvery, atLeast: .seconds(1)))
    set(&configuration.uploadOpenAfter, reader.duration("--upload-open-after", options.uploadOpenAfter))
    set(&configuration.watch, reader.choice("--watch", options.watch))
    configuration.nodeID = reader.text("--node-id", options.operation.nodeID)
    configuration.stateDirectory = reader.text("--state-dir", options.operation.stateDir)
    set(&configuration.shutdownTimeout, reader.duration("--shutdown-timeout", options.operation.shutdownTimeout))
    configuration.readyFile = reader.text("--ready-file", options.operation.readyFile)
  }

  private static func readServer(
    _ options: ServerOptions, _ reader: inout SettingReader, _ configuration: inout Configuration
  ) {
    configuration.endpointURL = reader.text("--endpoint-url", options.endpointURL)
    configuration.region = reader.text("--region", options.region)
    configuration.profile = reader.text("--profile", options.profile)
    configuration.signsRequests = !(reader.flag("--no-sign-request", options.noSignRequest ? true : nil) ?? false)
    configuration.caBundle = reader.text("--ca-bundle", options.caBundle)
    let isUnverified = reader.flag("--no-verify-ssl", options.noVerifySSL ? true : nil) ?? false
    configuration.verifiesCertificates = !isUnverified
    configuration.readTimeout = reader.duration("--cli-read-timeout", options.cliReadTimeout)
    configuration.connectTimeout = reader.duration("--cli-connect-timeout", options.cliConnectTimeout)
    let payer = reader.value("--request-payer", options.requestPayer) { text throws(SettingProblem) in
      guard text == "requester" else { throw SettingProblem("the only payer that can be named is requester") }
      return text
    }
    configuration.requestPayer = payer != nil
  }

  private static func readDecisions(
    _ options: SyncOptions, _ reader: inout SettingReader, _ configuration: inout Configuration
  ) {
    set(&configuration.conflict, reader.choice("--conflict", options.decisions.conflict))
    configuration.firstSync = reader.choice("--first-sync", options.decisions.firstSync)
    set(&configuration.deletes, reader.flag("--delete", options.decisions.delete))
    set(
      &configuration.maximumDeletion,
      reader.value("--max-delete", options.decisions.maxDelete) { text throws(SettingProblem) in
        guard let limit = Configuration.MaximumDeletion(parsing: text) else {
          throw SettingProblem("give a number of files (100), a share (25%) or none")
        }
        return limit
      })
    set(&configuration.trashRetention, reader.duration("--trash-retention", options.decisions.trashRetention))
  }

  private static func readSelection(
    _ options: SyncOptions, _ reader: inout SettingReader, _ configuration: inout Configuration
  ) {
    let given = (options.selection.exclude + options.selection.include).sorted { $0.order < $1.order }
    configuration.filters = given.map(\.filter)
    if given.isEmpty {
      func patterns(_ option: String) -> [String] {
        reader.variable(option)?.split(separator: "\n").map(String.init) ?? []
      }
      configuration.filters =
        patterns("--exclude").map(Configuration.Filter.exclude)
        + patterns("--include").map(Configuration.Filter.include)
    }
    set(&configuration.symlinks, reader.choice("--symlinks", options.selection.symlinks))
    set(&configuration.directories, reader.choice("--directories", options.selection.directories))
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
