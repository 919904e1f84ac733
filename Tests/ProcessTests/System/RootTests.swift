import Foundation
import Martlet
import Testing

extension SystemTests {
  /// The root goes and comes back while Martlet runs (I7, I8, I11).
  @Suite struct Roots {
    private static let files = 60

    private func fill(_ node: Node) throws {
      for number in 0..<Self.files { try write(node.path("d\(number % 3)/file \(number)"), "content \(number)\n") }
    }

    /// Edits of both sides cross.
    private func expectGoingOn(_ node: Node, _ server: TestServer, _ mark: String) async throws {
      try write(node.path("here \(mark)"), "here\n")
      try await server.bucket.put("tree/there \(mark)", "there\n".utf8, metadata: ["mtime": "1700000000"])
      try await eventually("edits cross \(mark)", within: .seconds(90)) {
        if text(node.path("there \(mark)")) != "there\n" { return "nothing arrives" }
        return try await server.bucket.objects()[PathKey("tree/here \(mark)")] == nil ? "nothing is sent" : nil
      }
      try await node.settled()
    }

    /// Unmounted and mounted again, with its state or with the state elsewhere: it heals by itself. Meanwhile nothing
    /// is taken for deleted, and another volume in its place is left alone.
    @Test(.limit(minutes: 15), arguments: [false, true])
    func mountedAnew(_ stateIsElsewhere: Bool) async throws {
      try await Sandbox.run { workspace in
        "mkdir -p '\(workspace.path)/volume' '\(workspace.path)/r' && mount --bind '\(workspace.path)/volume' '\(workspace.path)/r'"
      } _: { sandbox in
        let workspace = sandbox.workspace
        try await TestServer.run(.embedded, in: workspace) { server in
          let root = "\(workspace.path)/r"
          let state = try workspace.folder("state")
          let options = stateIsElsewhere ? ["--state-dir", state] : []
          let a = try sandbox.node("a", root: root, server: server, options: options)
          try fill(a)
          try await a.started()
          let before = try await server.bucket.objects()
          #expect(before.count >= Self.files)

          try await sandbox.shell("umount --lazy '\(root)'")
          _ = try await a.process?.line(containing: "another folder or volume stands in its place")
          try await server.bucket.put("tree/meanwhile", "meanwhile\n".utf8)
          try await Task.sleep(for: .seconds(4))
          #expect(try await server.bucket.objects().count == before.count + 1, "nothing is deleted")
          #expect(names(in: a.root) == [], "nothing is written into the empty mount point")

          // Another volume: with other files, a state of its own even.
          try await sandbox.shell(
            "mount -t tmpfs other '\(root)' && mkdir -p '\(root)/.martlet' && echo '77 1' >'\(root)/.martlet/id' && "
              + "echo foreign >'\(root)/foreign'")
          try await Task.sleep(for: .seconds(4))
          #expect(try await server.bucket.objects().count == before.count + 1)
          #expect(Set(names(in: a.root)) == [".martlet", "foreign"])
          try await sandbox.shell("umount --lazy '\(root)'")

          // Its own again, edited while it was away.
          try write("\(workspace.path)/volume/d0/file 0", "edited while it was away\n")
          try remove("\(workspace.path)/volume/d1/file 1")
          try await sandbox.shell("mount --bind '\(workspace.path)/volume' '\(root)'")
          _ = try await a.process?.line(containing: "the root is back")
          try await eventually("it goes on", within: .seconds(90)) {
            if text(a.path("meanwhile")) != "meanwhile\n" { return "nothing arrives" }
            let keys = try await server.bucket.objects()
            if keys[PathKey("tree/d1/file 1")] != nil { return "the deletion did not cross" }
            return try await server.bucket.get("tree/d0/file 0") == Array("edited while it was away\n".utf8)
              ? nil : "the edit was not sent"
          }
          #expect(try await server.bucket.objects()[PathKey("tree/foreign")] == nil)
          try await expectGoingOn(a, server, "after")
          #expect(a.snapshot().fileCount == Self.files - 1 + 3)
          #expect(try await a.stopped() == .exited(0))
        }
      }
    }

    /// Moved away and back, with a look at everything in between; then a folder of it, slowly and quickly.
    @Test(.limit(minutes: 15))
    func movedAwayAndBack() async throws {
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let (a, b) = (try Node("a", in: workspace, server: server), try Node("b", in: workspace, server: server))
          try fill(a)
          try await a.started()
          try await b.started()
          try await equal(a, b)
          let before = a.snapshot()
          try move(a.root, a.root + ".away")
          _ = try await a.process?.line(containing: "is gone")
          try write(b.path("meanwhile"), "meanwhile\n")
          try await Task.sleep(for: .seconds(3))
          #expect(b.snapshot().without(["meanwhile"]).difference(from: before) == nil, "no deletion crosses")
          try move(a.root + ".away", a.root)
          try await equal(a, b)
          try await expectGoingOn(a, server, "after the root")
          try await equal(a, b)

          // Back before its absence settles: nothing happens. Later: it goes, and comes back.
          let outside = try workspace.folder("outside") + "/d0"
          let kept = try await server.bucket.objects("tree/d0/")
          try move(a.path("d0"), outside)
          try await Task.sleep(for: .milliseconds(500))
          try move(outside, a.path("d0"))
          try await a.settled()
          try await Task.sleep(for: .seconds(3))
          #expect(try await server.bucket.objects("tree/d0/") == kept)
          try await equal(a, b)
          try move(a.path("d1"), outside)
          try await eventually("the folder goes") { exists(b.path("d1")) ? "it is there" : nil }
          try move(outside, a.path("d1"))
          try await eventually("the folder comes back") { exists(b.path("d1/file 1")) ? nil : "it is not" }
          try await equal(a, b)
          #expect(b.snapshot().fileCount == Self.files + 3)
        }
      }
    }
  }
}
