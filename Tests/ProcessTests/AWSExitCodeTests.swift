import Foundation
import Testing

extension ProcessTests {
  /// `martlet s3 sync` ends as `aws s3 sync` does, side by side, as a user that permissions apply to.
  @Suite struct AWSExitCodes {
    struct Case: Sendable, CustomTestStringConvertible {
      var testDescription: String
      var prepare: @Sendable (_ folder: String) throws -> Void
    }

    private static let uploads: [Case] = [
      Case(testDescription: "a broken link", prepare: { symlink("none", $0 + "/link") }),
      // Excluded or not, as there.
      Case(testDescription: "a pipe", prepare: { mkfifo($0 + "/out", 0o644) }),
      Case(
        testDescription: "a file that may not be read",
        prepare: {
          try write($0 + "/closed", "x")
          chmod($0 + "/closed", 0)
        }),
      Case(
        testDescription: "a folder that may not be read",
        prepare: {
          try write($0 + "/closed/x", "x")
          chmod($0 + "/closed", 0)
        }),
    ]

    @Test(.limit(minutes: 2)) func uploads() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          // Another user's home: its files are not there for this one.
          let home = try workspace.folder("home")
          try write(home + "/.aws/config", "[default]\nregion = nowhere\n")
          chmod(home, 0)
          defer { chmod(home, 0o700) }
          let environment = ["PATH": "/usr/bin:/bin", "HOME": home, "AWS_EC2_METADATA_DISABLED": "true"]
            .merging(TestServer.awsVariables) { $1 }
          for (number, test) in Self.uploads.enumerated() {
            for (name, program) in [("aws", try Programs.python("aws")), ("own", try Programs.martlet())] {
              let folder = try workspace.folder("\(name)-\(number)")
              try write(folder + "/file", "content")
              try test.prepare(folder)
              let run = try await ProcessTests.finished(
                try Unprivileged.withoutCapabilities + [
                  program, "s3", "sync", folder, "s3://\(TestServer.bucketName)/\(name)-\(number)", "--endpoint-url",
                  server.url,
                  "--exclude", "out", "--no-progress",
                ], in: workspace, environment: environment)
              chmod(folder + "/closed", 0o700)
              #expect(run.end == .exited(2), "\(name), \(test.testDescription): \(run.output)")
              #expect(try await server.bucket.get("\(name)-\(number)/file") == Array("content".utf8))
            }
          }
        }
      }
    }

    /// Keys that lead out of the folder, and what fails.
    @Test(.limit(minutes: 2), arguments: [(["../out"], 2, 2), (["../out", "a", "a/b"], 1, 1), (["b//c"], 0, 2)])
    func downloads(_ keys: [String], _ theirs: Int32, _ ours: Int32) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          for key in keys + ["file"] { try await server.bucket.put("tree/" + key, "content".utf8) }
          let environment = [
            "PATH": "/usr/bin:/bin", "HOME": workspace.path, "AWS_EC2_METADATA_DISABLED": "true",
          ].merging(TestServer.awsVariables) { $1 }
          for (name, program, end) in [
            ("aws", try Programs.python("aws"), theirs), ("own", try Programs.martlet(), ours),
          ] {
            let folder = try workspace.folder(name)
            let run = try await ProcessTests.finished(
              [
                program, "s3", "sync", "s3://\(TestServer.bucketName)/tree", folder, "--endpoint-url", server.url,
                "--no-progress",
              ], in: workspace, environment: environment)
            #expect(run.end == .exited(end), "\(name): \(run.output)")
            #expect(text(folder + "/file") == "content")
          }
        }
      }
    }
  }
}
