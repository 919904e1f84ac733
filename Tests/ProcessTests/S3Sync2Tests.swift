import Foundation
import Testing

extension ProcessTests {
  /// The command line of s3-sync2, by a link of that name.
  @Suite struct S3Sync2 {
    private struct Script {
      let workspace: Workspace
      let server: TestServer
      let root: String
      let link: String

      init(_ workspace: Workspace, _ server: TestServer) throws {
        self.workspace = workspace
        self.server = server
        root = try workspace.folder("a")
        link = workspace.path + "/s3-sync2"
        try ProcessTests.S3Sync2.link(link)
      }

      var location: String { "s3://\(TestServer.bucketName)/tree" }

      func start(_ arguments: [String], _ variables: [String: String] = [:]) throws -> Child {
        let environment = ["PATH": "/usr/bin:/bin", "HOME": workspace.path, "AWS_MAX_ATTEMPTS": "1"]
          .merging(TestServer.awsVariables) { $1 }.merging(variables) { $1 }
        return try workspace.start(
          [link] + arguments + ["--endpoint-url", server.url], name: "s3-sync2-\(workspace.nextNumber())",
          environment: environment)
      }

      @discardableResult
      func run(
        _ arguments: [String], _ variables: [String: String] = [:], expecting end: Child.End = .exited(0)
      ) async throws -> Child {
        let child = try start(arguments, variables)
        let found = try await child.ended(within: .seconds(60))
        #expect(found == end, "\(child.log)")
        return child
      }
    }

    private static func link(_ path: String) throws {
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: try Programs.martlet())
    }

    @Test(.limit(minutes: 2)) func syncsOnceAndDeletesOnlyWhereAsked() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let script = try Script(workspace, server)
          try write(script.root + "/up", "local")
          try await server.bucket.put("tree/down", "remote".utf8)
          try await script.run(["-p", "0", script.location, script.root, "--sync-opt-up-acl", "public-read"])
          #expect(text(script.root + "/down") == "remote")
          #expect(try await server.bucket.get("tree/up") == Array("local".utf8))

          try remove(script.root + "/down")
          try await server.bucket.delete("tree/up")
          let variables = ["LOCAL_PATH": script.root, "S3_URI": script.location, "POLL_INTERVAL": "0", "DFS": "0"]
          try await script.run([], variables)
          #expect(text(script.root + "/down") == "remote")
          #expect(try await server.bucket.get("tree/up") == Array("local".utf8))

          try remove(script.root + "/down")
          try await server.bucket.delete("tree/up")
          try await script.run(["--sync-opt-up-delete"], variables)
          #expect(try await server.bucket.objects("tree/down").isEmpty)
          #expect(try await server.bucket.get("tree/up") == Array("local".utf8))
        }
      }
    }

    @Test(.limit(minutes: 2)) func everythingThatIsWrongIsToldAtStart() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let script = try Script(workspace, server)
          let none = workspace.path + "/none"
          let wrong = try await script.run([none, "s3://no-such-bucket", "-p", "0"], expecting: .exited(1))
          #expect(wrong.log.contains(none) && wrong.log.contains("no bucket “no-such-bucket”"), "\(wrong.log)")
          let usage = try await script.run(
            ["-p", "4000", "-t", "0", script.root, "--acl", "all"], expecting: .exited(1))
          let problems = ["--poll 4000", "--dfs-lock-timeout 0", "--acl all", "one local folder and one S3 location"]
          for text in problems {
            #expect(usage.log.contains(text), "\(usage.log)")
          }
        }
      }
    }

    @Test(.limit(minutes: 2)) func endsAfterSoManyFailures() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace, asProcess: true) { server in
          let script = try Script(workspace, server)
          let ready = workspace.shared + "/ready"
          let child = try script.start(
            [script.root, script.location, "-p", "1", "-x", "2", "--ready-file", ready, "--only-show-errors"])
          try await eventually("the first pass", within: .seconds(60)) {
            if let end = child.poll() { throw Child.Failure(description: "ended with \(end): \(child.log)") }
            return exists(ready) ? nil : "it is not ready"
          }
          server.child?.send(SIGKILL)
          #expect(try await child.ended(within: .seconds(60)) == .exited(1))
          #expect(child.log.contains("2 synchronisations in a row failed"), "\(child.log)")
        }
      }
    }
  }
}
