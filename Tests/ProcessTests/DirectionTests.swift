import Testing

extension ProcessTests {
  /// `--only-up` and `--only-down`.
  @Suite struct Directions {
    @Test(.limit(minutes: 2)) func onlyDownWritesNothingToTheBucket() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let node = try Node("a", in: workspace, server: server)
          try await server.bucket.put("tree/theirs", "remote".utf8)
          try await server.bucket.put("tree/both", "remote".utf8)
          try write(node.path("mine"), "local")
          try write(node.path("both"), "local, longer")
          let keys = try await server.bucket.objects()
          let before = server.requests().count
          try await node.once("--only-down")
          #expect(text(node.path("theirs")) == "remote" && text(node.path("both")) == "remote")
          #expect(text(node.path("mine")) == "local")
          try write(node.path("theirs"), "edited here")
          try remove(node.path("both"))
          try await server.bucket.put("tree/theirs", "edited there".utf8)
          try await node.once("--only-down")
          #expect(text(node.path("theirs")) == "edited there" && text(node.path("both")) == "remote")
          #expect(names(in: node.root).contains { $0.hasPrefix("theirs (conflict") })
          #expect(try await server.bucket.objects().count == keys.count)
          let sent = Set(server.requests().dropFirst(before)).subtracting(["PutObject"])
          #expect(sent.isSubset(of: ["ListObjectsV2", "GetObject", "HeadObject"]), "\(sent)")
          // The one is the test's own.
          #expect(server.requests().dropFirst(before).count { $0 == "PutObject" } == 1)
        }
      }
    }

    @Test(.limit(minutes: 2)) func aPathMayBeLeftOutInOneDirection() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let root = try workspace.folder("a")
          try makeFolder(root + "/tmp")
          try write(root + "/tmp/mine", "local")
          try write(root + "/both", "local")
          try await server.bucket.put("tree/tmp/theirs", "remote".utf8)
          try await server.bucket.put("tree/log/theirs", "remote".utf8)
          let end = try await workspace.start(
            [
              try Programs.martlet(), "s3-sync2", "-p", "0", root, "s3://\(TestServer.bucketName)/tree",
              "--endpoint-url", server.url, "--sync-opt-down-exclude", "tmp/*", "--sync-opt-up-exclude", "both",
            ], name: "s3-sync2", environment: TestServer.awsVariables
          ).ended()
          #expect(end == .exited(0))
          #expect(!exists(root + "/tmp/theirs") && text(root + "/log/theirs") == "remote")
          #expect(try await server.bucket.get("tree/tmp/mine") == Array("local".utf8))
          #expect(try await server.bucket.objects("tree/both").isEmpty)
        }
      }
    }

    @Test(.limit(minutes: 2)) func onlyUpChangesNothingInTheFolder() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let node = try Node("a", in: workspace, server: server)
          try await server.bucket.put("tree/theirs", "remote".utf8)
          try await server.bucket.put("tree/both", "remote".utf8)
          try write(node.path("mine"), "local")
          try write(node.path("both"), "local, longer")
          let tree = node.snapshot()
          try await node.once("--only-up")
          #expect(node.snapshot().difference(from: tree, names: ("after", "before")) == nil)
          #expect(try await server.bucket.get("tree/mine") == Array("local".utf8))
          #expect(try await server.bucket.get("tree/both") == Array("local, longer".utf8))
          // What is missing in the bucket is sent again, what is missing here goes only with --delete.
          try await server.bucket.delete("tree/mine")
          try await server.bucket.put("tree/both", "edited there".utf8)
          try await node.once("--only-up")
          #expect(node.snapshot().difference(from: tree, names: ("after", "before")) == nil)
          #expect(try await server.bucket.get("tree/mine") == Array("local".utf8))
          try write(node.path("both"), "edited here")
          try remove(node.path("mine"))
          try await node.once("--only-up")
          #expect(try await server.bucket.get("tree/both") == Array("edited here".utf8))
          #expect(try await server.bucket.objects("tree/mine").isEmpty)
        }
      }
    }
  }
}
