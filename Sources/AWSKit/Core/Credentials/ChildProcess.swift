internal import Glibc
internal import NIOPosix

/// Runs a program to its end and takes what it prints.
enum ChildProcess {
  struct Result: Sendable {
    var output: [UInt8] = []
    var errors: [UInt8] = []
    /// As `waitpid` gives it.
    var status: Int32 = 0
    var killed: Reason?

    /// Why a program is not let go on.
    enum Reason { case takesTooLong, printsTooMuch }

    /// `status 3`, `signal 9`.
    var ending: String { status & 0x7F == 0 ? "status \(status >> 8 & 0xFF)" : "signal \(status & 0x7F)" }
  }

  /// Bytes of each stream; more ends the program. The AWS SDKs take 64 KB.
  private static let limit = 65_536

  /// - Parameters:
  ///   - words: the program, found by `PATH` unless it holds a slash, and its arguments.
  ///   - timeout: then it is killed, together with what it has started.
  /// - Throws: ``CredentialError`` when it cannot be started.
  static func run(_ words: [String], environment: [String: String], timeout: Duration) async throws -> Result {
    // Waiting blocks a thread, which must not be one of those that run tasks.
    try await NIOThreadPool.singleton.runIfActive {
      let process = try start(words, environment)
      return collect(process, until: .now + timeout)
    }
  }

  private struct Running {
    var id: pid_t
    var output: Int32
    var errors: Int32
  }

  private static func start(_ words: [String], _ environment: [String: String]) throws(CredentialError) -> Running {
    let output = try pipe()
    let errors = try pipe()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output.write, 1)
    posix_spawn_file_actions_adddup2(&actions, errors.write, 2)

    // A group of its own, so that it can be killed as a whole; signals as a program expects them.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
    posix_spawnattr_setflags(&attributes, Int16(flags))
    posix_spawnattr_setpgroup(&attributes, 0)
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)

    var arguments = words.map { strdup($0) } + [nil]
    var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var id: pid_t = 0
    let code = posix_spawnp(&id, words[0], &actions, &attributes, &arguments, &variables)
    close(output.write)
    close(errors.write)
    guard code == 0 else {
      close(output.read)
      close(errors.read)
      throw CredentialError("\(words[0]) cannot be started: \(String(cString: strerror(code)))")
    }
    return Running(id: id, output: output.read, errors: errors.read)
  }

  private static func pipe() throws(CredentialError) -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    guard Glibc.pipe(&ends) == 0 else {
      throw CredentialError("no pipe can be made: \(String(cString: strerror(errno)))")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  private static func collect(_ process: Running, until deadline: ContinuousClock.Instant) -> Result {
    var result = Result()
    var isOpen = (output: true, errors: true)
    while isOpen.output || isOpen.errors {
      let remaining = (deadline - .now).components
      let milliseconds = remaining.seconds * 1_000 + remaining.attoseconds / 1_000_000_000_000_000
      let printsTooMuch = result.output.count > limit || result.errors.count > limit
      guard milliseconds > 0, !printsTooMuch else {
        result.killed = printsTooMuch ? .printsTooMuch : .takesTooLong
        kill(-process.id, SIGKILL)
        break
      }
      // A negative descriptor is passed over.
      var polled = [
        pollfd(fd: isOpen.output ? process.output : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: isOpen.errors ? process.errors : -1, events: Int16(POLLIN), revents: 0),
      ]
      guard poll(&polled, 2, Int32(clamping: milliseconds)) > 0 else { continue }
      if polled[0].revents != 0 { isOpen.output = read(process.output, into: &result.output) }
      if polled[1].revents != 0 { isOpen.errors = read(process.errors, into: &result.errors) }
    }
    close(process.output)
    close(process.errors)
    // One that has closed both may still go on.
    while !hasEnded(process.id, &result.status) {
      if result.killed == nil, .now >= deadline {
        result.killed = .takesTooLong
        kill(-process.id, SIGKILL)
      }
      usleep(1_000)
    }
    return result
  }

  private static func hasEnded(_ id: pid_t, _ status: inout Int32) -> Bool {
    let found = waitpid(id, &status, WNOHANG)
    return found == id || found < 0 && errno != EINTR
  }

  /// Whether more may come.
  private static func read(_ descriptor: Int32, into bytes: inout [UInt8]) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = Glibc.read(descriptor, &buffer, buffer.count)
    if count < 0 { return errno == EINTR }
    bytes += buffer[..<count]
    return count > 0
  }
}
