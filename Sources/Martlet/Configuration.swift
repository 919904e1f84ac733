/// What to keep the same, and how. The names are those of the command line's options; docs/options.md
/// describes each of them.
public struct Configuration: Sendable {
  /// The local folder.
  public var root: String
  /// `s3://BUCKET/PREFIX`.
  public var location: String
  /// Keys begin with the prefix as it stands there: `a` gives keys such as `abc`. Otherwise a slash is appended.
  public var prefixIsText = false

  /// End after the first pass that leaves nothing to do.
  public var once = false
  /// Between two listings of the bucket. Nil: 30 seconds, or two minutes with the ``journal``.
  public var poll: Duration?
  /// Between two looks at everything while changes announce themselves: of the folder by its watch, of the bucket by
  /// ``eventQueue``.
  public var fullPassInterval: Duration = .seconds(600)
  /// A file that a program keeps open for writing, such as a log, is uploaded when nobody has written to it for so
  /// long; after ten times as long, at most five minutes, any consistent version of it is.
  public var uploadOpenAfter: Duration = .seconds(30)
  public var endpointURL: String?
  public var region: String?
  public var profile: String?
  public var addressing: Addressing = .auto
  public var credentials: Credentials = .chain
  /// Connections are made over IPv4 only.
  public var forcesIPv4 = false
  /// Otherwise no credentials are looked for, and the server has to let everybody in.
  public var signsRequests = true
  /// PEM file with the certificate authorities to trust in place of the system's.
  public var caBundle: String?
  /// False: whoever is on the way may pose as the server.
  public var verifiesCertificates = true
  /// How long no byte may move while a request is under way; zero: no limit. Nil: a minute.
  public var readTimeout: Duration?
  /// How long a connection may take to be made; zero: no limit. Nil: ten seconds.
  public var connectTimeout: Duration?
  /// What all uploads may move together; nil: `max_bandwidth` of the profile, else no limit.
  public var maximumUpload: Bandwidth?
  /// What all downloads may move together; likewise.
  public var maximumDownload: Bandwidth?
  /// Nil: made from the host name when the state is created, then kept with it.
  public var nodeID: String?
  public var conflict: Conflict = .newest
  public var firstSync: FirstSync?
  /// With ``firstSync`` `remote` or `local`: every start makes the losing side what the other one is, where ``deletes``
  /// lets deletions cross to it. What it alone has and was never in sync is kept in the trash, remote objects too, and
  /// deleted there, up to ``maximumDeletion``; what was deleted on it meanwhile comes back.
  public var mirrorsAtStart = false
  /// Which side's changes are carried to the other. Without `up` nothing is written to the bucket, and permissions to
  /// list and read will do; without `down` nothing in the folder changes.
  public var directions: Directions = .both
  /// When files that were never in sync count as equal, beside those of equal content.
  public var comparison: Comparison = .contents
  /// End where the server cannot be reached or written at start, though that may pass.
  public var checksAtStart = false
  /// Where a first contact finds more conflicts than may be decided without `firstSync`, end before any change.
  public var asksAtFirstContact = true
  /// Which deletions cross; otherwise the file or object comes back.
  public var deletes: Directions = .both
  public var maximumDeletion: MaximumDeletion = .standard
  /// Plan only.
  public var isDryRun = false
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
  /// Nil: `.martlet` in the root.
  public var stateDirectory: String?
  public var trashRetention: Duration = .seconds(30 * 86_400)
  public var shutdownTimeout: Duration = .seconds(25)
  /// Written when the first full pass is complete.
  public var readyFile: String?
  public var watch: Watch = .auto
  public var symlinks: Symlinks = .preserve
  /// Links are also followed where they lead out of the folder: whoever can make links in it decides what is read with
  /// this user's permissions, and sent.
  public var unsafeLinks = false
  public var directories: Directories = .empty
  /// User and group, as numbers, are a part of what is synced; see docs/options.md.
  public var preservesOwner = false
  /// What goes along with objects.
  public var objects = Objects()
  /// Nil: nobody is told.
  public var cloudFront: CloudFront?
  /// Nil: nodes change the bucket at once; every change is conditional on the version that it replaces.
  public var lease: Lease?
  /// Nil: nodes do not tell each other what they changed. Advised with ``lease``.
  public var journal: Journal?
  /// Nil: changes in the bucket are found by listing it, and told by the ``journal``.
  public var eventQueue: EventQueue?

  public init(root: String, location: String) {
    self.root = root
    self.location = location
  }
}

extension Configuration {
  /// Up is from the folder to the bucket.
  public struct Directions: OptionSet, Hashable, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let up = Directions(rawValue: 1)
    public static let down = Directions(rawValue: 2)
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

  public enum Watch: String, Sendable, CaseIterable { case auto, inotify, poll }

  public enum Symlinks: String, Sendable, CaseIterable {
    /// They travel as links.
    case preserve
    /// They are left alone on both sides.
    case skip
    /// What they lead to is uploaded under their names; what the bucket says of these paths is reported and left alone.
    case follow
  }

  public enum Directories: String, Sendable, CaseIterable {
    /// Empty ones travel as markers.
    case empty
    /// Each has a marker.
    case all
    case none
  }

  /// How requests name the bucket.
  public enum Addressing: String, Sendable, CaseIterable {
    /// As the profile says; else by the host at AWS, and by the path elsewhere.
    case auto
    case path, virtual
  }

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
