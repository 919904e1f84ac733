import Foundation
import Martlet
import Testing

extension ProcessTests {
  /// Must hold 10: what looks like a disaster is not carried to the other side.
  @Suite struct DeletionGuards {
    private static let files = 60

    private func node(_ name: String, _ workspace: Workspace, _ server: TestServer, _ options: [String] = []) throws
      -> Node
    {
      try Node(name, in: workspace, server: server, options: options)
    }

    private func fill(_ node: Node) throws {
      for number in 0..<Self.files { try write(node.path("d\(number % 5)/file \(number)"), "content \(number)\n") }
    }

    /// Another folder takes the root's place while it runs.
    @Test(.limit(minutes: 2), arguments: TestServer.Kind.conditional)
    func replacedRoot(_ kind: TestServer.Kind) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let a = try node("a", workspace, server)
          try fill(a)
          try await a.started()
          try await a.settled()
          let before = try await server.bucket.objects()
          try move(a.root, a.root + ".away")
          try makeFolder(a.root)
          _ = try await a.process?.line(within: .seconds(30)) { $0.contains("deletions") || $0.contains("root") }
          try await Task.sleep(for: .seconds(5))
          #expect(try await server.bucket.objects() == before)
          #expect(a.process?.poll() == nil, "it goes on")
          // The folder comes back: all is well by itself.
          removeTree(a.root)
          try move(a.root + ".away", a.root)
          try write(a.path("after"), "after\n")
          try await eventually("a new file is sent") {
            try await server.bucket.objects()[PathKey("tree/after")] != nil ? nil : "not there"
          }
          #expect(try await server.bucket.objects().count == before.count + 1)
        }
      }
    }

    /// An empty volume where the state lies elsewhere.
    @Test(.limit(minutes: 2), arguments: TestServer.Kind.conditional)
    func emptyRootAtRestart(_ kind: TestServer.Kind) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let state = try workspace.folder("state")
          let a = try node("a", workspace, server, ["--state-dir", state])
          try fill(a)
          try await a.once()
          let (before, tree) = (try await server.bucket.objects(), a.snapshot())
          removeTree(a.root)
          try makeFolder(a.root)
          let run = try await a.once(expecting: nil)
          #expect(try await server.bucket.objects() == before)
          // Either the files come back, or it says how to go on.
          if let difference = a.snapshot().difference(from: tree) {
            #expect(run.log.contains("deletion"), "\(difference)")
            #expect(run.poll() != .exited(0))
          }
        }
      }
    }

    @Test(.limit(minutes: 2), arguments: TestServer.Kind.allCases)
    func emptiedBucket(_ kind: TestServer.Kind) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let a = try node("a", workspace, server)
          try fill(a)
          try await a.started()
          try await a.settled()
          let tree = a.snapshot()
          try await server.bucket.empty("tree/")
          let line = try await a.process?.line(containing: "--max-delete")
          #expect(line?.contains("halted") == true)
          try await a.status("the halt is shown") { $0.deletionsHalted != nil }
          #expect(a.snapshot().difference(from: tree) == nil)
          // Uploads and downloads go on.
          try write(a.path("new here"), "new here\n")
          try await server.bucket.put("tree/new there", "new there\n".utf8)
          try await eventually("the new files cross") {
            let there = try await server.bucket.objects()[PathKey("tree/new here")] != nil
            return there && exists(a.path("new there")) ? nil : "not yet"
          }
          try await a.stopped()
          // Approved by a restart.
          try await a.once("--max-delete", "none")
          #expect(a.snapshot().fileCount == 2)
        }
      }
    }

    @Test(.limit(minutes: 2), arguments: TestServer.Kind.allCases)
    func mostFilesDeleted(_ kind: TestServer.Kind) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let a = try node("a", workspace, server)
          try fill(a)
          try await a.started()
          try await a.settled()
          let before = try await server.bucket.objects()
          for number in 0..<Self.files - 5 { try remove(a.path("d\(number % 5)/file \(number)")) }
          let line = try await a.process?.line(containing: "--max-delete")
          #expect(line?.contains("halted") == true)
          try await a.status("the halt is shown") { $0.deletionsHalted != nil }
          // Those of the first moments may cross, up to what the guard allows.
          let left = try await server.bucket.objects().count
          #expect(left >= before.count / 2, "\(left) of \(before.count) are left")
          #expect(try await a.stopped() == .exited(1))
          #expect(try await server.bucket.objects().count >= before.count / 2)
          try await a.once("--max-delete", "none")
          // Without conditions copies of what was deleted lie below .martlet/aside/ for a while.
          let files = try await server.bucket.objects("tree/d").keys.filter { !$0.text.hasSuffix("/") }
          #expect(files.count == 5)
        }
      }
    }

    @Test(.limit(minutes: 2))
    func movesDoNotCount() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let (a, b) = (try node("a", workspace, server), try node("b", workspace, server))
          try fill(a)
          try await a.started()
          try await b.started()
          for number in 0..<5 { try move(a.path("d\(number)"), a.path("moved \(number)")) }
          try await a.settled()
          try await equal(a, b)
          #expect(try a.status()?.deletionsHalted == nil)
          #expect(try b.status()?.deletionsHalted == nil)
          #expect(b.snapshot().fileCount == Self.files)
        }
      }
    }
  }
}
