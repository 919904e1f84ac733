import Martlet
import SyncEngine
import SyncModel

/// The live lines of a terminal, from the transfers under way; pure.
enum ProgressView {
  /// One line per transfer, at most `rows` in all, and a total. `now` as given to the board.
  static func lines(_ board: TransferBoard, now: Int64, columns: Int, rows: Int) -> [String] {
    let active = board.active
    guard !active.isEmpty else { return [] }
    let room = max(1, rows - 2)
    var lines = active.prefix(active.count > room ? room - 1 : room).map { line($0, columns: columns) }
    if active.count > lines.count { lines.append("… and \(active.count - lines.count) more") }
    lines.append(fitted(total(board, now: now), columns))
    return lines
  }

  /// `total: 12 of 40 files, 33.1 of 80.0 MiB, 5.2 MiB/s, 9 s left`
  static func total(_ board: TransferBoard, now: Int64) -> String {
    var parts = [
      "\(board.finishedCount) of \(board.startedCount) files",
      "\(ByteText.pair(board.movedBytes, of: board.knownBytes))",
    ]
    let rate = board.rate(now: now)
    if rate > 0 { parts.append("\(ByteText.describe(Int64(rate)))/s") }
    if let remaining = board.remaining(now: now) {
      parts.append("\(DurationText.describe(.seconds(Int64(remaining.rounded(.up))))) left")
    }
    return "total: " + parts.joined(separator: ", ")
  }

  private static func line(_ row: TransferBoard.Row, columns: Int) -> String {
    let size = row.transfer.size
    let percent = size > 0 ? Int(100 * min(1, Double(row.moved) / Double(size))) : 100
    let prefix = row.transfer.direction == .upload ? "upload   " : "download "
    let padding = String(repeating: " ", count: percent < 10 ? 2 : percent < 100 ? 1 : 0)
    let suffix = "  \(padding)\(percent)%  \(ByteText.pair(row.moved, of: size))"
    let room = max(8, columns - prefix.count - suffix.count - 1)
    return fitted(prefix + shortened(TextLogHandler.printable(row.transfer.path.string), room) + suffix, columns)
  }

  /// The end of a path says more than its beginning.
  static func shortened(_ path: String, _ length: Int) -> String {
    path.count <= length ? path : "…" + path.suffix(length - 1)
  }

  /// A line that wraps would break the redrawing.
  private static func fitted(_ line: String, _ columns: Int) -> String { String(line.prefix(max(1, columns - 1))) }
}

/// Amounts of bytes in binary units.
enum ByteText {
  private static let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]

  static func describe(_ bytes: Int64) -> String {
    let unit = unit(for: bytes)
    return "\(number(bytes, unit)) \(units[unit])"
  }

  /// Both in the unit of the whole.
  static func pair(_ part: Int64, of whole: Int64) -> String {
    let unit = unit(for: whole)
    return "\(number(part, unit)) of \(number(whole, unit)) \(units[unit])"
  }

  private static func unit(for bytes: Int64) -> Int {
    var unit = 0
    var rest = bytes.magnitude
    while rest >= 1024 {
      rest /= 1024
      unit += 1
    }
    return unit
  }

  private static func number(_ bytes: Int64, _ unit: Int) -> String {
    if unit == 0 { return "\(bytes)" }
    var scale: Int64 = 1
    for _ in 0..<unit { scale *= 1024 }
    let tenths = Int64((Double(bytes) * 10 / Double(scale)).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
