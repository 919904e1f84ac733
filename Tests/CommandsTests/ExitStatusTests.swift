import ArgumentParser
import Glibc
import Testing

@testable import Commands
@testable import Martlet

@Suite struct ExitStatusTests {
  @Test(arguments: [
    (MartletError.Code.configuration, Int32(64)), (.root, 2), (.remote, 2), (.state, 2), (.alreadyRunning, 2),
    (.undecided, 2), (.distribution, 1),
  ]) func errorsHaveTheirCodes(_ code: MartletError.Code, _ status: Int32) {
    #expect(ExitStatus.of(MartletError(code, "x")).rawValue == status)
  }

  @Test func theOutcomeDecides() {
    var outcome = SyncOutcome()
    #expect(ExitStatus.of(outcome).rawValue == 0)
    outcome.deletionsHalted = "too many"
    #expect(ExitStatus.of(outcome).rawValue == 1)
    outcome.deletionsHalted = nil
    outcome.unsynced = [.init(path: "a", reason: "busy")]
    #expect(ExitStatus.of(outcome).rawValue == 1)
    #expect(OutcomeText.summary(outcome) == "not everything is in sync (paths left: 1); nothing to do")
    outcome = SyncOutcome()
    outcome.invalidationLeft = "not told"
    #expect(ExitStatus.of(outcome).rawValue == 1)
    outcome = SyncOutcome()
    outcome.committed = ["deletedLocal": 2, "uploaded": 1]
    outcome.conflicts = 1
    #expect(OutcomeText.summary(outcome) == "in sync; deleted local 2, uploaded 1; conflicts 1")
    outcome.leftApart = 3
    #expect(OutcomeText.summary(outcome) == "in sync; deleted local 2, uploaded 1; conflicts 1; left as they differ 3")
  }

  /// The built executable, as a user starts it.
  struct Call: Sendable, CustomTestStringConvertible {
    var arguments: [String]
    var status: Int32
    /// In what it prints to the standard error.
    var text: String
    var testDescription: String { arguments.joined(separator: " ") }
  }

  static let nowhere = "http://127.0.0.1:9"

  @Test(arguments: [
    Call(arguments: ["sync", "/tmp", "s3://b", "--poll", "x"], status: 64, text: "--poll x: give a duration"),
    Call(arguments: ["sync", "/tmp", "s3://b", "--unknown"], status: 64, text: "--unknown"),
    Call(arguments: ["sync", "/tmp"], status: 64, text: "one local folder and one S3 location"),
    Call(arguments: ["sync", "/nonexistent/x", "s3://b"], status: 2, text: "/nonexistent/x"),
    Call(arguments: ["sync", "/dev/null", "s3://b"], status: 2, text: "/dev/null"),
    Call(arguments: ["status", "/tmp/martlet-none"], status: 1, text: "no martlet is running for /tmp/martlet-none"),
    Call(arguments: ["sync", "FOLDER", "s3://b", "--once"], status: 2, text: "check the network and --endpoint-url"),
    Call(arguments: ["sync", "FOLDER", "s3://b", "--profile", "none-such"], status: 2, text: "none-such"),
    Call(arguments: ["s3", "sync", "FOLDER", "s3://b", "--acl", "x"], status: 252, text: "--acl x: give one of"),
    Call(arguments: ["s3", "sync", "FOLDER"], status: 252, text: "the one that is changed as the second"),
    Call(arguments: ["s3", "sync", "s3://a", "s3://b"], status: 252, text: "left to the AWS CLI"),
    Call(arguments: ["s3", "sync", "s3://b", "/tmp", "--poll", "3"], status: 252, text: "--poll: is no option"),
    Call(arguments: ["s3", "sync", "FOLDER/none", "s3://b"], status: 255, text: "none: this folder does not exist"),
    Call(arguments: ["s3", "sync", "s3://b", "/dev/null/x"], status: 255, text: "cannot be created"),
    Call(arguments: ["--region", "r", "s3", "sync", "FOLDER", "s3://b"], status: 1, text: "check the network"),
  ]) func theExecutableEndsWithTheDocumentedCode(_ call: Call) async throws {
    let folder = try ScratchFolder()
    let arguments = call.arguments.map { $0.replacing("FOLDER", with: folder.path) }
    let variables = [
      "AWS_ACCESS_KEY_ID": "visible", "AWS_SECRET_ACCESS_KEY": "mysecret", "AWS_ENDPOINT_URL": Self.nowhere,
      "AWS_MAX_ATTEMPTS": "1", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    ]
    let (status, output) = try Executable.run(arguments, variables)
    #expect(status == call.status, "\(output)")
    #expect(output.contains(call.text), "\(output)")
    #expect(!output.contains("mysecret"))
  }
}

/// Runs `martlet`, which the build puts beside the tests.
enum Executable {
  static func write(_ text: String, to path: String) -> Bool { FileCalls.writeText(text, to: path) }

  static func run(_ arguments: [String], _ environment: [String: String]) throws -> (status: Int32, errors: String) {
    let own = try #require(FileCalls.resolved("/proc/self/exe"))
    let path = own[..<(try #require(own.lastIndex(of: "/")))] + "/martlet"
    var pipes: [Int32] = [0, 0]
    try #require(pipe(&pipes) == 0)
    for end in pipes { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(pipes[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, pipes[1], STDERR_FILENO)
    let argv = ([String(path)] + arguments).map { strdup($0) } + [nil]
    let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    var process = pid_t()
    let result = posix_spawn(&process, String(path), &actions, nil, argv, envp)
    close(pipes[1])
    try #require(result == 0, "\(path): \(String(cString: strerror(result)))")
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(pipes[0], &buffer, buffer.count)
      if count <= 0 { break }
      output += buffer[..<count]
    }
    var status: Int32 = 0
    waitpid(process, &status, 0)
    // WEXITSTATUS, WIFEXITED.
    return (status & 0x7F == 0 ? (status >> 8) & 0xFF : -1, String(decoding: output, as: UTF8.self))
  }
}
