package import SyncModel

extension EntryMetadata {
  /// The user metadata by which mobius3, s3fs, rclone and Martlet recognise the entry.
  package var user: [String: String] {
    var fields: [String: String] = [:]
    if let modified { fields["mtime"] = modified.decimalSeconds }
    if let fullMode { fields["mode"] = String(fullMode) }
    if let owner { (fields["uid"], fields["gid"]) = (String(owner.user), String(owner.group)) }
    return fields
  }

  /// `st_mode`. The type is what makes a link, so its mode is written in any case; all links have this one on Linux.
  private var fullMode: UInt32? {
    switch (kind, mode) {
    case (.symlink, let mode): FileMode.type(of: .symlink) | (mode ?? 0o777) & 0o777
    case (_, let mode?): FileMode.type(of: kind) | mode & 0o7777
    case (_, nil): nil
    }
  }

  static let ownNames: Set = ["mtime", "mode"]
}

// MARK: what others wrote

extension EntryMetadata {
  /// The user metadata of an object once ours has changed: what others wrote there stays.
  ///
  /// What they say of mode, time and owner in words of their own is said anew in these, and what they say of a content
  /// that is another one now goes.
  ///
  /// - Parameter isNewContent: the object gets another content as well.
  func replacing(in user: [String: String], isNewContent: Bool = false) -> [String: String] {
    var foreign = user.filter { !Self.ownNames.contains($0.key) }
    restateForDataSync(&foreign)
    restateForS3cmd(&foreign, isNewContent: isNewContent)
    // rclone's checksum of what it sent in parts.
    if isNewContent { foreign["md5chksum"] = nil }
    return foreign.merging(self.user) { $1 }
  }

  private func restateForDataSync(_ user: inout [String: String]) {
    func restate(_ name: String, _ value: String?) {
      if user[name] != nil, let value { user[name] = value }
    }
    restate("file-permissions", fullMode.map { String($0, radix: 8) })
    restate("file-mtime", modified.map { "\($0.nanoseconds)ns" })
    restate("file-owner", owner.map { String($0.user) })
    restate("file-group", owner.map { String($0.group) })
  }

  private func restateForS3cmd(_ user: inout [String: String], isNewContent: Bool) {
    guard let text = user["s3cmd-attrs"] else { return }
    var attributes = SlashSeparatedAttributes(text)
    if let fullMode { attributes["mode"] = String(fullMode) }
    if let modified { attributes["mtime"] = String(modified.seconds) }
    if let owner, Owner(user: attributes["uid"], group: attributes["gid"]) != owner {
      (attributes["uid"], attributes["gid"]) = (String(owner.user), String(owner.group))
      // Names of the former.
      (attributes["uname"], attributes["gname"]) = (nil, nil)
    }
    if isNewContent { attributes["md5"] = nil }
    user["s3cmd-attrs"] = attributes.text
  }
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
