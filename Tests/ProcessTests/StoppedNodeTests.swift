import Foundation
import Testing

extension ProcessTests {
  /// Must hold 2: what happened while a node was stopped is merged at its start.
  @Suite struct StoppedNode {
    @Test(.limit(minutes: 2), arguments: TestServer.Kind.allCases)
    func mergesBothSides(_ kind: TestServer.Kind) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let (a, b) = (try Node("a", in: workspace, server: server), try Node("b", in: workspace, server: server))
          let names =
            ["local edit", "remote edit", "both edit", "both edit same", "local delete", "remote delete"]
            + ["both delete", "local edit remote delete", "remote edit local delete", "untouched"]
          for name in names { try write(a.path("d/\(name)"), "first \(name)\n") }
          try await a.started()
          try await b.started()
          try await equal(a, b)
          #expect(try await a.stopped() == .exited(0))

          // On the stopped node.
          try write(a.path("d/local edit"), "edited on a\n")
          try write(a.path("d/both edit"), "edited on a, too\n")
          try write(a.path("d/both edit same"), "the same everywhere\n")
          try write(a.path("d/local edit remote delete"), "edited on a, deleted on b\n")
          try write(a.path("d/new on a"), "new on a\n")
          try write(a.path("d/new on both"), "one of two\n")
          for name in ["local delete", "both delete", "remote edit local delete"] { try remove(a.path("d/\(name)")) }
          // On the running one.
          try write(b.path("d/remote edit"), "edited on b\n")
          try write(b.path("d/both edit"), "edited on b, as well\n")
          try write(b.path("d/both edit same"), "the same everywhere\n")
          try write(b.path("d/remote edit local delete"), "edited on b, deleted on a\n")
          try write(b.path("d/new on b"), "new on b\n")
          try write(b.path("d/new on both"), "the other of two\n")
          for name in ["remote delete", "both delete", "local edit remote delete"] { try remove(b.path("d/\(name)")) }
          try await eventually("the deletions reach the bucket") {
            let keys = try await server.bucket.objects("tree/d/").keys.map(\.text)
            let gone = ["remote delete", "both delete", "local edit remote delete"]
            return keys.first { key in gone.contains { "tree/d/\($0)" == key } }
          }
          try await b.settled()

          try await a.started()
          try await equal(a, b)
          try await a.settled()
          try await b.settled()
          try await equal(a, b)
          expectMerged(b)
        }
      }
    }

    private func expectMerged(_ node: Node) {
      let expected = [
        "local edit": "edited on a\n", "remote edit": "edited on b\n", "both edit same": "the same everywhere\n",
        "local edit remote delete": "edited on a, deleted on b\n",
        "remote edit local delete": "edited on b, deleted on a\n", "new on a": "new on a\n", "new on b": "new on b\n",
        "untouched": "first untouched\n",
      ]
      for (name, content) in expected { #expect(text(node.path("d/\(name)")) == content, "\(name)") }
      for name in ["local delete", "remote delete", "both delete"] {
        #expect(!exists(node.path("d/\(name)")), "\(name)")
      }
      let copies = names(in: node.path("d")).filter { $0.contains("(conflict ") }
      #expect(copies.count == 2, "\(copies)")
      let contents = names(in: node.path("d")).compactMap { text(node.path("d/\($0)")) }
      for both in ["edited on a, too\n", "edited on b, as well\n", "one of two\n", "the other of two\n"] {
        #expect(contents.count { $0 == both } == 1, "\(both)")
      }
    }

    /// Must hold 8: the stamps that people see are the same, the content is not.
    @Test(.limit(minutes: 2), arguments: TestServer.Kind.conditional)
    func noticesChangesOfSameSizeInTheSameSecond(_ kind: TestServer.Kind) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let node = try Node("a", in: workspace, server: server)
          for number in 0..<20 { try write(node.path("local \(number)"), "version 1") }
          for number in 0..<20 { try await server.bucket.put("tree/remote \(number)", "version 1".utf8) }
          try await node.started()
          try await node.settled()
          // At once, and with the old time: neither size nor mtime tell.
          for number in 0..<20 {
            let path = node.path("local \(number)")
            var status = stat()
            lstat(path, &status)
            try write(path, "version 2")
            var times = [status.st_mtim, status.st_mtim]
            utimensat(AT_FDCWD, path, &times, 0)
          }
          for number in 0..<20 { try await server.bucket.put("tree/remote \(number)", "version 2".utf8) }
          try await eventually("version 2 is everywhere", within: .seconds(20)) {
            for number in 0..<20 {
              if text(node.path("remote \(number)")) != "version 2" { return "remote \(number) is old" }
              if try await server.bucket.get("tree/local \(number)") != Array("version 2".utf8) {
                return "local \(number) is old"
              }
            }
            return nil
          }
          // Edited while stopped, between two runs in one second.
          try await node.stopped()
          try write(node.path("local 0"), "version 3")
          try await server.bucket.put("tree/remote 0", "version 3".utf8)
          try await node.once()
          #expect(text(node.path("remote 0")) == "version 3")
          #expect(try await server.bucket.get("tree/local 0") == Array("version 3".utf8))
        }
      }
    }
  }
}
