import Foundation

/// Where the programs under test and their counterparts are.
enum Programs {
  struct Missing: Error, CustomStringConvertible {
    let description: String
  }

  static let repository = URL(filePath: #filePath).appending(path: "../../../..").standardized.path

  /// The test runner lies beside the products of the same build.
  static let products: String = {
    let arguments = CommandLine.arguments
    let bundle = arguments.firstIndex(of: "--test-bundle-path").flatMap { index in
      arguments.indices.contains(index + 1) ? arguments[index + 1] : nil
    }
    let runner =
      bundle ?? (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? arguments[0]
    return URL(filePath: runner).deletingLastPathComponent().path
  }()

  static func martlet() throws -> String { try existing(products + "/martlet", hint: "swift build") }

  /// What the programs under test take over of the tests' environment: where sanitizers report, and where
  /// `make coverage` collects what was executed.
  static let reportingVariables = ProcessInfo.processInfo.environment.filter {
    $0.key.hasSuffix("SAN_OPTIONS") || $0.key == "LLVM_PROFILE_FILE"
  }

  /// A program of the project's Python environment; `MARTLET_TEST_BIN` names another folder.
  static func python(_ name: String) throws -> String {
    let folder = ProcessInfo.processInfo.environment["MARTLET_TEST_BIN"] ?? repository + "/.venv/bin"
    return try existing(folder + "/" + name, hint: "make test")
  }

  /// A program of the Python environment that `make interop` makes.
  static func interop(_ name: String) throws -> String {
    try existing(repository + "/.venv-interop/bin/" + name, hint: "make interop")
  }

  /// A program of the system.
  static func system(_ name: String) throws -> String {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    for folder in path.split(separator: ":") where access("\(folder)/\(name)", X_OK) == 0 { return "\(folder)/\(name)" }
    throw Missing(description: "\(name) is missing: run make test, which installs it")
  }

  private static func existing(_ path: String, hint: String) throws -> String {
    guard access(path, X_OK) == 0 else { throw Missing(description: "\(path) is missing: run \(hint)") }
    return path
  }
}
