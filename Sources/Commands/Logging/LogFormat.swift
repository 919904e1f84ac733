import Logging

enum LogFormat: String, CaseIterable {
  case text, json

  func logger(level: Logger.Level, console: Console) -> Logger {
    var logger = Logger(label: "martlet") { _ in
      switch self {
      case .text: TextLogHandler(showsDate: !console.isTerminal, write: { console.write($0) })
      case .json: JSONLogHandler(write: { console.write($0) })
      }
    }
    logger.logLevel = level
    return logger
  }
}
