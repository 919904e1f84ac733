package import SyncModel

extension EntryMetadata {
  /// What the user metadata of an object says about the entry, in any of the conventions in use: our own
  /// and mobius3's and s3fs's (`mode` decimal, `mtime` seconds), rclone's (`mode` octal), DataSync's and
  /// FSx's (`file-permissions` octal, `file-mtime`), s3cmd's (`s3cmd-attrs`). User and group: `uid` and `gid`, or
  /// `file-owner` and `file-group`; one without the other does not count.
  ///
  /// A mode counts only with a file type that fits: a number without one may mean anything.
  ///
  /// - Parameters:
  ///   - user: names in lower case, without `x-amz-meta-`.
  ///   - isMarker: the key ends in `/`, so that the entry is a directory whatever the mode says.
  package init(user: [String: String], isMarker: Bool) {
    let attributes = SlashSeparatedAttributes(user["s3cmd-attrs"])
    let mode =
      user["mode"].flatMap { FileMode(decimal: $0, isMarker: isMarker) ?? FileMode(octal: $0, isMarker: isMarker) }
      ?? user["file-permissions"].flatMap { FileMode(octal: $0, isMarker: isMarker) }
      ?? attributes["mode"].flatMap { FileMode(decimal: $0, isMarker: isMarker) }
    let modified =
      user["mtime"].flatMap { Timestamp(decimalSeconds: $0) }
      ?? user["file-mtime"].flatMap { Timestamp(dataSync: $0) }
      ?? attributes["mtime"].flatMap { Timestamp(decimalSeconds: $0) }
    let owner =
      Owner(user: user["uid"], group: user["gid"]) ?? Owner(user: user["file-owner"], group: user["file-group"])
      ?? Owner(user: attributes["uid"], group: attributes["gid"])
    self.init(
      kind: mode?.kind ?? (isMarker ? .directory : .file), mode: mode?.permissions, modified: modified, owner: owner)
  }
}

/// `st_mode`: a file type and permission bits.
struct FileMode: Hashable {
  var kind: EntryKind
  /// `st_mode & 0o7777`.
  var permissions: UInt32

  static let typeMask: UInt32 = 0o170000

  /// `st_mode` of this kind of entry without permission bits.
  static func type(of kind: EntryKind) -> UInt32 {
    switch kind {
    case .file: 0o100000
    case .symlink: 0o120000
    case .directory: 0o040000
    }
  }

  init?(decimal text: String, isMarker: Bool) {
    guard let number = UInt32(digits: text, radix: 10) else { return nil }
    self.init(number, isMarker: isMarker)
  }

  init?(octal text: String, isMarker: Bool) {
    guard let number = UInt32(digits: text, radix: 8) else { return nil }
    self.init(number, isMarker: isMarker)
  }

  private init?(_ number: UInt32, isMarker: Bool) {
    // Octal digits read as a decimal are often beyond 16 bits, or a link with sticky or setuid bits,
    // which no link has: that is how the two notations are told apart.
    guard number <= 0o177777 else { return nil }
    let permissions = number & 0o7777
    switch number & Self.typeMask {
    case 0o100000 where !isMarker: kind = .file
    case 0o120000 where !isMarker && permissions <= 0o777: kind = .symlink
    case 0o040000 where isMarker: kind = .directory
    default: return nil
    }
    self.permissions = permissions
  }
}

extension Timestamp {
  /// Seconds with an optional fraction; what is finer than a nanosecond is cut off.
  init?(decimalSeconds text: String) {
    let isNegative = text.utf8.first == UInt8(ascii: "-")
    let parts = (isNegative ? text.dropFirst() : text[...]).split(
      separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let seconds = Int64(digits: parts[0], radix: 10) else { return nil }
    var nanoseconds: Int64 = 0
    if parts.count == 2 {
      let fraction = parts[1].prefix(9)
      guard !fraction.isEmpty, parts[1].utf8.allSatisfy({ (48...57).contains($0) }),
        let number = Int64(digits: fraction, radix: 10)
      else { return nil }
      nanoseconds = (fraction.utf8.count..<9).reduce(number) { value, _ in value * 10 }
    }
    guard seconds <= Self.limit else { return nil }
    self =
      isNegative
      ? Timestamp(seconds: -seconds, nanoseconds: -nanoseconds) : Timestamp(seconds: seconds, nanoseconds: nanoseconds)
  }

  /// A whole number of nanoseconds with the unit `ns`, else of milliseconds (FSx for Lustre guide, "POSIX
  /// metadata support").
  init?(dataSync text: String) {
    let unit = text.drop { "-0123456789".contains($0) }
    let digits = text.dropLast(unit.count)
    let isNegative = digits.first == "-"
    guard let magnitude = Int64(digits: isNegative ? digits.dropFirst() : digits, radix: 10) else { return nil }
    let number = isNegative ? -magnitude : magnitude
    switch unit {
    case "ns": self.init(nanoseconds: number)
    case "", "ms":
      guard abs(number / 1_000) <= Self.limit else { return nil }
      self.init(seconds: number / 1_000, nanoseconds: number % 1_000 * 1_000_000)
    default: return nil
    }
  }

  /// Beyond the year 2262 the nanoseconds do not fit, and no file has such a time.
  private static let limit: Int64 = 9_223_372_035
}

extension Owner {
  init?(user: String?, group: String?) {
    // The largest number means “none” to the kernel.
    guard let user = user.flatMap({ UInt32(digits: $0, radix: 10) }), user != .max,
      let group = group.flatMap({ UInt32(digits: $0, radix: 10) }), group != .max
    else { return nil }
    self.init(user: user, group: group)
  }
}

/// `name:value/name:value/…`, as s3cmd writes it: in order of the names.
struct SlashSeparatedAttributes {
  private var values: [String: String] = [:]

  init(_ text: String?) {
    for field in (text ?? "").split(separator: "/") {
      let parts = field.split(separator: ":", maxSplits: 1)
      if parts.count == 2 { values[String(parts[0])] = String(parts[1]) }
    }
  }

  subscript(_ name: String) -> String? {
    get { values[name] }
    set { values[name] = newValue }
  }

  var text: String { values.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: "/") }
}

extension FixedWidthInteger {
  /// Digits only: `Int("+1")` would be one, too.
  init?(digits text: some StringProtocol, radix: Int) {
    guard text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    self.init(text, radix: radix)
  }
}
