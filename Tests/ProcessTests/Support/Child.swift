import Foundation
import NIOConcurrencyHelpers

/// A program that this test started. It dies with the test process.
final class Child: Sendable {
  enum End: Hashable, Sendable, CustomStringConvertible {
    case exited(Int32)
    case signalled(Int32)

    var description: String {
      switch self {
      case .exited(let status): "exit status \(status)"
      case .signalled(let signal): "signal \(signal)"
      }
    }
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let name: String
  let pid: pid_t
  /// What it wrote to the standard error, and to the standard output unless that has a file of its own.
  let logPath: String
  let outputPath: String
  private let end = NIOLockedValueBox<End?>(nil)

  /// - Parameters:
  ///   - command: the program's path and its arguments.
  ///   - environment: all of it.
  ///   - separateOutput: keeps the standard output apart from the log.
  init(
    _ command: [String], name: String, environment: [String: String], folder: String, separateOutput: Bool = false
  ) throws {
    self.name = name
    logPath = "\(folder)/\(name).log"
    outputPath = separateOutput ? "\(folder)/\(name).out" : logPath
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_APPEND
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, logPath, flags, 0o644)
    if separateOutput {
      posix_spawn_file_actions_addopen(&actions, 1, outputPath, flags | O_TRUNC, 0o644)
    } else {
      posix_spawn_file_actions_adddup2(&actions, 2, 1)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own, so that what it starts can be ended with it.
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))

    let arguments = [try Programs.system("setpriv"), "--pdeathsig", "KILL", "--"] + command
    var argumentPointers = arguments.map { strdup($0) } + [nil]
    let environment = environment.merging(Programs.reportingVariables) { given, _ in given }
    var environmentPointers = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
    var pid: pid_t = 0
    let result = SpawningThread.shared.perform {
      Self.keepDescriptorsFromChildren()
      return posix_spawn(&pid, arguments[0], &actions, &attributes, &argumentPointers, &environmentPointers)
    }
    guard result == 0 else {
      throw Failure(description: "cannot start \(command): \(String(cString: strerror(result)))")
    }
    self.pid = pid
  }

  /// NIO accepts connections without close-on-exec: a program that inherits one holds it open after its server, in
  /// this process, has closed it.
  private static func keepDescriptorsFromChildren() {
    for name in names(in: "/proc/self/fd") {
      if let descriptor = Int32(name), descriptor > 2 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    }
  }

  /// Nil while it runs.
  func poll() -> End? {
    end.withLockedValue { end in
      if end != nil { return end }
      var status: Int32 = 0
      guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
      end = status & 0x7f == 0 ? .exited((status >> 8) & 0xff) : .signalled(status & 0x7f)
      return end
    }
  }

  /// To it alone, not to what it started.
  func send(_ signal: Int32) { if poll() == nil { kill(pid, signal) } }

  @discardableResult
  func ended(within limit: Duration = .seconds(60)) async throws -> End {
    var end: End?
    try await eventually("the end of \(name)", within: limit) {
      end = poll()
      return end == nil ? "it runs" : nil
    }
    return end ?? .exited(-1)
  }

  /// Ends it and what it started, at once.
  func destroy() {
    guard poll() == nil else { return }
    kill(-pid, SIGKILL)
    var status: Int32 = 0
    end.withLockedValue { end in
      waitpid(pid, &status, 0)
      end = .signalled(SIGKILL)
    }
  }

  var log: String { Self.text(logPath) }
  var output: String { Self.text(outputPath) }

  private static func text(_ path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
  }

  var isServer: Bool { ["moto", "rclone", "localstack"].contains(name) }

  var logLines: [Substring] { log.split(separator: "\n") }

  /// Waits for a line of the log.
  func line(within limit: Duration = .seconds(30), where matches: (Substring) -> Bool) async throws -> String {
    var found: String?
    try await eventually("a line in the log of \(name)", within: limit) {
      let lines = logLines
      found = lines.first(where: matches).map(String.init)
      if found == nil, let end = poll() { return "it ended with \(end); its last lines: \(lines.suffix(5))" }
      return found == nil ? "the last lines are \(lines.suffix(5))" : nil
    }
    return found ?? ""
  }

  func line(containing text: String, within limit: Duration = .seconds(30)) async throws -> String {
    try await line(within: limit) { $0.contains(text) }
  }
}

extension ProcessTests {
  /// Runs a program to its end.
  static func finished(
    _ command: [String], in workspace: Workspace, environment: [String: String] = [:],
    within limit: Duration = .seconds(120)
  ) async throws -> (end: Child.End, output: String) {
    let child = try workspace.start(
      command, name: "\(command[0].split(separator: "/").last ?? "run")-\(workspace.nextNumber())",
      environment: ProcessInfo.processInfo.environment.merging(environment) { _, new in new })
    let end = try await child.ended(within: limit)
    return (end, child.log)
  }
}
