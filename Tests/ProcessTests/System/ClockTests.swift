import Foundation
import Martlet
import Testing

extension SystemTests {
  /// A node whose clock is set while it runs. Files keep the kernel's time: what Martlet itself reads is wrong.
  @Suite struct Clocks {
    private static let steps: [(name: String, seconds: Int64)] = [
      ("a day ahead", 86_400), ("a day behind", -86_400), ("forty days ahead", 40 * 86_400), ("1970", -1_700_000_000),
      ("right again", 0),
    ]

    @Test(.limit(minutes: 15))
    func setForwardAndBack() async throws {
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let clock = try await ShiftedClock(in: workspace)
          let a = try Node("a", in: workspace, server: server, environment: clock.environment)
          let b = try Node("b", in: workspace, server: server)
          for number in 0..<8 { try write(a.path("file \(number)"), "first\n") }
          try await a.started()
          try await b.started()
          try await equal(a, b)
          for (round, step) in Self.steps.enumerated() {
            try clock.set(step.seconds)
            try write(a.path("new \(round)"), "new, \(step.name)\n")
            try write(a.path("file 0"), "edited on a, \(step.name)\n")
            try write(b.path("file 1"), "edited on b, \(step.name)\n")
            try remove(a.path("file \(round + 2)"))
            try await eventually("edits cross, the clock is \(step.name)") {
              if text(b.path("file 0")) != "edited on a, \(step.name)\n" { return "the edit on a is missing" }
              if text(a.path("file 1")) != "edited on b, \(step.name)\n" { return "the edit on b is missing" }
              return exists(b.path("file \(round + 2)")) ? "the deletion is missing" : nil
            }
            try await equal(a, b)
          }
          _ = try await a.process?.line(containing: "the local clock is wrong")
          #expect(a.process?.log.contains("RequestTimeTooSkewed") == false, "every request is corrected")
          #expect(a.snapshot().entries.keys.allSatisfy { !$0.text.contains("(conflict ") })
          #expect(try a.status()?.conflicts == 0)
        }
      }
    }

    /// A clock that is wrong from the start: the server's time counts for signatures, and for what may leave the trash.
    @Test(.limit(minutes: 15))
    func wrongAtStart() async throws {
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let clock = try await ShiftedClock(in: workspace)
          try clock.set(-1_700_000_000)
          let a = try Node("a", in: workspace, server: server, environment: clock.environment)
          for number in 0..<50 { try write(a.path("file \(number)"), "file \(number)\n") }
          try write(a.path("large"), noise(20 << 20, seed: 1))
          try await a.once()
          #expect(try await server.bucket.objects("tree/").count == 51)
          try clock.set(0)
          try await server.bucket.put("tree/file 0", "edited\n".utf8)
          try await a.once()
          #expect(text(a.path("file 0")) == "edited\n")
          // Longer than the retention.
          try clock.set(40 * 86_400)
          let run = try await a.started()
          _ = try await run.line(containing: "the local clock is wrong")
          // The trash is looked through ten seconds after the start.
          try await Task.sleep(for: .seconds(13))
          let trash = TreeSnapshot(a.path(".martlet"))
          #expect(trash.contents.contains(content("file 0\n".utf8)), "the replaced version is gone")
        }
      }
    }
  }
}
