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

    @Test(.limit(minutes: 2), arguments: ["-i", "-u"]) func anInitialSyncWithDeleteMirrors(_ direction: String)
      async throws
    {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let script = try Script(workspace, server)
          let isDown = direction == "-i"
          for name in ["same", "mine", "version"] { try write(script.root + "/" + name, "local \(name)") }
          try await server.bucket.put("tree/same", "local same".utf8)
          try await server.bucket.put("tree/d/theirs", "remote theirs".utf8)
          try await server.bucket.put("tree/version", "remote version".utf8)
          // One file of each side is more than this guard lets through.
          let line = ["-p", "0", script.root, script.location, direction, "--delete"]
          let halted = try await script.run(line + ["--max-delete", "0"], expecting: .exited(1))
          #expect(halted.log.contains("deletions are halted: 1 of "), "\(halted.log)")
          #expect(exists(script.root + "/mine"))
          #expect(try await !server.bucket.objects("tree/d/theirs").isEmpty)

          try await script.run(line)
          let expected = isDown ? ["d/theirs", "same", "version"] : ["mine", "same", "version"]
          #expect(try await server.bucket.objects("tree/").keys.map(\.text).sorted() == expected.map { "tree/" + $0 })
          #expect(exists(script.root + "/mine") != isDown && exists(script.root + "/d/theirs") == isDown)
          #expect(text(script.root + "/version") == (isDown ? "remote version" : "local version"))
          let trash = trashed(in: script.root)
          let kept = isDown ? ["local mine", "local version"] : ["remote theirs", "remote version"]
          #expect(Set(kept).isSubset(of: trash), "\(trash)")
        }
      }
    }

    /// The contents that lie in the trash.
    private func trashed(in root: String) -> Set<String> {
      let state = root + "/.martlet"
      let slots = names(in: state).map { state + "/" + $0 + "/trash" }
        .flatMap { trash in names(in: trash).map { trash + "/" + $0 } }
      return Set(slots.compactMap { text($0) })
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
          let all = try await script.run(
            [
              "-x", "-1", "-q", "bad name", "--only-up", "--only-down", "--acl", "all", none, script.location,
              "--bogus",
            ],
            expecting: .exited(1))
          for text in ["--max-failures -1", "--event-queue bad name", "--only-up, --only-down", "--acl all", "--bogus"]
          {
            #expect(all.log.contains(text), "\(all.log)")
          }
          #expect(all.log.contains("\(none): is no folder"), "\(all.log)")
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
