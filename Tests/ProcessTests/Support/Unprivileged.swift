import Foundation

/// Runs Martlet as a user that permissions apply to.
enum Unprivileged {
  static let user: UInt32 = 65_534

  /// The program as this user runs it, and the variables that it needs. A copy of it and of the Swift libraries lies
  /// where the user can reach it, in whoever's home the build is.
  static func martlet(in workspace: Workspace) async throws -> (program: [String], environment: [String: String]) {
    let program = try Programs.martlet()
    guard geteuid() == 0 else { return ([program], [:]) }
    let folder = try workspace.folder("bin")
    let libraries = try await ProcessTests.finished([try Programs.system("ldd"), program], in: workspace).output
    for line in libraries.split(separator: "\n") {
      guard let start = line.firstIndex(of: "/"),
        let path = line[start...].split(separator: " ").first.map(String.init),
        path.contains("/swift/")
      else { continue }
      try FileManager.default.copyItem(atPath: path, toPath: folder + "/" + URL(filePath: path).lastPathComponent)
    }
    // On the thread that starts programs: one that is being started would hold the copy open for writing, and what is
    // open for writing cannot be run.
    let copied = SpawningThread.shared.perform {
      (try? FileManager.default.copyItem(atPath: program, toPath: folder + "/martlet")) == nil ? 1 : 0
    }
    guard copied == 0 else { throw FileFailure("copy", program) }
    let identity = ["--reuid", "\(user)", "--regid", "\(user)", "--clear-groups", "--pdeathsig", "KILL", "--"]
    return ([try Programs.system("setpriv")] + identity + [folder + "/martlet"], ["LD_LIBRARY_PATH": folder])
  }

  /// What stands before a program that permissions are to apply to, though it goes on as this user: root without any
  /// capability is its files' owner and no more.
  static var withoutCapabilities: [String] {
    get throws {
      guard geteuid() == 0 else { return [] }
      return [try Programs.system("setpriv"), "--bounding-set", "-all", "--inh-caps", "-all", "--"]
    }
  }

  /// Gives a tree to the user.
  static func own(_ path: String) {
    guard geteuid() == 0 else { return }
    lchown(path, user, user)
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return }
    for name in names(in: path) { own(path + "/" + name) }
  }
}
