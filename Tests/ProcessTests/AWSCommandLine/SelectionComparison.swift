import EmbeddedS3
import Foundation
import Testing

extension ProcessTests {
  /// Must hold 1 of options that say nothing of a request but which are sent: the AWS CLI v1 and `martlet s3 sync` run
  /// side by side over equal folders and prefixes, and leave the same behind.
  @Suite struct AWSSelection {
    struct Row: Sendable, CustomTestStringConvertible {
      var options: [String]
      var end: Int32 = 0
      /// What only the CLI asks for.
      var argued: Set<String> = []
      var testDescription: String { options.isEmpty ? "nothing" : options.joined(separator: " ") }

      init(_ options: String, end: Int32 = 0, argued: Set<String> = []) {
        self.end = end
        self.argued = argued
        self.options = options.split(separator: " ").map(String.init)
      }
    }

    private static let rows = [
      Row(""),
      Row("--dryrun"),
      Row("--exclude * --include *.txt"),
      Row("--delete --exclude *.jpg"),
      Row("--size-only --no-follow-symlinks"),
      // Equal contents are not sent again, whatever their times.
      Row("--exact-timestamps --follow-symlinks", argued: ["GetObject /equal.txt"]),
      Row("--no-sign-request", end: 1),
      // What is shown, and how long is waited, changes nothing.
      Row(
        "--quiet --only-show-errors --no-progress --output json --query x --color off --no-paginate --region us-east-1 "
          + "--cli-read-timeout 50 --cli-connect-timeout 50 --no-verify-ssl --case-conflict ignore --source-region r"),
    ]

    /// What both sides had and have, without what only Martlet leaves there: its state, and losers kept aside.
    private struct Outcome: Hashable {
      var files: [String: String]
      var objects: [String: String]
      /// What was asked of objects, and whether it was signed.
      var requests: Set<String>
    }

    @Test(.limit(minutes: 3), arguments: rows) func uploads(_ row: Row) async throws {
      try await expectSame(row) { folder, bucket in ([folder, bucket], [.putObject, .deleteObject]) }
    }

    @Test(.limit(minutes: 3), arguments: rows) func downloads(_ row: Row) async throws {
      try await expectSame(row) { folder, bucket in ([bucket, folder], [.getObject, .putObject, .deleteObject]) }
    }

    private func expectSame(
      _ row: Row, _ places: (_ folder: String, _ bucket: String) -> ([String], Set<S3Operation>)
    ) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          var outcomes: [Outcome] = []
          for (name, program) in [("aws", try Programs.python("aws")), ("own", try Programs.martlet())] {
            let folder = try workspace.folder(name + "/folder")
            try await fill(folder, name, server)
            // With --delete the CLI takes links away that lead out of the folder, Martlet reports them.
            if !row.options.contains("--delete") {
              try write(folder + "/../linked", "behind a link")
              try link(folder + "/link.txt", to: "../linked")
            }
            let log = try #require(server.embedded?.server).requests
            log.keepsHeads = true
            log.reset()
            let (words, operations) = places(folder, "s3://\(TestServer.bucketName)/\(name)")
            let environment = [
              "PATH": "/usr/bin:/bin", "HOME": workspace.path, "AWS_EC2_METADATA_DISABLED": "true",
              "AWS_MAX_ATTEMPTS": "1",
            ].merging(TestServer.awsVariables) { $1 }
            let run = try await ProcessTests.finished(
              [program, "s3", "sync"] + words + ["--endpoint-url", server.url] + row.options, in: workspace,
              environment: environment)
            #expect(run.end == .exited(row.end), "\(name): \(run.output)")
            let requests = log.entries.filter { operations.contains($0.operation) && !$0.key.contains("/.martlet/") }
            let isSigned = log.entries.allSatisfy { $0.headers?["authorization"] != nil }
            #expect(isSigned != row.options.contains("--no-sign-request"))
            outcomes.append(
              Outcome(
                files: files(in: folder), objects: try await objects(name, server),
                requests: Set(requests.map { "\($0.operation.rawValue) \($0.key.dropFirst(name.count))" })))
          }
          outcomes[0].requests.subtract(row.argued)
          #expect(outcomes[0] == outcomes[1])
        }
      }
    }

    /// Files that one side has alone, and such that differ in size, or only in time and content.
    private func fill(_ folder: String, _ prefix: String, _ server: TestServer) async throws {
      for (key, content) in [
        ("theirs.txt", "t"), ("sub/theirs.jpg", "t"), ("size.txt", "longer there"), ("time.txt", "there"),
        ("equal.txt", "equal"),
      ] { try await server.bucket.put("\(prefix)/\(key)", content.utf8) }
      for (name, content) in [
        ("mine.txt", "m"), ("sub/mine.jpg", "m"), ("size.txt", "here"), ("time.txt", "here!"), ("equal.txt", "equal"),
      ] { try write("\(folder)/\(name)", content) }
      // The CLI copies files of equal size where they are newer here, in either direction.
      for (name, offset) in [("time.txt", 3_600.0), ("equal.txt", -3_600)] {
        let attributes: [FileAttributeKey: Any] = [.modificationDate: Date.now.addingTimeInterval(offset)]
        try FileManager.default.setAttributes(attributes, ofItemAtPath: "\(folder)/\(name)")
      }
    }

    private func files(in folder: String, below: String = "") -> [String: String] {
      var found: [String: String] = [:]
      for name in names(in: folder) where name != ".martlet" && !name.contains("(conflict") {
        let path = folder + "/" + name
        if let content = text(path) {
          found[below + name] = content
        } else {
          found.merge(files(in: path, below: below + name + "/")) { $1 }
        }
      }
      return found
    }

    private func objects(_ prefix: String, _ server: TestServer) async throws -> [String: String] {
      var found: [String: String] = [:]
      for key in try await server.bucket.objects(prefix + "/").keys.map(\.text)
      where !key.contains("/.martlet/") && !key.contains("(conflict") {
        found[String(key.dropFirst(prefix.count))] = String(decoding: try await server.bucket.get(key), as: UTF8.self)
      }
      return found
    }
  }
}
