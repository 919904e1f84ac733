/// Durations as people write them: seconds, or with a unit.
enum DurationText {
  private static let units: [(name: String, milliseconds: Double)] = [
    ("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
  ]

  /// Longer ones are a mistake, and would not fit nanoseconds.
  private static let longest = 3_650 * 86_400_000.0

  static func parse(_ text: String) -> Duration? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let unit = text[digits.endIndex...]
    guard let number = Double(digits),
      let scale = unit.isEmpty ? 1_000 : units.first(where: { $0.name == unit })?.milliseconds
    else { return nil }
    let milliseconds = number * scale
    return milliseconds <= longest ? .milliseconds(milliseconds) : nil
  }

  /// One or two parts: `350 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`, `4 d 1 h`.
  static func describe(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    if seconds == 0, attoseconds > 0 { return "\(attoseconds / 1_000_000_000_000_000) ms" }
    let parts = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")]
    guard let first = parts.firstIndex(where: { $0.0 > 0 }) else { return "0 s" }
    return parts[first...].prefix(2).filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: " ")
  }
}
