import Foundation
import Martlet
import Testing

extension ProcessTests {
  /// Limits hold for what goes over the wire, and can be changed while it does.
  @Suite struct Bandwidth {
    @Test(.limit(minutes: 3)) func uploadsTakeTheirTimeUntilTheLimitIsGone() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let a = try Node("a", in: workspace, server: server, options: ["--max-bandwidth-up", "512KB/s"])
          try await a.started()
          #expect(try a.status()?.limits == StatusReport.Limits(up: 512 << 10))

          // Small files count as well; half a second's worth may have been saved.
          let start = ContinuousClock.now
          for number in 0..<8 { try write(a.path("small \(number)"), noise(256 << 10, seed: UInt64(number))) }
          try await a.status("all is sent") { $0.committed["uploaded"] == 8 }
          #expect(ContinuousClock.now - start >= .seconds(3.4))

          // At this rate it would take more than two minutes.
          try write(a.path("large"), noise(72 << 20, seed: 9))
          try await a.status("it is being sent") { $0.active.contains { $0.path == "large" } }
          #expect(try await limit(a, "--down", "1MB/s", in: workspace).contains("up 512.0 KiB/s, down 1.0 MiB/s"))
          #expect(try await limit(a, "none", in: workspace).contains("up no limit, down no limit"))
          try await a.status("it is there", within: .seconds(60)) { $0.committed["uploaded"] == 9 }
          #expect(try await server.bucket.objects("tree/large").count == 1)

          let (end, output) = try await ProcessTests.finished(
            [Programs.martlet(), "limit", a.root, "--up", "soon"], in: workspace)
          #expect(end == .exited(64) && output.contains("--up soon: give "))
          #expect(try await a.stopped() == .exited(0))
          let (absent, told) = try await ProcessTests.finished([Programs.martlet(), "limit", a.root], in: workspace)
          #expect(absent == .exited(1) && told.contains("no martlet is running"))
        }
      }
    }

    private func limit(_ node: Node, _ arguments: String..., in workspace: Workspace) async throws -> String {
      let (end, output) = try await ProcessTests.finished(
        [Programs.martlet(), "limit", node.root] + arguments, in: workspace)
      #expect(end == .exited(0))
      return output
    }
  }
}
