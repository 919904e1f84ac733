import Foundation
import Martlet
import Testing

extension ProcessTests {
  /// `--symlinks follow`, `--unsafe-links` and `--follow-symlinks`.
  @Suite struct Links {
    /// The same keys and contents as the AWS CLI uploads for the same tree.
    @Test(.limit(minutes: 2)) func followedAsTheAWSCommandLineDoes() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let root = try workspace.folder("a")
          let outside = try workspace.folder("outside")
          try fill(root, outside)
          let aws = try await ProcessTests.finished(
            [
              try Programs.python("aws"), "--endpoint-url", server.url, "s3", "sync", "--follow-symlinks", root,
              "s3://\(TestServer.bucketName)/cli",
            ], in: workspace, environment: TestServer.awsVariables)
          // The broken link: a warning there and under that name, not in sync in s3-sync2.
          #expect(aws.0 == .exited(2), "\(aws.1)")
          let own = try await ProcessTests.finished(
            [
              try Programs.martlet(), "s3-sync2", "-p", "0", root, "s3://\(TestServer.bucketName)/own",
              "--endpoint-url", server.url, "--sync-opt-up-follow-symlinks", "--directories", "none",
            ], in: workspace, environment: TestServer.awsVariables)
          #expect(own.0 == .exited(1) && own.1.contains("broken") && own.1.contains("is not there"), "\(own.1)")
          let standIn = try await ProcessTests.finished(
            [
              try Programs.martlet(), "--endpoint-url", server.url, "s3", "sync", root,
              "s3://\(TestServer.bucketName)/standin",
            ], in: workspace, environment: TestServer.awsVariables)
          #expect(standIn.0 == .exited(2), "\(standIn.1)")
          let (theirs, ours) = (try await contents(server, "cli/"), try await contents(server, "own/"))
          #expect(ours == theirs)
          #expect(try await contents(server, "standin/") == theirs)
          #expect(
            Set(ours.keys) == [
              "d/f", "d/sub/g", "d/sub/up", "folder/in", "l", "out", "real/f", "real/sub/g", "real/sub/up",
            ])
        }
      }
    }

    private func fill(_ root: String, _ outside: String) throws {
      try write(root + "/real/f", "content")
      try write(root + "/real/sub/g", "deeper")
      try write(outside + "/in", "from outside")
      try link(root + "/l", to: "real/f")
      try link(root + "/d", to: "real")
      try link(root + "/real/sub/up", to: "../f")
      try link(root + "/folder", to: outside)
      try link(root + "/out", to: "../outside/in")
      try link(root + "/broken", to: "nowhere")
    }

    private func contents(_ server: TestServer, _ prefix: String) async throws -> [String: String] {
      var contents: [String: String] = [:]
      for key in try await server.bucket.objects(prefix).keys.map(\.text) {
        // Gone since it was listed.
        guard let bytes = try? await server.bucket.get(key) else { continue }
        contents[String(key.dropFirst(prefix.count))] = String(decoding: bytes, as: UTF8.self)
      }
      return contents
    }

    /// What the bucket says of followed paths is reported and left alone; what is done to their targets goes up.
    @Test(.limit(minutes: 2)) func nothingIsChangedBehindThem() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let node = try Node("a", in: workspace, server: server, options: ["--symlinks", "follow"])
          try write(node.path("real/f"), "content")
          try write(node.path("real/g"), "deeper")
          try link(node.path("l"), to: "real/f")
          try link(node.path("d"), to: "real")
          try link(node.path("out"), to: "/etc/hostname")
          // Never in sync: the bucket's version would win.
          try link(node.path("c"), to: "real/f")
          try await server.bucket.put("tree/c", "their own".utf8)
          try await node.started()
          #expect(
            try await contents(server, "tree/") == [
              "c": "their own", "d/f": "content", "d/g": "deeper", "l": "content", "real/f": "content",
              "real/g": "deeper",
            ])

          try await server.bucket.put("tree/l", "theirs".utf8)
          try await server.bucket.put("tree/d/new", "theirs".utf8)
          try await server.bucket.delete("tree/d/g")
          try await eventually("they are reported", within: .seconds(60)) {
            let reported = try node.status()?.quarantined.map(\.path) ?? []
            return Set(["c", "l", "d/new", "d/g", "out"]).isSubset(of: reported) ? nil : "\(reported)"
          }
          #expect(text(node.path("real/f")) == "content" && text(node.path("real/g")) == "deeper")
          #expect(Set(names(in: node.root)) == [".martlet", "c", "d", "l", "out", "real"])
          #expect(linkTarget(node.path("l")) == Array("real/f".utf8) && !exists(node.path("real/new")))

          // An edit of the target is found though no event tells of it at the link.
          try write(node.path("real/g"), "deeper, edited")
          try await eventually("the edit goes up under both names", within: .seconds(60)) {
            let now = try await contents(server, "tree/")
            return now["d/g"] == "deeper, edited" && now["real/g"] == "deeper, edited" ? nil : "\(now)"
          }
          // A target that is away deletes nothing; a link that is removed does.
          try move(node.path("real"), node.path("moved"))
          try await eventually("the new folder goes up", within: .seconds(60)) {
            let now = try await contents(server, "tree/")
            return now["moved/f"] == "content" && now["real/f"] == nil ? nil : "\(now)"
          }
          try await eventually("the targets are missed", within: .seconds(60)) {
            let reported =
              try node.status()?.quarantined.filter { $0.reason.contains("is not there") }.map(\.path) ?? []
            return Set(reported) == ["c", "d", "l"] ? nil : "\(reported)"
          }
          #expect(try await contents(server, "tree/")["d/f"] == "content")
          try remove(node.path("d"))
          try await eventually("what was behind the link is deleted", within: .seconds(60)) {
            let now = try await contents(server, "tree/")
            return now["d/f"] == nil && now["d/g"] == nil ? nil : "\(now)"
          }
          #expect(try await contents(server, "tree/")["l"] == "theirs")
          // What is reported is not in sync.
          #expect(try await node.stopped() == .exited(1))
        }
      }
    }
  }
}
