import FoundationEssentials

extension StatusReport {
  /// A node of the prefix, as it last told of itself; docs/options.md names the fields.
  public struct Node: Codable, Hashable, Sendable {
    /// Its id.
    public var node: String
    /// Its host's name.
    public var host: String
    /// Of Martlet.
    public var version: String
    /// It was seen as lately as it promised.
    public var isLive: Bool
    /// By the server's clock.
    public var secondsSinceSeen: Int64
    /// Since its start.
    public var upSeconds: Int64
    /// Absent before its first complete pass. At most: since it was seen it may have completed more.
    public var secondsSinceLastPass: Int64?
    /// Paths that were known to differ when it was seen.
    public var pending: Int
    /// How long the oldest of them has waited.
    public var oldestUnsyncedSeconds: Int64?
  }
}

extension StatusReport.Node {
  package func json() -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings and numbers only: encoding cannot fail.
    return (try? encoder.encode(self)).map(Array.init) ?? []
  }
}
