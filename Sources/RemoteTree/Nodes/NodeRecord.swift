/// What a node says of itself, in the user metadata of its object: so the object can be empty, and is none of the files
/// that other tools see.
package struct NodeRecord: Hashable, Sendable {
  /// One run of one process; random.
  package var run: String
  package var version: String
  package var host: String
  /// Seconds until it says so again.
  package var interval: Int64
  /// Seconds that it has been running.
  package var uptime: Int64
  /// Seconds since its last complete look at both sides; nil before the first.
  package var sinceLastPass: Int64?
  /// Paths known to differ.
  package var pending: Int
  /// Seconds that the oldest of them has waited.
  package var oldestPending: Int64?

  package init(run: String, version: String, host: String, interval: Int64, uptime: Int64) {
    self.run = run
    self.version = version
    self.host = host
    self.interval = interval
    self.uptime = uptime
    pending = 0
  }

  private static let prefix = "martlet-"

  /// The names without `x-amz-meta-`.
  package var metadata: [String: String] {
    var fields = [
      "run": run, "version": version, "host": host, "interval": "\(interval)", "uptime": "\(uptime)",
      "pending": "\(pending)",
    ]
    fields["last-pass"] = sinceLastPass.map { "\($0)" }
    fields["oldest"] = oldestPending.map { "\($0)" }
    return Dictionary(uniqueKeysWithValues: fields.map { (Self.prefix + $0.key, $0.value) })
  }

  /// Nil: written by something else.
  package init?(metadata: [String: String]) {
    func text(_ name: String) -> String? { metadata[Self.prefix + name] }
    func number(_ name: String) -> Int64? { text(name).flatMap { Int64($0) }.flatMap { $0 >= 0 ? $0 : nil } }
    guard let run = text("run"), !run.isEmpty, let interval = number("interval"), (1...Self.longestInterval) ~= interval
    else { return nil }
    self.init(
      run: run, version: text("version") ?? "", host: text("host") ?? "", interval: interval,
      uptime: number("uptime") ?? 0)
    sinceLastPass = number("last-pass")
    pending = number("pending").flatMap { Int(exactly: $0) } ?? 0
    oldestPending = number("oldest")
  }

  /// Seconds. Nobody may seem alive for days.
  private static let longestInterval: Int64 = 6 * 3600
}

/// The object of a node as it was found.
package struct SeenNode: Hashable, Sendable {
  package var id: String
  /// Nil: written by something else.
  package var record: NodeRecord?
  /// Seconds since it was written, by the server's clock.
  package var age: Int64
  package var etag: String

  package init(id: String, record: NodeRecord?, age: Int64, etag: String) {
    self.id = id
    self.record = record
    self.age = age
    self.etag = etag
  }

  /// Whether the node has to be taken for running: two of its announcements may be late or lost.
  package var isLive: Bool { record.map { age <= $0.interval * 5 / 2 + 60 } ?? false }
}
