import FoundationEssentials

/// What is in sync, what is not, and why; the JSON of `martlet status --json`. docs/options.md names the fields.
public struct StatusReport: Codable, Hashable, Sendable {
  /// What the syncer is at.
  public enum State: String, Codable, Sendable {
    case starting, syncing, idle, stopping, stopped
    /// Nothing is transferred or changed until it is resumed.
    case paused
  }

  /// A transfer under way.
  public struct ActiveTransfer: Codable, Hashable, Sendable {
    /// Below the root.
    public var path: String
    /// `upload` or `download`.
    public var direction: String
    /// Bytes of the whole content.
    public var size: Int64
    /// Bytes moved.
    public var moved: Int64
  }

  /// A file that waits for its writer.
  public struct BusyFile: Codable, Hashable, Sendable {
    /// Below the root.
    public var path: String
    /// Since it was first found open with a change that must be synced.
    public var seconds: Double
  }

  /// Paths with versions that differ and that an option such as `--size-only` leaves as they are.
  public struct LeftApart: Codable, Hashable, Sendable {
    /// All of them.
    public var count: Int
    /// The first of them in the order of their names, at most ten.
    public var first: [String]

    package init(count: Int, first: [String]) {
      self.count = count
      self.first = first
    }
  }

  /// A path that is not in sync, and why.
  public struct Problem: Codable, Hashable, Sendable {
    /// Below the root; `/` for the whole of it.
    public var path: String
    /// Says what to do.
    public var reason: String
  }

  /// What a CloudFront distribution was told, and what not yet.
  public struct Invalidation: Codable, Hashable, Sendable {
    /// Its id.
    public var distribution: String
    /// Invalidations that were accepted since the start.
    public var accepted: Int
    /// Paths that are still to be invalidated.
    public var waiting: Int
    /// After a failure.
    public var secondsToNextTry: Double?
    /// Why the last request failed.
    public var problem: String?
  }

  /// The lock that nodes take before they change the bucket.
  public struct Lease: Codable, Hashable, Sendable {
    /// Whose turn it is.
    public enum State: String, Codable, Sendable {
      /// Nothing here needs it.
      case free
      /// Changes wait for it.
      case awaited
      case held
    }

    /// Whose turn it is.
    public var state: State
    /// Another node, or a uid of s3-sync2, as last seen.
    public var holder: String?
    /// Since it is held, or awaited in vain.
    public var seconds: Double?
    /// Why the last request failed.
    public var problem: String?

    package init(state: State, holder: String? = nil, seconds: Double? = nil, problem: String? = nil) {
      self.state = state
      self.holder = holder
      self.seconds = seconds
      self.problem = problem
    }
  }

  /// What nodes tell each other of their changes in the bucket.
  public struct Journal: Codable, Hashable, Sendable {
    /// Whether it works.
    public enum State: String, Codable, Sendable {
      /// Its end is not known yet.
      case starting
      case live
      /// It does not work and is tried again; changes are found by polls.
      case failing
    }

    /// The keys of the entries begin with it.
    public var place: String
    /// Whether it works.
    public var state: State = .starting
    /// Number of the last entry that was read.
    public var position: Int64 = 0
    /// Since the start: entries of others, and own ones.
    public var read = 0
    /// Those of this node.
    public var written = 0
    /// Times since the start that entries were missing, so that everything was looked at.
    public var gaps = 0
    /// Paths that others have not been told of.
    public var waiting = 0
    /// Why it does not work, or why nothing is told to others.
    public var problem: String?

    package init(place: String) { self.place = place }
  }

  /// What this node hears of changes in the bucket.
  public struct Events: Codable, Hashable, Sendable {
    /// Whether it works.
    public enum State: String, Codable, Sendable {
      /// What carries events is being made.
      case connecting
      /// Events may come; none has proven it yet, so the bucket is polled.
      case listening
      /// Events come, and the bucket is listed rarely.
      case live
      /// It does not work and is tried again; the bucket is polled.
      case failing
    }

    /// Its name.
    public var queue: String
    /// `sns`, `sqs`, `eventbridge`; `auto` until it is decided.
    public var route: String
    /// Whether it works.
    public var state: State
    /// Since the start: events that something may have followed from; those of this node's own writes and of what is
    /// not synced; records that nobody understands.
    public var taken: Int
    /// See ``taken``.
    public var ignored: Int
    /// See ``taken``.
    public var unknown: Int
    /// Why it does not work.
    public var problem: String?
  }

  /// Bytes per second; absent: no limit.
  public struct Limits: Codable, Hashable, Sendable {
    /// Of all uploads together.
    public var up: Int64?
    /// Of all downloads together.
    public var down: Int64?

    /// - Parameters: Bytes per second; nil: no limit.
    public init(up: Int64? = nil, down: Int64? = nil) {
      self.up = up
      self.down = down
    }
  }

  /// The local folder.
  public var root: String
  /// `s3://BUCKET/PREFIX`.
  public var location: String
  /// This node's id.
  public var node: String
  /// Id of the process.
  public var process: Int32
  /// What it is at.
  public var state: State
  /// The first full pass is complete.
  public var isReady: Bool
  /// No pass has been completed for long and nothing moves.
  public var isStuck: Bool
  /// Since the last look at both sides that reached its end.
  public var secondsSinceLastPass: Double?
  /// Changes since the start, by kind.
  public var committed: [String: Int]
  /// Conflicts since the start.
  public var conflicts: Int
  /// The transfers under way.
  public var active: [ActiveTransfer]
  /// Paths known to differ.
  public var pending: Int
  /// How long the oldest of them has waited.
  public var oldestUnsyncedSeconds: Double?
  /// Files that wait because a program has them open for writing, at most 10,000.
  public var busy: [BusyFile]
  /// Paths left alone, at most 1,000.
  public var quarantined: [Problem]
  /// Why deletions do not cross at the moment.
  public var deletionsHalted: String?
  /// `live`, or why changes are only found by looking.
  public var watch: String
  /// What the server guarantees about concurrent writers.
  public var safety: String
  /// Of the last failure, also where a later try succeeded.
  public var lastError: String?
  /// Absent without `--cf-dist-id`.
  public var invalidation: Invalidation?
  /// Absent without `--dfs`.
  public var lease: Lease?
  /// Absent without `--journal`.
  public var journal: Journal?
  /// Absent without `--event-queue`.
  public var events: Events?
  /// Nil: of a version that knows none.
  public var limits: Limits?
  /// Absent where there are none.
  public var leftApart: LeftApart?

  /// Only of an answer to `martlet nodes`.
  public var nodes: [Node]?

  /// Healthy in the sense of a container's health check.
  public var isHealthy: Bool { isReady && !isStuck }

  package func json() -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings and numbers only: encoding cannot fail.
    return (try? encoder.encode(self)).map(Array.init) ?? []
  }

  package init(json: [UInt8]) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(json))
  }
}
