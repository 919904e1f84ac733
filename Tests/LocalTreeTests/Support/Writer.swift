import Glibc
import NIOConcurrencyHelpers

@testable import LocalTree

/// A program that writes to a file it never closes, until it is stopped.
final class Writer: Sendable {
  private let isStopped = NIOLockedValueBox(false)
  private let hasEnded = NIOLockedValueBox(false)

  /// - Parameter write: Called with the open file and 0, 1, 2, …; the first time before this returns.
  init(_ path: String, _ write: @escaping @Sendable (_ file: Int32, _ round: Int) -> Void) {
    let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    write(file, 0)
    startThread("writer") { [isStopped, hasEnded] in
      var round = 1
      while !isStopped.withLockedValue({ $0 }) {
        write(file, round)
        round += 1
        usleep(200)
      }
      close(file)
      hasEnded.withLockedValue { $0 = true }
    }
  }

  func stop() {
    isStopped.withLockedValue { $0 = true }
    while !hasEnded.withLockedValue({ $0 }) { usleep(100) }
  }
}
