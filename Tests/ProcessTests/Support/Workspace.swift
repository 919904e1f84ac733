import Foundation
import NIOConcurrencyHelpers
import Testing

/// A temporary folder and the programs that run in it; both are gone when the test ends.
final class Workspace: Sendable {
  let path: String
  /// Where every user may write.
  let shared: String
  private let children = NIOLockedValueBox<[Child]>([])
  private let number = NIOLockedValueBox(0)
  private let isKept = NIOLockedValueBox(false)

  private init() throws {
    let template = strdup("\(NSTemporaryDirectory())/martlet-test-XXXXXX")
    defer { free(template) }
    guard let made = template.flatMap({ mkdtemp($0) }) else {
      throw Child.Failure(description: "cannot make a folder in \(NSTemporaryDirectory())")
    }
    // Without symbolic links: names below it are compared with what the programs report. Unprivileged users get in.
    path = URL(filePath: String(cString: made)).resolvingSymlinksInPath().path
    shared = path + "/run"
    mkdir(shared, 0o777)
    chmod(path, 0o755)
    chmod(shared, 0o777)
  }

  /// Tells what the programs logged last when the body throws.
  static func run(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: (Workspace) async throws -> Void
  ) async throws {
    let workspace = try Workspace()
    do {
      try await body(workspace)
    } catch {
      let logs = workspace.children.withLockedValue { $0 }.suffix(6).map { child in
        // That nothing was to be done is not worth a line.
        let told = child.logLines.filter { !$0.contains(" debug poll ") && !$0.contains(" debug full pass ") }
        let lines = told.suffix(child.isServer ? 8 : 60).joined(separator: "\n")
        return "— \(child.name), \(child.poll().map { "\($0)" } ?? "running"):\n\(lines)"
      }
      Issue.record("\(error)\n\(logs.joined(separator: "\n"))", sourceLocation: sourceLocation)
      workspace.close()
      return
    }
    workspace.close()
  }

  private func close() {
    for child in children.withLockedValue({ $0 }) { child.destroy() }
    if ProcessInfo.processInfo.environment["MARTLET_TEST_KEEP"] == nil, !isKept.withLockedValue({ $0 }) {
      removeTree(path)
    }
  }

  /// Ends what runs, and waits until nothing of it is left to be heard.
  func endPrograms() async {
    let running = children.withLockedValue { $0 }.filter { $0.poll() == nil }
    guard !running.isEmpty else { return }
    for child in running { child.destroy() }
    try? await Task.sleep(for: .milliseconds(100))
  }

  /// Leaves the folder, with all logs, to whoever wants to know what happened.
  func keep() { isKept.withLockedValue { $0 = true } }

  func nextNumber() -> Int {
    number.withLockedValue { number in
      number += 1
      return number
    }
  }

  func start(
    _ command: [String], name: String, environment: [String: String], separateOutput: Bool = false
  ) throws -> Child {
    let child = try Child(
      command, name: name, environment: environment, folder: path, separateOutput: separateOutput)
    children.withLockedValue { $0.append(child) }
    return child
  }

  /// A new folder.
  func folder(_ name: String) throws -> String {
    let folder = "\(path)/\(name)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }
}

/// Removes a tree, also one with folders that may not be entered.
func removeTree(_ path: String) {
  var status = stat()
  guard lstat(path, &status) == 0 else { return }
  if status.st_mode & S_IFMT == S_IFDIR {
    if status.st_mode & 0o700 != 0o700 { chmod(path, 0o700) }
    for name in names(in: path) { removeTree(path + "/" + name) }
    rmdir(path)
  } else {
    unlink(path)
  }
}

/// The names in a folder, without `.` and `..`; empty where it cannot be read.
func names(in path: String) -> [String] {
  guard let folder = opendir(path) else { return [] }
  defer { closedir(folder) }
  var names: [String] = []
  while let entry = readdir(folder) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names
}
