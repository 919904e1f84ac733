import FoundationEssentials
import Glibc
import Logging

/// One JSON object a line: `time`, `level`, `message` and the metadata.
struct JSONLogHandler: LogHandler {
  var logLevel: Logger.Level = .info
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?

  let write: @Sendable (String) -> Void
  var now: @Sendable () -> timespec = TextLogHandler.clock

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var fields = metadata.merging(event.metadata ?? [:]) { _, new in new }.mapValues { "\($0)" }
    fields["time"] = LogTime(now(), isUTC: true).dateAndTime
    fields["level"] = event.level.rawValue
    fields["message"] = "\(event.message)"
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings only: encoding cannot fail.
    guard let line = try? encoder.encode(fields) else { return }
    write(String(decoding: line, as: UTF8.self))
  }
}
