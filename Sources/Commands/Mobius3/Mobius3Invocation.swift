import Martlet
import SyncModel

/// A complete and valid call of `mobius3`.
struct Mobius3Invocation {
  private(set) var sync: SyncInvocation
  /// One line for each option that has no effect.
  private(set) var notes: [String] = []

  /// Throws `UsageError` with everything that is wrong.
  init(_ own: Mobius3Options, _ options: SyncOptions, environment: [String: String]) throws(UsageError) {
    var reader = SettingReader(environment: environment)
    var options = options
    let places = Self.places(options.places, &reader)
    let prefix = reader.text("--prefix", own.prefix) ?? ""
    options.places = places.map { ["\($0.directory)", "s3://\($0.address.bucket)/\(prefix)"] } ?? ["/", "s3://bucket"]
    options.output.logLevel = Self.logLevel(options.output, environment, &reader)
    options.selection.directories = options.selection.directories ?? environment["MARTLET_DIRECTORIES"] ?? "all"
    let patterns = Patterns(own, &reader)
    let credentials = Self.credentials(own, &reader)
    let metric = Self.metric(own, &reader, &notes)
    let isUnverified = Self.flag("--disable-ssl-verification", own.disableSSLVerification, &reader)
    let forcesIPv4 = Self.flag("--force-ipv4", own.forceIPv4, &reader)
    let interval = reader.duration("--download-interval", own.downloadInterval, atLeast: .milliseconds(100))
    let persistence = reader.duration("--local-modification-persistance", own.localModificationPersistance)
    let found: SyncInvocation
    do {
      found = try SyncInvocation(options, dialect: .mobius3, environment: environment)
    } catch {
      throw UsageError(problems: reader.problems + error.problems)
    }
    sync = found
    guard reader.problems.isEmpty, let places else { throw UsageError(problems: reader.problems) }
    sync.configuration.prefixIsText = true
    sync.configuration.endpointURL = places.address.url(environment)
    sync.configuration.addressing = places.address.addressing
    sync.configuration.region = places.region
    sync.configuration.credentials = credentials
    sync.configuration.excludedLocally = patterns.local
    sync.configuration.excludedRemotely = patterns.remote
    sync.configuration.startupMetric = metric
    sync.configuration.forcesIPv4 = forcesIPv4
    sync.configuration.leavesExistingFiles = true
    if isUnverified { sync.configuration.verifiesCertificates = false }
    sync.configuration.poll = interval ?? sync.configuration.poll ?? .seconds(10)
    if let persistence { sync.configuration.localPersistence = persistence }
    if patterns.isUploadOnCreateGiven {
      notes.append("--upload-on-create: new files are uploaded however they come; it has no effect")
    }
    if environment["SENTRY_DSN"] != nil { notes.append("SENTRY_DSN: nothing is sent to Sentry; it has no effect") }
    notes = sync.notes + notes
    let problems = sync.configuration.problems
    guard problems.isEmpty else { throw UsageError(problems: problems) }
  }

  private struct Places {
    var directory: String
    var address: BucketAddress
    var region: String
  }

  private static func places(_ given: [String], _ reader: inout SettingReader) -> Places? {
    do throws(SettingProblem) {
      switch given.count {
      case 3:
        return Places(directory: given[0], address: try BucketAddress(url: given[1]), region: given[2])
      case 4:
        return Places(
          directory: given[0], address: try BucketAddress(bucket: given[1], pattern: given[2]), region: given[3])
      default:
        reader.refuse(
          "give the folder, the bucket, its endpoint and region, such as: mobius3 ./folder my-bucket "
            + "https://s3-eu-west-2.amazonaws.com/{}/ eu-west-2; or the bucket's URL in place of the two in the middle"
            + (given.isEmpty ? "" : " (given: \(given.joined(separator: " ")))"))
      }
    } catch {
      reader.refuse("\(given[1...(given.count - 2)].joined(separator: " ")): \(error.hint)")
    }
    return nil
  }

  private struct Patterns {
    var local: String?
    var remote: String?
    var isUploadOnCreateGiven: Bool

    init(_ own: Mobius3Options, _ reader: inout SettingReader) {
      func pattern(_ option: String, _ given: String?) -> String? {
        reader.value(option, given) { text throws(SettingProblem) in
          do throws(PythonPattern.Problem) { _ = try PythonPattern(parsing: text) } catch {
            throw SettingProblem("\(error): docs/migrating.md says what is understood")
          }
          return text
        }
      }
      local = pattern("--exclude-local", own.excludeLocal)
      remote = pattern("--exclude-remote", own.excludeRemote)
      isUploadOnCreateGiven = pattern("--upload-on-create", own.uploadOnCreate) != nil
    }
  }

  private static func credentials(
    _ own: Mobius3Options, _ reader: inout SettingReader
  ) -> Configuration.Credentials {
    let given: Configuration.Credentials? = reader.value("--credentials-source", own.credentialsSource) {
      text throws(SettingProblem) in
      switch text {
      case "environment-variables": .environment
      case "ecs-container-endpoint": .container
      default: throw SettingProblem("give environment-variables or ecs-container-endpoint")
      }
    }
    return given ?? .chain
  }

  private static func metric(
    _ own: Mobius3Options, _ reader: inout SettingReader, _ notes: inout [String]
  ) -> Configuration.StartupMetric? {
    let endpoint = reader.text("--cloudwatch-monitoring-endpoint", own.cloudwatchMonitoringEndpoint)
    let region = reader.text("--cloudwatch-monitoring-region", own.cloudwatchMonitoringRegion)
    let namespace = reader.text("--cloudwatch-monitoring-namespace", own.cloudwatchMonitoringNamespace)
    if let endpoint, let region, let namespace {
      return Configuration.StartupMetric(endpoint: endpoint, region: region, namespace: namespace)
    }
    if endpoint != nil || region != nil || namespace != nil {
      notes.append("--cloudwatch-monitoring-endpoint, -region, -namespace: have an effect together only")
    }
    return nil
  }

  private static func flag(_ option: String, _ given: String?, _ reader: inout SettingReader) -> Bool {
    reader.value(option, given) { text throws(SettingProblem) in
      switch text.lowercased() {
      case "1", "true", "yes", "on": true
      case "0", "false", "no", "off": false
      default: throw SettingProblem("give true or false, or nothing behind it")
      }
    } ?? false
  }

  /// Python's names, and those of martlet sync. Without one less is told than by martlet sync, and no warning is lost.
  private static func logLevel(
    _ output: OutputOptions, _ environment: [String: String], _ reader: inout SettingReader
  ) -> String? {
    guard let given = output.logLevel ?? environment["MARTLET_LOG_LEVEL"] else {
      let isSaid = output.debug != nil || output.quiet || output.onlyShowErrors || environment["MARTLET_DEBUG"] != nil
      return isSaid ? nil : "notice"
    }
    switch given.uppercased() {
    case "FATAL": return "critical"
    case "WARN": return "warning"
    case "NOTSET": return "trace"
    default: return given
    }
  }
}

extension BucketAddress {
  /// Nil: AWS's own, which other services of AWS are found beside. A URL comes before what the environment names.
  fileprivate func url(_ environment: [String: String]) -> String? {
    let isNamed = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"].contains { environment[$0] != nil }
    return isStandardAWS && !isNamed ? nil : endpoint
  }
}
