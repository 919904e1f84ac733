package import SyncModel

extension EntryMetadata {
  /// The user metadata by which mobius3, s3fs, rclone and Martlet recognise the entry.
  package var user: [String: String] {
    var fields: [String: String] = [:]
    if let modified { fields["mtime"] = modified.decimalSeconds }
    switch (kind, mode) {
    // The type is what makes it a link, so a mode is written in any case; all links have this one on Linux.
    case (.symlink, let mode): fields["mode"] = String(FileMode.type(of: .symlink) | (mode ?? 0o777) & 0o777)
    case (_, let mode?): fields["mode"] = String(FileMode.type(of: kind) | mode & 0o7777)
    case (_, nil): break
    }
    return fields
  }

  /// The user metadata of an object once ours has changed: what others wrote there stays.
  func replacing(in user: [String: String]) -> [String: String] {
    user.filter { !Self.ownNames.contains($0.key) }.merging(self.user) { $1 }
  }

  static let ownNames: Set = ["mtime", "mode"]
}

extension Timestamp {
  /// Seconds with nine fractional digits: s3fs reads the fraction as an integer of nanoseconds.
  var decimalSeconds: String {
    let magnitude = nanoseconds.magnitude
    let fraction = String(magnitude % 1_000_000_000)
    let zeros = String(repeating: "0", count: 9 - fraction.utf8.count)
    return "\(nanoseconds < 0 ? "-" : "")\(magnitude / 1_000_000_000).\(zeros)\(fraction)"
  }
}
