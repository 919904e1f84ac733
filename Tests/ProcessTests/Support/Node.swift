import Foundation
import Martlet
import NIOConcurrencyHelpers

/// One Martlet: a folder, and the process that keeps it the same as the bucket's prefix.
final class Node: Sendable {
  let workspace: Workspace
  let name: String
  /// As the test sees it; not where the process is in a sandbox.
  let root: String
  /// As the process is told.
  private let givenRoot: String
  let url: String
  let location: String
  /// Appended to every call.
  let options: [String]
  let environment: [String: String]
  /// The program, and what runs it.
  let program: [String]
  private let current = NIOLockedValueBox<Child?>(nil)

  var readyFile: String { "\(workspace.shared)/\(name).ready" }

  /// - Parameter url: of what stands between it and the server.
  init(
    _ name: String, in workspace: Workspace, server: TestServer, bucket: String = TestServer.bucketName,
    prefix keyPrefix: String = "tree",
    root: String? = nil, seenAs: String? = nil, url: String? = nil, options: [String] = [],
    environment: [String: String] = [:], program: [String]? = nil
  ) throws {
    self.workspace = workspace
    self.name = name
    givenRoot = try root ?? workspace.folder(name)
    self.root = seenAs ?? givenRoot
    self.url = url ?? server.url
    location = "s3://\(bucket)/\(keyPrefix)"
    // What rclone cannot do: folders in a bucket are folders on its disk, and it has no markers for empty ones.
    self.options = options + (server.kind == .rclone ? ["--directories", "none"] : [])
    self.environment = ["PATH": "/usr/bin:/bin", "HOME": workspace.path].merging(TestServer.awsVariables) { $1 }
      .merging(environment) { $1 }
    self.program = try program ?? [Programs.martlet()]
  }

  /// False for what rclone cannot do: it keeps no folder markers, and metadata only in its memory, where a listing
  /// does not show that they changed.
  var keepsAll: Bool { !options.contains("none") }

  /// The path below the root.
  func path(_ relative: String) -> String { root + "/" + relative }

  private func command(_ more: [String]) -> [String] {
    program + [
      "sync", givenRoot, location, "--endpoint-url", url, "--node-id", name, "--log-level", "debug", "--poll", "1",
    ] + options + more
  }

  private func launch(_ more: [String]) throws -> Child {
    unlink(readyFile)
    let child = try workspace.start(
      command(more + ["--ready-file", readyFile]), name: "\(name)-\(workspace.nextNumber())", environment: environment)
    current.withLockedValue { $0 = child }
    return child
  }

  var process: Child? { current.withLockedValue { $0 } }

  /// Starts it and returns at once.
  @discardableResult
  func launched(_ more: String...) throws -> Child { try launch(more) }

  /// Starts it and waits for its first full pass.
  @discardableResult
  func started(_ more: String..., within limit: Duration = .seconds(120)) async throws -> Child {
    let child = try launch(more)
    try await ready(within: limit)
    return child
  }

  func ready(within limit: Duration = .seconds(120)) async throws {
    try await eventually("the first pass of \(name)", within: limit) {
      if let end = process?.poll() { throw Child.Failure(description: "\(name) ended with \(end) before it was ready") }
      return access(readyFile, F_OK) == 0 ? nil : "\(name) is not ready"
    }
  }

  /// `martlet sync --once`.
  @discardableResult
  func once(
    _ more: String..., expecting expected: Child.End? = .exited(0), within limit: Duration = .seconds(180)
  ) async throws -> Child {
    let child = try launch(["--once"] + more)
    let end = try await child.ended(within: limit)
    if let expected, end != expected {
      throw Child.Failure(description: "\(name) --once ended with \(end), not with \(expected)")
    }
    return child
  }

  /// Ends it in order.
  @discardableResult
  func stopped(within limit: Duration = .seconds(60)) async throws -> Child.End {
    guard let process else { throw Child.Failure(description: "\(name) was not started") }
    process.send(SIGTERM)
    return try await process.ended(within: limit)
  }

  func killed() async throws {
    guard let process else { return }
    process.send(SIGKILL)
    try await process.ended()
  }

  /// What its control socket says; nil where it does not run.
  func status() throws -> StatusReport? {
    let stateDirectory = options.firstIndex(of: "--state-dir").map { options[$0 + 1] }
    for state in StateDirectory.all(root: root, stateDirectory: stateDirectory) {
      guard let document = try ControlClient.request(state.controlSocket) else { continue }
      let report = try StatusReport(json: document)
      // Another may keep the same folder.
      if report.location.hasPrefix(location) { return report }
    }
    return nil
  }

  /// Waits until its status is as wanted.
  func status(
    _ what: String, within limit: Duration = .seconds(60), _ matches: (StatusReport) -> Bool
  ) async throws {
    try await eventually("\(name): \(what)", within: limit) {
      if let end = process?.poll() { throw Child.Failure(description: "\(name) ended with \(end)") }
      guard let status = try? status() else { return "it has no status" }
      return matches(status) ? nil : "\(status)"
    }
  }

  /// Waits until nothing is under way and nothing is left to do but what keeps failing.
  func settled(within limit: Duration = .seconds(60)) async throws {
    try await status("nothing left to do", within: limit) { $0.isReady && $0.state == .idle }
  }

  func snapshot(reading: Bool = true) -> TreeSnapshot { TreeSnapshot(root, reading: reading) }
}

/// Waits until two nodes have the same tree.
func equal(
  _ first: Node, _ second: Node, except: [String] = [], within limit: Duration = .seconds(60)
) async throws {
  try await eventually("\(first.name) and \(second.name) are equal", within: limit, every: .milliseconds(100)) {
    let names = (first.name, second.name)
    func difference(reading: Bool) -> String? {
      let snapshots = [first, second].map { node in
        let snapshot = node.snapshot(reading: reading).without(except)
        return node.keepsAll ? snapshot : snapshot.onlyContents
      }
      return snapshots[0].difference(from: snapshots[1], names: names)
    }
    // Reading all contents each time would take the machine's time from the programs.
    return difference(reading: false) ?? difference(reading: true)
  }
}
