import ArgumentParser
import Martlet
import Synchronization

/// The options of `martlet sync` as typed. All are optional and text here, so that variables can stand in and
/// everything that is wrong is told at once.
struct SyncOptions: ParsableArguments {
  @Argument(help: "The local folder and s3://BUCKET/PREFIX, in either order.")
  var places: [String] = []

  @Flag(help: "End after the first pass that leaves nothing to do.")
  var once = false

  @Flag(help: "Print what would be done and change nothing.")
  var dryrun = false

  @Option(help: "Seconds between two listings of the bucket (default 30).")
  var poll: String?

  @Option(help: "Time between two walks of the whole folder while it is watched (default 10m).")
  var fullPassEvery: String?

  @Option(help: "How local changes are noticed: auto (default), inotify or poll.")
  var watch: String?

  @OptionGroup(title: "Server") var server: ServerOptions
  @OptionGroup(title: "What wins, what is deleted") var decisions: DecisionOptions
  @OptionGroup(title: "What is synced") var selection: SelectionOptions
  @OptionGroup(title: "State and operation") var operation: OperationOptions
}

struct ServerOptions: ParsableArguments {
  @Option(help: "The S3 endpoint; else AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile, AWS.")
  var endpointURL: String?

  @Option(help: "The region; else AWS_REGION, AWS_DEFAULT_REGION, the profile; found out if none is given.")
  var region: String?

  @Option(help: "The profile of the AWS configuration files.")
  var profile: String?
}

struct DecisionOptions: ParsableArguments {
  @Option(help: "Who wins when both sides changed: newest (default), local, remote or keep-both.")
  var conflict: String?

  @Option(help: "Who wins when both sides differ and were never in sync: remote, local or keep-both.")
  var firstSync: String?

  @Flag(inversion: .prefixedNo, help: "Whether deletions cross (default: they do).")
  var delete: Bool?

  @Option(help: "Halt deletions above this: N files, N% or none (default 50% and more than 20 files).")
  var maxDelete: String?

  @Option(help: "How long replaced and deleted local files stay in the trash (default 30d).")
  var trashRetention: String?
}

struct SelectionOptions: ParsableArguments {
  @Option(
    help: "Leave out paths that match; as in the AWS CLI the last match decides.", transform: FilterOption.exclude)
  var exclude: [FilterOption] = []

  @Option(help: "Take paths back in that match.", transform: FilterOption.include)
  var include: [FilterOption] = []

  @Option(help: "Symbolic links: preserve (default) or skip.")
  var symlinks: String?

  @Option(help: "Directories: empty ones travel as markers (empty, default), or none does.")
  var directories: String?
}

struct OperationOptions: ParsableArguments {
  @Option(help: "This node's name in conflict copies (default: made from the host name).")
  var nodeID: String?

  @Option(help: "Where database and control socket live (default: .martlet in the folder).")
  var stateDir: String?

  @Option(help: "How long to go on uploading after SIGTERM or SIGINT (default 25s).")
  var shutdownTimeout: String?

  @Option(help: "A file to write when the first full pass is complete.")
  var readyFile: String?

  @Option(help: "text (default) or json.")
  var logFormat: String?

  @Option(help: "trace, debug, info (default), notice, warning, error or critical.")
  var logLevel: String?
}

/// A filter and its place on the command line: the order of excludes and includes among each other decides,
/// and the parser keeps them in two lists. It parses from left to right.
struct FilterOption: Hashable, Sendable {
  var order: Int
  var filter: Configuration.Filter

  private static let counter = Atomic<Int>(0)

  static func exclude(_ pattern: String) -> FilterOption { next(.exclude(pattern)) }
  static func include(_ pattern: String) -> FilterOption { next(.include(pattern)) }

  private static func next(_ filter: Configuration.Filter) -> FilterOption {
    FilterOption(order: counter.add(1, ordering: .relaxed).newValue, filter: filter)
  }
}
