/// What to keep the same, and how: the options of `martlet sync` as a value.
///
/// Properties have the names of the options, in Swift's spelling: `--max-bandwidth-up` is ``maxBandwidthUp``. Where a
/// property stands for several options, or for a flag that says no, its comment names them. docs/options.md describes each
/// option at length. Nothing is read from the environment but what AWS's own settings are: credentials, region, endpoints
/// and proxies.
public struct Configuration: Sendable {
  /// The local folder.
  public var root: String
  /// `s3://BUCKET/PREFIX`.
  public var location: String
  /// Keys begin with the prefix as it stands there: `a` gives keys such as `abc`. Otherwise a slash is appended.
  public var prefixIsText = false

  /// End after the first pass that leaves nothing to do.
  public var once = false
  /// Between two listings of the bucket. Nil: 30 seconds, or five minutes with the ``journal``.
  public var poll: Duration?
  /// Between two looks at everything while changes announce themselves: of the folder by its watch, of the bucket by
  /// ``eventQueue``.
  public var fullPassEvery: Duration = .seconds(600)
  /// A file that a program keeps open for writing, such as a log, is uploaded when nobody has written to it for so
  /// long; after ten times as long, at most five minutes, any consistent version of it is.
  public var uploadOpenAfter: Duration = .seconds(30)
  /// The server; nil: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, the profile, AWS.
  public var endpointURL: String?
  /// Nil: `AWS_REGION`, `AWS_DEFAULT_REGION`, the profile; found out if none is given.
  public var region: String?
  /// A profile of AWS's files; comes before keys in the environment.
  public var profile: String?
  /// How requests name the bucket.
  public var addressing: Addressing = .auto
  /// Where credentials are looked for.
  public var credentials: Credentials = .chain
  /// Connections are made over IPv4 only.
  public var forcesIPv4 = false
  /// False is `--no-sign-request`: no credentials are looked for, and the server has to let everybody in.
  public var signsRequests = true
  /// PEM file with the certificate authorities to trust in place of the system's.
  public var caBundle: String?
  /// False is `--no-verify-ssl`: whoever is on the way may pose as the server.
  public var verifiesCertificates = true
  /// How long no byte may move while a request is under way; zero: no limit. Nil: a minute.
  public var cliReadTimeout: Duration?
  /// How long a connection may take to be made; zero: no limit. Nil: ten seconds.
  public var cliConnectTimeout: Duration?
  /// What all uploads may move together; nil: `max_bandwidth` of the profile, else no limit. `--max-bandwidth` sets both.
  public var maxBandwidthUp: Bandwidth?
  /// What all downloads may move together; likewise.
  public var maxBandwidthDown: Bandwidth?
  /// This node's name in conflict copies, queues and the lock: letters, digits, `-`, `_`, `.`. Nil: made from the host name
  /// when the state is created, then kept with it.
  public var nodeID: String?
  /// Who wins where both sides changed and differ; the loser is kept as a conflict copy.
  public var conflict: Conflict = .newest
  /// Who wins where both sides differ and were never in sync. Nil: the remote keeps the name, the local file becomes a
  /// conflict copy.
  public var firstSync: FirstSync?
  /// `--init-sync-up` and `--init-sync-down` with `--delete`. With ``firstSync`` `remote` or `local`: every start makes the losing side what the other one is, where ``deletes``
  /// lets deletions cross to it. What it alone has and was never in sync is kept in the trash, remote objects too, and
  /// deleted there, up to ``maxDelete``; what was deleted on it meanwhile comes back.
  public var mirrorsAtStart = false
  /// `--only-up`, `--only-down`: which side's changes are carried to the other. Without `up` nothing is written to the bucket, and permissions to
  /// list and read will do; without `down` nothing in the folder changes.
  public var directions: Directions = .both
  /// `--size-only`, `--exact-timestamps`, `--no-overwrite`: when files that were never in sync count as equal, beside those
  /// of equal content.
  public var comparison: Comparison = .contents
  /// End where the server cannot be reached or written at start, though that may pass.
  public var checksAtStart = false
  /// Where a first contact finds more conflicts than may be decided without `firstSync`, end before any change.
  public var asksAtFirstContact = true
  /// `--delete`, `--no-delete`: which deletions cross; otherwise the file or object comes back.
  public var deletes: Directions = .both
  /// Above how many deletions at a time they are halted. Moves do not count.
  public var maxDelete: MaximumDeletion = .standard
  /// Change nothing. Events tell of no plan: the command line prints it.
  public var dryRun = false
  /// `--exclude` and `--include`, in their order. A change of them is made by a new syncer.
  public var filters: [Filter] = []
  /// Of uploads only, behind ``filters``.
  public var uploadFilters: [Filter] = []
  /// Of downloads only, behind ``filters``.
  public var downloadFilters: [Filter] = []
  /// A regular expression as Python's `re.match` takes it, of local paths: ``root`` as it is given here, and the path
  /// below it. What matches is neither uploaded nor deleted on either side, but downloaded.
  public var excludedLocally: String?
  /// As ``excludedLocally``, of keys below the prefix. What matches is not downloaded; uploads and deletions cross.
  public var excludedRemotely: String?
  /// What the folder alone has when it first meets the bucket stays here alone until it changes.
  public var leavesExistingFiles = false
  /// For how long after a change here a file is left alone by downloads and deletions.
  public var localPersistence: Duration = .zero
  /// Nil: nobody is told how long the first look at everything took.
  public var startupMetric: StartupMetric?
  /// Where database and control socket live. Nil: `.martlet` in the root. The trash stays in the root.
  public var stateDir: String?
  /// How long replaced and deleted local files stay in the trash, which takes at most 10 % of the disk.
  public var trashRetention: Duration = .seconds(30 * 86_400)
  /// How long to go on uploading after a stop was asked for.
  public var shutdownTimeout: Duration = .seconds(25)
  /// Written when the first full pass is complete.
  public var readyFile: String?
  /// How local changes are noticed.
  public var watch: Watch = .auto
  /// What becomes of symbolic links.
  public var symlinks: Symlinks = .preserve
  /// Links are also followed where they lead out of the folder: whoever can make links in it decides what is read with
  /// this user's permissions, and sent.
  public var unsafeLinks = false
  /// Whether empty directories travel, as objects `key/`.
  public var directories: Directories = .empty
  /// User and group, as numbers, are a part of what is synced; see docs/options.md.
  public var preserveOwner = false
  /// What goes along with objects.
  public var objects = Objects()
  /// `--cf-dist-id` and what goes with it. Nil: nobody is told.
  public var cloudFront: CloudFront?
  /// `--dfs` and what goes with it. Nil: nodes change the bucket at once; every change is conditional on the version that it replaces.
  public var lease: Lease?
  /// `--journal` and what goes with it. Nil: nodes do not tell each other what they changed. Advised with ``lease``.
  public var journal: Journal?
  /// `--event-queue` and what goes with it. Nil: changes in the bucket are found by listing it, and told by the ``journal``.
  public var eventQueue: EventQueue?

