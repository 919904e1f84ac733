import Glibc
import Logging

/// Lines for people: time, level where it matters, message, metadata.
struct TextLogHandler: LogHandler {
  var logLevel: Logger.Level = .info
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?

  /// Date and time in UTC for files and collectors; else the local time of day.
  let showsDate: Bool
  let write: @Sendable (String) -> Void
  var now: @Sendable () -> timespec = Self.clock

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let time = LogTime(now(), isUTC: showsDate)
    var line = showsDate ? time.dateAndTime : time.timeOfDay
    if showsDate || event.level >= .warning || event.level < .info { line += " \(event.level)" }
    line += " " + Self.printable("\(event.message)")
    let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
    for (key, value) in all.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(Self.printable("\(value)"))" }
    write(line)
  }

  /// Names come from others: control characters could forge lines or drive the terminal.
  static func printable(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    return text.unicodeScalars.map { isControl($0) ? $0.escaped(asASCII: true) : String($0) }.joined()
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
  }

  static func clock() -> timespec {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return time
  }
}

/// A moment in the forms of the logs.
struct LogTime {
  private let fields: tm
  private let milliseconds: Int

  init(_ time: timespec, isUTC: Bool) {
    var seconds = time.tv_sec
    var fields = tm()
    if isUTC { gmtime_r(&seconds, &fields) } else { localtime_r(&seconds, &fields) }
    self.fields = fields
    milliseconds = time.tv_nsec / 1_000_000
  }

  var timeOfDay: String { "\(two(fields.tm_hour)):\(two(fields.tm_min)):\(two(fields.tm_sec))" }

  /// RFC 3339 in UTC.
  var dateAndTime: String {
    let date = "\(fields.tm_year + 1900)-\(two(fields.tm_mon + 1))-\(two(fields.tm_mday))"
    let fraction = String(milliseconds + 1000).dropFirst()
    return "\(date)T\(timeOfDay).\(fraction)Z"
  }

  private func two(_ number: CInt) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
