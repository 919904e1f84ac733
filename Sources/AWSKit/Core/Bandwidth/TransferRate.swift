/// Bytes per second as people and AWS's files write them: `2000000`, `800KB/s`, `10MB/s`, `1.5M`, `800Kb/s` (bits).
///
/// All prefixes are powers of 1024, as in the AWS CLI ("S3 configuration", `max_bandwidth`), whose forms are among
/// these.
public struct TransferRate: Hashable, Sendable {
  public let bytesPerSecond: Int64

  /// Slower than this, servers would take a transfer for one that hangs.
  public static let least: Int64 = 1024

  /// What may be given; for messages.
  public static let hint = "give bytes per second, at least 1KB/s, such as 800KB/s, 10MB/s, 80Mb/s (bits) or 2000000"

  /// - Returns: nil for another text, or for less than ``least``.
  public init?(parsing text: String) {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let number = Double(digits), let unit = Self.unit(text[digits.endIndex...]) else { return nil }
    let bytes = number * unit
    guard bytes >= Double(Self.least), bytes < Double(Int64.max) else { return nil }
    bytesPerSecond = Int64(bytes)
  }

  /// Bytes per second; only before `/s` a small b means bits: as a size, 10mb are bytes for the AWS CLI.
  private static func unit(_ text: Substring) -> Double? {
    var rest = text
    var scale = 1.0
    if rest.hasSuffix("/s") {
      rest = rest.dropLast(2)
      if rest.last == "b" { scale = 0.125 }
      guard rest.last == "b" || rest.last == "B" else { return nil }
      rest = rest.dropLast()
    } else if rest.last == "B" {
      rest = rest.dropLast()
    }
    switch rest.lowercased() {
    case "": return scale
    case "k", "ki": return scale * 0x1p10
    case "m", "mi": return scale * 0x1p20
    case "g", "gi": return scale * 0x1p30
    case "t", "ti": return scale * 0x1p40
    default: return nil
    }
  }
}
