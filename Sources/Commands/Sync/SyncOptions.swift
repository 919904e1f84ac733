import ArgumentParser
import Martlet
import Synchronization

/// The options of `martlet sync` as typed. All are optional and text here, so that variables can stand in and
/// everything that is wrong is told at once.
struct SyncOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("The local folder and s3://BUCKET/PREFIX, in either order.", valueName: "place"))
  var places: [String] = []

  @Flag(help: "End after the first pass that leaves nothing to do.")
  var once = false

  @Flag(help: "Print what would be done and change nothing.")
  var dryrun = false

  @Option(
    name: [.long, .customShort("p")],
    help: ArgumentHelp("Seconds between two listings of the bucket (default 30).", valueName: "time"))
  var poll: String?

  @Option(
    help: ArgumentHelp(
      "Time between two walks of the whole folder while it is watched (default 10m).", valueName: "time"))
  var fullPassEvery: String?

  @Option(help: ArgumentHelp("How local changes are noticed: auto (default), inotify or poll.", valueName: "how"))
  var watch: String?

  @Option(
    help: ArgumentHelp(
      "How long a file that a program keeps open must rest before it is uploaded (default 30s).", valueName: "time"))
  var uploadOpenAfter: String?

  @OptionGroup(title: "Server") var server: ServerOptions
  @OptionGroup(title: "What wins, what is deleted") var decisions: DecisionOptions
  @OptionGroup(title: "What is synced") var selection: SelectionOptions
  @OptionGroup(title: "What goes along with objects (as in aws s3 sync)") var objects: ObjectOptions
  @OptionGroup(title: "Many nodes") var lease: LeaseOptions
  @OptionGroup(title: "Events of the bucket") var events: EventOptions
  @OptionGroup(title: "CloudFront") var cloudFront: CloudFrontOptions
  @OptionGroup(title: "Bandwidth") var bandwidth: BandwidthOptions
  @OptionGroup(title: "What is shown") var output: OutputOptions
  @OptionGroup(title: "State and operation") var operation: OperationOptions
}

struct ServerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The S3 endpoint; else AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile, AWS.", valueName: "url"))
  var endpointURL: String?

  @Option(
    help: ArgumentHelp(
      "The region; else AWS_REGION, AWS_DEFAULT_REGION, the profile; found out if none is given.", valueName: "name"))
  var region: String?

  @Option(help: ArgumentHelp("The profile of the AWS configuration files.", valueName: "name"))
  var profile: String?

  @Flag(help: "Look for no credentials and sign nothing, for buckets that are open to everybody.")
  var noSignRequest = false

  @Option(
    help: ArgumentHelp(
      "Certificate authorities to trust, a PEM file; else AWS_CA_BUNDLE, the profile, the system.", valueName: "file"))
  var caBundle: String?

  @Flag(name: .customLong("no-verify-ssl"), help: "Do not verify certificates: no protection against forgery.")
  var noVerifySSL = false

  @Option(
    help: ArgumentHelp("How long a server may be silent (default 60s); 0: without limit.", valueName: "time"))
  var cliReadTimeout: String?

  @Option(
    help: ArgumentHelp("How long a connection may take to be made (default 10s); 0: without limit.", valueName: "time"))
  var cliConnectTimeout: String?
}

struct DecisionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Who wins when both sides changed: newest (default), local, remote or keep-both.", valueName: "who"))
  var conflict: String?

  @Option(
    help: ArgumentHelp(
      "Who wins when both sides differ and were never in sync: remote, local or keep-both.", valueName: "who"))
  var firstSync: String?

  @Flag(help: "Carry only local changes to the bucket; nothing in the folder changes.")
  var onlyUp = false

  @Flag(help: "Carry only changes of the bucket to the folder; nothing is written to the bucket.")
  var onlyDown = false

  @Flag(
    name: [.long, .customShort("i")],
    help: ArgumentHelp(
      "At start the bucket's version wins wherever both sides differ and were never in sync; with --delete typed as "
        + "well, what only the folder has goes to the trash."))
  var initSyncDown = false

  @Flag(
    name: [.long, .customShort("u")],
    help: ArgumentHelp(
      "At start the folder's version wins wherever both sides differ and were never in sync; with --delete typed as "
        + "well, what only the bucket has is kept in the trash and deleted."))
  var initSyncUp = false

  @Flag(
    inversion: .prefixedNo, exclusivity: .chooseLast,
    help: "Whether deletions cross (default: they do; in s3-sync2 they do not).")
  var delete: Bool?

  @Option(
    help: ArgumentHelp(
      "Halt deletions above this: N files, N% or none (default 50% and more than 20 files).", valueName: "limit"))
  var maxDelete: String?

  @Option(
    help: ArgumentHelp("How long replaced and deleted local files stay in the trash (default 30d).", valueName: "time"))
  var trashRetention: String?

  @Flag(help: "Files that were never in sync count as equal where their sizes are.")
  var sizeOnly = false

  @Flag(help: "Files that were never in sync count as equal where size and time are.")
  var exactTimestamps = false

  @Flag(help: "Files that were never in sync stay as they are where both sides have one.")
  var noOverwrite = false
}

