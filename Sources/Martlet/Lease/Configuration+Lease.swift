extension Configuration {
  /// The lock object that nodes take before they change the bucket (`--dfs`).
  public struct Lease: Hashable, Sendable {
    /// `--dfs-lock-timeout`: after which silence its holder counts as gone; the same on all nodes, and in their s3-sync2 scripts.
    public var timeout: Duration = .seconds(60)
    /// `--dfs-lock-wait`: how long to wait for it before that is told.
    public var wait: Duration = .seconds(180)
    /// Whether the run then ends.
    public var endsAfterWait = false
    /// `--dfs-uid-hostname`: name the host in the lock, in place of the node.
    public var namesHost = false

    /// With s3-sync2's times.
    public init() {}

    var problems: [String] {
      [("--dfs-lock-timeout", timeout), ("--dfs-lock-wait", wait)].filter { $0.1 < .seconds(1) }.map {
        "\($0.0): give at least 1 second"
      }
    }
  }
}
