import EmbeddedS3
import Foundation

/// Runs the Python scripts beside the tests against a server.
struct ScriptRunner {
  /// The checks of a script that failed, as it printed them, and how many succeeded.
  struct Outcome {
    var succeeded: Int
    var failures: [String]
  }

  private let python: String
  private let aws: String

  /// Finds Python with boto3 and the AWS CLI; throws one line that says what is missing.
  init() throws {
    let environment = ProcessInfo.processInfo.environment
    let venv = "\(Self.packageRoot)/.venv/bin"
    self.python = environment["MARTLET_TEST_PYTHON"] ?? Self.executable("\(venv)/python") ?? "python3"
    let binaries = environment["MARTLET_TEST_BIN"].map { [$0, venv] } ?? [venv]
    self.aws = binaries.lazy.compactMap { Self.executable("\($0)/aws") }.first ?? "aws"
    guard try Self.run([self.python, "-c", "import boto3"], [:]).status == 0 else {
      throw Missing("\(self.python) has no boto3: run `make test`, or name another with MARTLET_TEST_PYTHON")
    }
    guard try Self.run([self.aws, "--version"], [:]).status == 0 else {
      throw Missing("the AWS CLI is missing: run `make test`, or name its folder with MARTLET_TEST_BIN")
    }
  }

  func run(
    _ script: String, _ arguments: [String] = [], at endpoint: EmbeddedS3Endpoint, environment: [String: String] = [:]
  ) async throws -> Outcome {
    let command = [self.python, "\(Self.scripts)/\(script).py"] + arguments
    let variables = environment.merging([
      "S3_ENDPOINT": endpoint.url, "S3_ACCESS_KEY": endpoint.credentials.accessKeyID,
      "S3_SECRET_KEY": endpoint.credentials.secretAccessKey, "S3_AWS_CLI": self.aws, "PYTHONDONTWRITEBYTECODE": "1",
    ]) { $1 }
    // The script blocks its thread for seconds: not one of the cooperative pool, which the server runs on.
    let result = try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result { try Self.run(command, variables) }) }
    }
    let lines = result.output.split(separator: "\n").map(String.init)
    var failures = lines.filter { !$0.hasPrefix("ok ") }
    if result.status != 0, failures.isEmpty { failures = ["exit status \(result.status)"] }
    return Outcome(succeeded: lines.count { $0.hasPrefix("ok ") }, failures: failures)
  }

  private struct Missing: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
  }

  private static let packageRoot =
    #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }

  private static var scripts: String { Bundle.module.bundlePath + "/Scripts" }

  private static func executable(_ path: String) -> String? {
    FileManager.default.isExecutableFile(atPath: path) ? path : nil
  }

  /// Standard output and error together. Blocks.
  private static func run(
    _ command: [String], _ environment: [String: String]
  ) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