struct SelectionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Leave out paths that match; as in the AWS CLI the last match decides.", valueName: "pattern"),
    transform: FilterOption.exclude)
  var exclude: [FilterOption] = []

  @Option(help: ArgumentHelp("Take paths back in that match.", valueName: "pattern"), transform: FilterOption.include)
  var include: [FilterOption] = []

  @Option(help: ArgumentHelp("Symbolic links: preserve (default), skip or follow.", valueName: "how"))
  var symlinks: String?

  @Flag(help: "With --symlinks follow: also links that lead out of the folder.")
  var unsafeLinks = false

  @Flag(
    inversion: .prefixedNo, exclusivity: .chooseLast,
    help: "The same as --symlinks follow (outside of martlet sync with --unsafe-links), or --symlinks skip.")
  var followSymlinks: Bool?

  @Option(
    help: ArgumentHelp(
      "Directories: empty ones travel as markers (empty, default), all have one (all), or none does.",
      valueName: "which"))
  var directories: String?

  @Flag(help: "User and group of files travel, too; giving files away takes root or CAP_CHOWN.")
  var preserveOwner = false
}

struct OutputOptions: ParsableArguments {
  @Flag(help: "Show nothing once syncing has begun.")
  var quiet = false

  @Flag(help: "Show only warnings and errors.")
  var onlyShowErrors = false

  @Flag(help: "Show no progress of transfers.")
  var noProgress = false

  @Option(help: ArgumentHelp("Show progress at most every so many seconds.", valueName: "seconds"))
  var progressFrequency: String?

  @Flag(help: "Show progress as lines, also on a terminal.")
  var progressMultiline = false

  @Option(
    help: ArgumentHelp("How much is logged: DEBUG (also without a value), WARN, ERROR or NONE.", valueName: "level"))
  var debug: String?

  @Option(help: ArgumentHelp("text (default) or json.", valueName: "format"))
  var logFormat: String?

  @Option(help: ArgumentHelp("trace, debug, info (default), notice, warning, error or critical.", valueName: "level"))
  var logLevel: String?
}

struct OperationOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("This node's name in conflict copies (default: made from the host name).", valueName: "name"))
  var nodeID: String?

  @Option(
    help: ArgumentHelp("Where database and control socket live (default: .martlet in the folder).", valueName: "folder")
  )
  var stateDir: String?

  @Option(help: ArgumentHelp("How long to go on uploading after SIGTERM or SIGINT (default 25s).", valueName: "time"))
  var shutdownTimeout: String?

  @Option(help: ArgumentHelp("A file to write when the first full pass is complete.", valueName: "file"))
  var readyFile: String?

  @Option(
    name: [.long, .customShort("x")],
    help: ArgumentHelp(
      "End after so many failed synchronisations in a row; 0, the default, never (in s3-sync2 3).", valueName: "count"))
  var maxFailures: String?
}

/// A filter and its place on the command line: the order of excludes and includes among each other decides,
/// and the parser keeps them in two lists. It parses from left to right.
struct FilterOption: Hashable, Sendable {
  var order: Int
  var filter: Configuration.Filter

  private static let counter = Atomic<Int>(0)

  /// As they were given.
  static func ordered(_ options: [FilterOption]) -> [Configuration.Filter] {
    options.sorted { $0.order < $1.order }.map(\.filter)
  }

  static func exclude(_ pattern: String) -> FilterOption { next(.exclude(pattern)) }
  static func include(_ pattern: String) -> FilterOption { next(.include(pattern)) }

  private static func next(_ filter: Configuration.Filter) -> FilterOption {
    FilterOption(order: counter.add(1, ordering: .relaxed).newValue, filter: filter)
  }
}
