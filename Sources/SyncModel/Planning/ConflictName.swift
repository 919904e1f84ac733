/// The name under which the loser of a conflict is kept: `name (conflict NODE 2026-11-20 123011 1a2b3c4d).ext`.
///
/// It comes from the loser alone, so every node that keeps the same loser makes the same copy.
package enum ConflictName {
  package enum Loser: Hashable, Sendable {
    case local(node: String, content: Fingerprint)
    /// Without a node: no matter which one keeps it.
    case remote(etag: String)
  }

  /// The path of the copy, beside the loser; nil where not even the shortest name fits into a key.
  ///
  /// `time` is the loser's: the file's mtime, or the mtime in the object's metadata, else the last-modified of a
  /// HEAD. `prefixLength` is that of the key prefix in bytes. An `attempt` above 0 gives another name, for when the
  /// first is taken by other content.
  package static func path(
    for path: RelativePath, loser: Loser, time: Timestamp, prefixLength: Int, attempt: Int = 0
  ) -> RelativePath? {
    let leaf = path.asLeaf
    let name = leaf.name
    let suffix = " (\(Self.marker) \(loser.nodeField)\(Self.format(time)) \(loser.digest(attempt: attempt)))"
    let directory = (leaf.parent ?? .root).asDirectoryPrefix
    let room =
      min(
        RelativePath.maximumComponentLength, KeyMapping.maximumKeyLength - prefixLength - directory.utf8.count)
      - suffix.utf8.count
    for fileExtension in [Self.fileExtension(of: name), ""] {
      let stem = name.utf8.dropLast(fileExtension.utf8.count)
      let cut = Self.cut(String(stem)!, to: room - fileExtension.utf8.count)
      if !cut.isEmpty { return RelativePath(unchecked: directory + cut + suffix + fileExtension) }
    }
    return nil
  }

  /// Whether the path has the name of a conflict copy, whoever made it.
  package static func isConflictCopy(_ path: RelativePath) -> Bool {
    // The last one counts: a copy may itself have lost a conflict.
    let pieces = path.name.utf8.split(separator: UInt8(ascii: "(")).dropFirst()
    guard let piece = pieces.last, let end = piece.firstIndex(of: UInt8(ascii: ")")) else { return false }
    let rest = piece[piece.index(after: end)...]
    guard rest.isEmpty || rest.first == UInt8(ascii: ".") else { return false }
    let fields = piece[..<end].split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard fields.count == 4 || fields.count == 5, fields[0].elementsEqual(marker.utf8) else { return false }
    return zip(fields.suffix(3), ["dddd-dd-dd", "dddddd", "xxxxxxxx"]).allSatisfy(Self.hasShape)
  }

  private static let marker = "conflict"

  /// What stands behind the last dot, with it. A dot in front makes a hidden file, and long or spaced words after
  /// a dot are part of a title; a bracket would hide the copy's own one.
  private static func fileExtension(of name: String) -> String {
    let bytes = name.utf8
    guard let dot = bytes.lastIndex(of: UInt8(ascii: ".")), dot != bytes.startIndex else { return "" }
    let candidate = bytes[dot...]
    let isExtension =
      (2...17).contains(candidate.count) && !candidate.contains { $0 == 0x20 || $0 == UInt8(ascii: "(") }
    return isExtension ? String(candidate)! : ""
  }

  /// The longest start of whole characters (scalars) within `limit` bytes.
  private static func cut(_ text: String, to limit: Int) -> String {
    var length = 0
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      length += UTF8.width(scalar)
      if length > limit { break }
      result.append(scalar)
    }
    return String(result)
  }

  private static func format(_ time: Timestamp) -> String {
    let time = CalendarTime(time)
    return "\(padded(time.year, 4))-\(padded(time.month, 2))-\(padded(time.day, 2)) "
      + padded(time.hour, 2) + padded(time.minute, 2) + padded(time.second, 2)
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
  }

  /// `d` stands for a digit, `x` for a hex digit.
  private static func hasShape(_ field: Substring.UTF8View, _ shape: String) -> Bool {
    field.count == shape.utf8.count
      && zip(field, shape.utf8).allSatisfy { byte, expected in
        let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        return switch expected {
        case UInt8(ascii: "d"): isDigit
        case UInt8(ascii: "x"): isDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        default: byte == expected
        }
      }
  }
}

extension ConflictName.Loser {
  /// Longer node names are cut, so that the loser's own name keeps most of its 255 bytes.
  private static let maximumNodeLength = 64

  fileprivate var nodeField: String {
    guard case .local(let node, _) = self else { return "" }
    let safe = node.utf8.prefix(Self.maximumNodeLength).map { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
        byte
      default: UInt8(ascii: "-")
      }
    }
    return (safe.isEmpty ? "node" : String(decoding: safe, as: UTF8.self)) + " "
  }

  /// Eight hex digits of the content's checksum, or of a hash of the ETag.
  fileprivate func digest(attempt: Int) -> String {
    let word =
      switch self {
      case .local(_, let content): content.crc64
      case .remote(let etag): StableHash.of(etag.utf8)
      }
    let digits = String(UInt32(truncatingIfNeeded: word >> 32) &+ UInt32(truncatingIfNeeded: attempt), radix: 16)
    return String(repeating: "0", count: 8 - digits.utf8.count) + digits
  }
}
