import Foundation
import Testing

/// A user and a mount namespace: a place where a test may mount and set limits without privileges, and where nothing
/// outlives it.
final class Sandbox: Sendable {
  let workspace: Workspace
  /// Keeps the namespaces while it lives.
  private let holder: Child

  /// - Parameter setUp: shell commands to run first, in it, as its root.
  init(in workspace: Workspace, _ setUp: String = "") async throws {
    self.workspace = workspace
    let name = "sandbox-\(workspace.nextNumber())"
    let ready = "\(workspace.path)/\(name).ready"
    holder = try workspace.start(
      [
        try Programs.system("unshare"), "--user", "--map-root-user", "--mount", "--propagation", "private",
        try Programs.system("setpriv"), "--pdeathsig", "KILL", "--", "/bin/sh", "-ec",
        "\(setUp)\n: >'\(ready)'\nexec sleep infinity",
      ], name: name, environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
    try await eventually("the namespaces are set up", within: .seconds(60)) {
      guard let end = holder.poll() else { return access(ready, F_OK) == 0 ? nil : "not ready" }
      throw Child.Failure(
        description: "cannot set up a user and mount namespace (\(end): \(holder.log)); these tests need "
          + "`unshare --user --map-root-user --mount` and mounts of tmpfs, overlay and bind in it. Where they are "
          + "forbidden: kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0; in a "
          + "container: --security-opt seccomp=unconfined --security-opt apparmor=unconfined --cap-add SYS_ADMIN")
    }
  }

  /// Runs a body in a workspace with a sandbox.
  static func run(
    _ setUp: (Workspace) throws -> String = { _ in "" },
    sourceLocation: SourceLocation = #_sourceLocation, _ body: (Sandbox) async throws -> Void
  ) async throws {
    try await SystemTests.run(sourceLocation: sourceLocation) { workspace in
      try await body(Sandbox(in: workspace, setUp(workspace)))
    }
  }

  /// Where a path in here is for the test.
  func seen(_ path: String) -> String { "/proc/\(holder.pid)/root\(path)" }

  /// The kernel's list of what is mounted in here.
  var mountList: String { "/proc/\(holder.pid)/mountinfo" }

  /// What runs a program in here.
  func entering() throws -> [String] {
    [
      try Programs.system("nsenter"), "--target", "\(holder.pid)", "--user", "--mount", "--preserve-credentials", "--",
      try Programs.system("setpriv"), "--pdeathsig", "KILL", "--",
    ]
  }

  /// Runs shell commands in here.
  @discardableResult
  func shell(_ commands: String) async throws -> String {
    let (end, output) = try await ProcessTests.finished(
      entering() + ["/bin/sh", "-ec", commands], in: workspace,
      environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"])
    guard end == .exited(0) else {
      throw Child.Failure(description: "“\(commands)” ended with \(end): \(output)")
    }
    return output
  }

  /// A node whose root is a folder of the sandbox.
  ///
  /// - Parameter limits: shell commands before the program, such as `ulimit`.
  func node(
    _ name: String, root: String, server: TestServer, options: [String] = [], environment: [String: String] = [:],
    limits: String? = nil
  ) throws -> Node {
    let shell = limits.map { ["/bin/sh", "-ec", "\($0)\nexec \"$@\"", "sh"] } ?? []
    return try Node(
      name, in: workspace, server: server, root: root, seenAs: seen(root), options: options,
      environment: environment, program: entering() + shell + [Programs.martlet()])
  }
}

extension SystemTests {
  /// As `Workspace.run`, a few at once.
  static func run(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: (Workspace) async throws -> Void
  ) async throws {
    await Slots.shared.take()
    do { try await Workspace.run(sourceLocation: sourceLocation, body) } catch {
      await Slots.shared.give()
      throw error
    }
    await Slots.shared.give()
  }
}

/// Lets only a few of the tests that mostly wait run at once.
actor Slots {
  static let shared = Slots(ProcessTests.scale("MARTLET_SYSTEM_TESTS", default: 4))
  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(_ count: Int) { free = count }

  func take() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  func give() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}
