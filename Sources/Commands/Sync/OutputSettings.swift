import Logging

/// How much a run tells.
struct OutputSettings: Sendable {
  var format = LogFormat.text
  var level = Logger.Level.info
  /// Whether a dry run prints its plan.
  var showsPlan = true
  var showsProgress = true
  /// Lines in place of a block that is redrawn.
  var progressIsMultiline = false
  /// Between two showings of the progress; nil: what suits the output.
  var progressInterval: Duration?

  init(_ options: OutputOptions, _ reader: inout SettingReader) {
    format = reader.choice("--log-format", options.logFormat) ?? .text
    let isQuiet = reader.flag("--quiet", options.quiet ? true : nil) ?? false
    let showsErrors = reader.flag("--only-show-errors", options.onlyShowErrors ? true : nil) ?? false
    let hidesProgress = reader.flag("--no-progress", options.noProgress ? true : nil) ?? false
    showsPlan = !isQuiet
    showsProgress = !isQuiet && !showsErrors && !hidesProgress
    progressIsMultiline = reader.flag("--progress-multiline", options.progressMultiline ? true : nil) ?? false
    progressInterval = reader.duration("--progress-frequency", options.progressFrequency).flatMap {
      $0 == .zero ? nil : $0
    }
    let wanted = reader.value("--log-level", options.logLevel) { text throws(SettingProblem) in
      guard let level = Logger.Level(rawValue: text.lowercased()) else {
        throw SettingProblem("give one of \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return level
    }
    let debug = Self.level(ofDebug: options.debug ?? reader.variable("--debug"))
    level = wanted ?? debug ?? (isQuiet ? .critical : showsErrors ? .warning : .info)
  }

  /// The levels of s3-sync2. Its variable is called `DEBUG`, which may be meant for other programs: what is no level is
  /// no setting.
  private static func level(ofDebug text: String?) -> Logger.Level? {
    switch text?.uppercased() {
    case "DEBUG", "1", "TRUE", "YES", "ON": .debug
    case "WARN": .warning
    case "ERROR": .error
    case "NONE": .critical
    default: nil
    }
  }
}