  /// - Parameters:
  ///   - root: The local folder.
  ///   - location: `s3://BUCKET/PREFIX`, or with the ARN of an access point in place of the bucket.
  public init(root: String, location: String) {
    self.root = root
    self.location = location
  }
}

extension Configuration {
  /// Up is from the folder to the bucket.
  public struct Directions: OptionSet, Hashable, Sendable {
    /// One bit a direction.
    public let rawValue: Int
    /// Of ``up`` and ``down``.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// From the folder to the bucket.
    public static let up = Directions(rawValue: 1)
    /// From the bucket to the folder.
    public static let down = Directions(rawValue: 2)
    /// Both ways.
    public static let both: Directions = [.up, .down]
  }

  /// Who wins where both sides changed and differ.
  public enum Conflict: String, Sendable, CaseIterable {
    case newest, local, remote
    case keepBoth = "keep-both"
  }

  /// Who wins where both sides differ and were never in sync.
  public enum FirstSync: String, Sendable, CaseIterable {
    case remote, local
    case keepBoth = "keep-both"
  }

  /// `aws s3 sync` would transfer nothing, so both versions stay as they are until one of them changes. Where they
  /// differ, no deletion crosses meanwhile.
  public enum Comparison: String, Sendable, CaseIterable {
    case contents
    /// Equal sizes.
    case sizeOnly = "size-only"
    /// Equal sizes, and the file's modification time is the object's last-modified.
    case exactTimestamps = "exact-timestamps"
    /// Whatever both sides hold.
    case noOverwrite = "no-overwrite"
  }

  /// By events of inotify, by walks, or by inotify where it works and walks elsewhere.
  public enum Watch: String, Sendable, CaseIterable { case auto, inotify, poll }

  /// What becomes of symbolic links.
  public enum Symlinks: String, Sendable, CaseIterable {
    /// They travel as links.
    case preserve
    /// They are left alone on both sides.
    case skip
    /// What they lead to is uploaded under their names; what the bucket says of these paths is reported and left alone.
    case follow
  }

  /// Which directories have markers in the bucket.
  public enum Directories: String, Sendable, CaseIterable {
    /// Empty ones.
    case empty
    /// Each.
    case all
    /// None.
    case none
  }

  /// How requests name the bucket.
  public enum Addressing: String, Sendable, CaseIterable {
    /// As the profile says; else by the host at AWS, and by the path elsewhere.
    case auto
    /// `https://HOST/BUCKET/KEY`.
    case path
    /// `https://BUCKET.HOST/KEY`.
    case virtual
  }

  /// Where credentials are looked for.
  public enum Credentials: Sendable {
    /// All places where the AWS CLI looks.
    case chain
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
    case environment
    /// The endpoint of ECS or EKS that the variables of the container name.
    case container
  }

  /// Above how many deletions at a time somebody is asked.
  public enum MaximumDeletion: Hashable, Sendable {
    /// Half of the files, but at least 20.
    case standard
    case count(Int)
    /// Of all files, 0 to 100.
    case percent(Int)
    case unlimited
  }

  /// One `--exclude` or `--include`; the last that matches a path decides.
  public enum Filter: Hashable, Sendable {
    case exclude(String)
    case include(String)
  }
}
