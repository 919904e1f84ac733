import ArgumentParser

/// The options that only mobius3 has, as typed; `--log-level` is among the shared ones. Those of its library that its
/// command line lacks are options here.
struct Mobius3Options: ParsableArguments {
  @Option(help: ArgumentHelp("What all keys begin with, as text: a gives keys such as abc.", valueName: "text"))
  var prefix: String?

  @Option(
    help: ArgumentHelp(
      "environment-variables or ecs-container-endpoint (default: wherever the AWS CLI looks).", valueName: "source"))
  var credentialsSource: String?

  @Option(
    help: ArgumentHelp(
      "Download no keys that begin with a match, below the prefix; in Python's syntax.", valueName: "regex"))
  var excludeRemote: String?

  @Option(
    help: ArgumentHelp(
      "Neither upload nor delete, on either side, local paths (as given, with the folder) that begin with a match.",
      valueName: "regex"))
  var excludeLocal: String?

  @Option(help: ArgumentHelp("Checked, and without effect: new files are uploaded anyway.", valueName: "regex"))
  var uploadOnCreate: String?

  @Option(
    help: ArgumentHelp("Where StartupSyncTime is sent to, once: the URL of CloudWatch.", valueName: "url"))
  var cloudwatchMonitoringEndpoint: String?

  @Option(help: ArgumentHelp("Its region.", valueName: "name"))
  var cloudwatchMonitoringRegion: String?

  @Option(help: ArgumentHelp("The namespace of the metric.", valueName: "name"))
  var cloudwatchMonitoringNamespace: String?

  @Option(
    name: .customLong("disable-ssl-verification"),
    help: ArgumentHelp("Do not verify certificates (default when given: true).", valueName: "yes"))
  var disableSSLVerification: String?

  @Option(
    name: .customLong("force-ipv4"),
    help: ArgumentHelp("Connect over IPv4 only (default when given: true).", valueName: "yes"))
  var forceIPv4: String?

  @Option(help: ArgumentHelp("Seconds between two listings of the bucket (default 10).", valueName: "time"))
  var downloadInterval: String?

  @Option(
    name: [.customLong("local-modification-persistance"), .customLong("local-modification-persistence")],
    help: ArgumentHelp(
      "For how long after a change here downloads and deletions leave a file alone (default 0).", valueName: "time"))
  var localModificationPersistance: String?
}
