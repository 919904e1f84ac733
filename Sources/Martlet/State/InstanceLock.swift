import Glibc
import SyncModel

/// Held while a process uses a `--state-dir`: the lock of the root does not keep the process of another root away.
final class InstanceLock: Sendable {
  private let file: CInt

  init(_ directory: StateDirectory) throws {
    let path = directory.lock
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw MartletError(
        .state, "cannot open \(path): \(FileCalls.lastError); make the folder writable, or use --state-dir")
    }
    guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
      let reason = errno
      close(file)
      if reason == EWOULDBLOCK {
        let holder = FileCalls.readText(path)?.split(separator: "\n").first.map { " (\($0))" } ?? ""
        throw MartletError(
          .alreadyRunning,
          "another martlet uses the state in \(directory.path)\(holder); end it, or name another --state-dir")
      }
      throw MartletError(.state, "cannot lock \(path): \(String(cString: strerror(reason)))")
    }
    self.file = file
    let since = CalendarTime(SystemEnvironment().wallTime()).text
    let text = Array("process \(getpid()) on host \(FileCalls.hostName) since \(since)\n".utf8)
    ftruncate(file, 0)
    pwrite(file, text, text.count, 0)
  }

  deinit { close(file) }
}
