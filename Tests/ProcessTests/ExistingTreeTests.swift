import Foundation
import Testing

extension ProcessTests {
  /// Must hold 3: what other tools put there before, and the same tree here.
  @Suite struct ExistingTree {
    @Test(.limit(minutes: 2), arguments: TestServer.Kind.allCases)
    func ofTheAWSCommandLine(_ kind: TestServer.Kind) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let node = try Node("a", in: workspace, server: server)
          try fill(node)
          let command = [
            try Programs.python("aws"), "--endpoint-url", server.url, "s3", "sync", "--only-show-errors", node.root,
            node.location,
          ]
          let (end, output) = try await ProcessTests.finished(
            command, in: workspace, environment: TestServer.awsVariables)
          #expect(end == .exited(0), "\(output)")
          try await expectNothingMoves(node, server)
        }
      }
    }

    /// mobius3 keeps times as decimal seconds, modes as decimal numbers with the type, folders as `name/`.
    @Test(.limit(minutes: 2), arguments: TestServer.Kind.conditional)
    func ofMobius3(_ kind: TestServer.Kind) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let node = try Node("a", in: workspace, server: server)
          try fill(node)
          try link(node.path("link"), to: "file 1")
          try makeFolder(node.path("empty"))
          // What a float holds exactly.
          for path in node.snapshot().entries.keys {
            var times = [
              timespec(tv_sec: 1_700_000_000, tv_nsec: 500_000_000),
              timespec(tv_sec: 1_700_000_000, tv_nsec: 500_000_000),
            ]
            utimensat(AT_FDCWD, node.path(path.text), &times, AT_SYMLINK_NOFOLLOW)
          }
          for (path, entry) in node.snapshot().entries {
            var status = stat()
            lstat(node.path(path.text), &status)
            let time = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
            let metadata = ["mtime": "\(time)", "mode": "\(status.st_mode)"]
            switch entry.content {
            case .file:
              try await server.bucket.put("tree/\(path.text)", read(node.path(path.text)) ?? [], metadata: metadata)
            case .link(let target): try await server.bucket.put("tree/\(path.text)", target, metadata: metadata)
            default: try await server.bucket.put("tree/\(path.text)/", [], metadata: metadata)
            }
          }
          try await expectNothingMoves(node, server)
        }
      }
    }

    private func fill(_ node: Node) throws {
      for number in 0..<40 { try write(node.path("file \(number)"), "content \(number)\n") }
      try write(node.path("d/e/größe"), noise(100_000, seed: 2))
      // Sent in parts.
      try write(node.path("large"), noise(20 << 20, seed: 3))
    }

    private func expectNothingMoves(_ node: Node, _ server: TestServer) async throws {
      let tree = node.snapshot()
      var keys = try await listing(server)
      try await eventually("the listing stays the same") {
        // A rewritten object has another time, which S3 counts in seconds.
        try await Task.sleep(for: .milliseconds(1100))
        let now = try await listing(server)
        defer { keys = now }
        return now == keys ? nil : "it changed"
      }
      let run = try await node.once()
      #expect(try await listing(server) == keys)
      let difference = node.snapshot().difference(from: tree, names: ("after", "before"))
      #expect(difference == nil)
      #expect(!run.log.contains("conflict"))
      #expect(!run.log.contains("uploaded"))
      #expect(!run.log.contains("downloaded"))
    }

    /// Without the times of rclone: it tells those that it remembers, later those on its disk.
    private func listing(_ server: TestServer) async throws -> [PathKey: Bucket.Object] {
      try await server.bucket.objects("tree/").mapValues {
        var object = $0
        if server.kind == .rclone { object.lastModified = nil }
        return object
      }
    }
  }
}
