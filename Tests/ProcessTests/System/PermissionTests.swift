import Foundation
import Glibc
import Martlet
import Testing

extension SystemTests {
  /// As a user that permissions apply to: what may not be read or written is reported, nothing is taken for deleted,
  /// and it heals.
  @Suite struct Permissions {
    @Test(.limit(minutes: 15))
    func comeAndGo() async throws {
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let martlet = try await Unprivileged.martlet(in: workspace)
          let a = try Node(
            "a", in: workspace, server: server, environment: martlet.environment, program: martlet.program)
          let b = try Node("b", in: workspace, server: server)
          for number in 0..<20 {
            try write(a.path("closed/deep/\(number)"), "closed \(number)\n")
            try write(a.path("open/\(number)"), "open \(number)\n")
          }
          Unprivileged.own(a.root)
          try await a.started()
          try await b.started()
          try await equal(a, b)
          let before = b.snapshot()
          let keys = try await server.bucket.objects().keys

          // A folder that may not be entered, a file that may not be read, a folder that may not be written to.
          chmod(a.path("closed"), 0)
          try write(a.path("open/0"), "edited, then hidden\n")
          chmod(a.path("open/0"), 0)
          _ = try await a.process?.line { $0.contains("closed/") && $0.contains("ermission denied") }
          try await a.status("the file is reported") { $0.quarantined.contains { $0.path == "open/0" } }
          try write(b.path("closed/deep/1"), "edited on b\n")
          try write(b.path("open/1"), "edited on b, where a may write\n")
          try await eventually("the rest goes on") {
            text(a.path("open/1")) == "edited on b, where a may write\n" ? nil : "not there"
          }
          try await a.status("the closed folder is reported") { status in
            status.quarantined.contains { $0.path.hasPrefix("closed/") }
          }
          try await Task.sleep(for: .seconds(3))
          #expect(try await server.bucket.objects().keys == keys, "nothing is deleted")
          #expect(b.snapshot().fileCount == before.fileCount)

          chmod(a.path("closed"), 0o755)
          chmod(a.path("open/0"), 0o644)
          try await eventually("it heals", within: .seconds(120)) {
            if text(a.path("closed/deep/1")) != "edited on b\n" { return "the edit of b does not arrive" }
            return text(b.path("open/0")) == "edited, then hidden\n" ? nil : "the hidden edit does not arrive"
          }
          try await equal(a, b)

          // The whole root, then our own state: what is done there waits.
          chmod(a.root, 0o555)
          try write(b.path("new"), "new\n")
          try write(b.path("open/2"), "edited below\n")
          _ = try await a.process?.line { $0.contains("new") && $0.contains("ermission denied") }
          try await eventually("a folder below is written to") {
            text(a.path("open/2")) == "edited below\n" ? nil : "not there"
          }
          chmod(a.root, 0o755)
          try await eventually("the new file arrives", within: .seconds(120)) {
            text(a.path("new")) == "new\n" ? nil : "not there"
          }
          try await ownStateIsClosed(a, b)
          try await a.status("nothing is reported any more", within: .seconds(15)) {
            $0.quarantined == [] && $0.state == .idle
          }
          #expect(try await a.stopped() == .exited(0))
        }
      }
    }

    private func ownStateIsClosed(_ a: Node, _ b: Node) async throws {
      let state = StateDirectory.all(root: a.root, stateDirectory: nil).first.map(\.path) ?? a.path("none")
      chmod(state + "/tmp", 0o500)
      chmod(state + "/trash", 0o500)
      try write(b.path("open/3"), "edited while the state was closed\n")
      try remove(b.path("open/4"))
      try write(a.path("open/5"), "edited on a while its state was closed\n")
      _ = try await a.process?.line { $0.contains("open/3") && $0.contains("ermission denied") }
      try await eventually("what needs no room there goes on") {
        text(b.path("open/5")) == "edited on a while its state was closed\n" ? nil : "not there"
      }
      #expect(text(a.path("open/3")) == "open 3\n")
      #expect(a.process?.poll() == nil, "it goes on")
      chmod(state + "/tmp", 0o700)
      chmod(state + "/trash", 0o700)
      try await eventually("it heals", within: .seconds(120)) {
        text(a.path("open/3")) == "edited while the state was closed\n" && !exists(a.path("open/4")) ? nil : "not yet"
      }
      try await equal(a, b)
    }
  }
}
