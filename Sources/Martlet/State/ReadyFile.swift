import Glibc
import Logging
import NIOConcurrencyHelpers

/// `--ready-file`: tells others that the first full pass is complete.
struct ReadyFile: Sendable {
  let path: String?
  let logger: Logger
  private let isWritten = NIOLockedValueBox(false)

  init(path: String?, logger: Logger) {
    self.path = path
    self.logger = logger
  }

  /// What an earlier run has left says nothing about this one.
  func remove() {
    if let path { unlink(path) }
  }

  func write() {
    guard let path, !isWritten.withLockedValue({ $0 }) else { return }
    if FileCalls.writeText("ready\n", to: path) {
      isWritten.withLockedValue { $0 = true }
    } else {
      logger.error("cannot write --ready-file \(path): \(FileCalls.lastError)")
    }
  }
}
