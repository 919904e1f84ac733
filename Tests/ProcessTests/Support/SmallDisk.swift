import Foundation

/// A file system with little space.
enum SmallDisk {
  /// Mounts one at a new folder while the body runs.
  static func run(mebibytes: Int, in workspace: Workspace, _ body: (String) async throws -> Void) async throws {
    let folder = try workspace.folder("small disk")
    try await call(["mount", "-t", "tmpfs", "-o", "size=\(mebibytes)m,mode=0777", "martlet-test", folder], workspace)
    do {
      try await body(folder)
    } catch {
      try await call(["umount", "--lazy", folder], workspace)
      throw error
    }
    try await call(["umount", "--lazy", folder], workspace)
  }

  private static func call(_ command: [String], _ workspace: Workspace) async throws {
    let sudo = geteuid() == 0 ? [] : [try Programs.system("sudo"), "--non-interactive"]
    let (end, output) = try await ProcessTests.finished(sudo + [try Programs.system(command[0])] + command.dropFirst(), in: workspace)
    if end != .exited(0) {
      throw Child.Failure(description: "needs to \(command[0]) a tmpfs, as root or with sudo: \(output)")
    }
  }
}
