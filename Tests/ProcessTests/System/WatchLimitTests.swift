import Foundation
import Glibc
import Martlet
import Testing

extension SystemTests {
  /// What inotify cannot tell is found by looking.
  @Suite struct WatchLimits {
    private static let folders = 40

    private func fill(_ node: Node) throws {
      for number in 0..<Self.folders { try write(node.path("folder \(number)/first"), "first \(number)\n") }
    }

    /// Edits in every folder, at the tree's end too, reach the other node; so do deletions.
    private func expectConvergence(_ a: Node, _ b: Node, _ mark: String) async throws {
      for number in 0..<Self.folders { try write(a.path("folder \(number)/first"), "\(mark) \(number)\n") }
      try write(a.path("folder of \(mark)/deep/new"), "new: \(mark)\n")
      try await equal(a, b)
      try remove(a.path("folder of \(mark)/deep/new"))
      try await equal(a, b)
    }

    @Test(.limit(minutes: 15), arguments: ["max_inotify_watches", "max_inotify_instances"])
    func exhausted(_ limit: String) async throws {
      try await Sandbox.run { _ in
        "echo \(limit == "max_inotify_watches" ? 10 : 0) >/proc/sys/user/\(limit)"
      } _: { sandbox in
        let workspace = sandbox.workspace
        try await TestServer.run(.embedded, in: workspace) { server in
          let a = try sandbox.node("a", root: workspace.folder("a"), server: server)
          let b = try Node("b", in: workspace, server: server)
          try fill(a)
          try await a.started()
          try await b.started()
          _ = try await a.process?.line(containing: "only found by scanning")
          let advice = limit == "max_inotify_watches" ? "max_user_watches" : "max_user_instances"
          try await a.status("it is shown") { $0.watch.contains(advice) }
          #expect(try a.status()?.quarantined.contains { $0.reason.contains(advice) } == true)
          try await equal(a, b)
          try await expectConvergence(a, b, "scanned")
          // More are to be had.
          try await sandbox.shell("echo 100000 >/proc/sys/user/\(limit)")
          try await a.status("every folder is watched") { $0.watch == "live" && $0.quarantined == [] }
          try await expectConvergence(a, b, "watched")
          // And are used up again by folders to come: the same, without a restart.
          if limit == "max_inotify_watches" {
            try await sandbox.shell("echo 45 >/proc/sys/user/\(limit)")
            for number in 0..<30 { try write(a.path("later \(number)/file"), "later\n") }
            try await a.status("it is shown again") { $0.watch.contains(advice) }
            try await expectConvergence(a, b, "again")
          }
        }
      }
    }

    /// More events than the kernel keeps, while nobody takes them: all that happened is found. `MARTLET_BURST_FILES`
    /// makes as many files the burst.
    @Test(.limit(minutes: 15))
    func overflow() async throws {
      let files = ProcessTests.scale("MARTLET_BURST_FILES", default: 600)
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let (a, b) = (try Node("a", in: workspace, server: server), try Node("b", in: workspace, server: server))
          for number in 0..<200 { try write(a.path("old \(number)"), "old \(number)\n") }
          for name in ["restless 0", "restless 1"] { try write(a.path(name), "restless\n") }
          // No look at everything would help: that comes every ten minutes only.
          try await a.started()
          try await b.started()
          try await equal(a, b)
          try await a.settled()
          a.process?.send(SIGSTOP)
          let queue = (text("/proc/sys/fs/inotify/max_queued_events")?.split(separator: "\n").first).flatMap { Int($0) }
          // Alternating, so that none is merged with the one before.
          for number in 0..<(queue ?? 16_384) / 2 + 100 {
            for name in ["restless 0", "restless 1"] { chmod(a.path(name), number % 2 == 0 ? 0o600 : 0o644) }
          }
          try await burst(a, files: files)
          a.process?.send(SIGCONT)
          try await equal(a, b, within: .seconds(60 + files / 50))
          for number in 0..<files where number % 97 == 0 || number == files - 1 {
            #expect(text(b.path("new \(number % 10)/file \(number)")) == "new \(number)\n")
          }
          #expect(a.snapshot().entries.keys.allSatisfy { !$0.text.contains("(conflict ") })
        }
      }
    }

    private func burst(_ node: Node, files: Int) async throws {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for writer in 0..<4 {
          group.addTask {
            for number in stride(from: writer, to: files, by: 4) {
              try write(node.path("new \(number % 10)/file \(number)"), "new \(number)\n")
            }
            for number in stride(from: writer, to: 200, by: 4) {
              switch number % 4 {
              case 0: try remove(node.path("old \(number)"))
              case 1: try move(node.path("old \(number)"), node.path("moved \(number)"))
              default: try write(node.path("old \(number)"), "edited \(number)\n")
              }
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }
}
