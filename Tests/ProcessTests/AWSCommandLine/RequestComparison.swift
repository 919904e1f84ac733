import EmbeddedS3
import Foundation
import Testing

extension ProcessTests {
  /// What Martlet sends is what the AWS CLI sends for the same options, but for what ``ArguedDifference`` says.
  @Suite(.serialized) struct RequestComparison {
    static let key: String = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"

    struct Row: Sendable, CustomTestStringConvertible {
      var name: String
      var options: [String]
      var argued: [ArguedDifference] = []
      /// Of the block `s3` in AWS's config file.
      var settings: [String] = []
      /// How many parts the large file has; 0: it is sent at once.
      var parts = 2
      var testDescription: String { name }
    }

    // MARK: Uploads

    static let uploadRows: [Row] = [
      Row(
        name: "everything that is said of files",
        options: [
          "--acl", "bucket-owner-full-control", "--sse", "aws:kms", "--sse-kms-key-id", "alias/ours",
          "--storage-class", "STANDARD_IA", "--website-redirect", "/else", "--content-type", "x/y", "--cache-control",
          "max-age=60, public", "--content-disposition", "attachment; filename=\"a b\"", "--content-encoding",
          "identity", "--content-language", "de", "--expires", "2030-01-31T12:00:00Z", "--metadata",
          "a=1,Big=\"two, three\"", "--metadata-directive", "REPLACE", "--checksum-algorithm", "SHA256",
          "--request-payer", "requester", "--page-size", "7", "--force-glacier-transfer",
        ], argued: ArguedDifference.documents),
      Row(
        name: "grants, a key of the customer's own",
        options: [
          "--grants", "read=uri=http://acs.amazonaws.com/groups/global/AllUsers", "full=id=abc,id=def",
          "readacl=id=abc", "writeacl=id=abc", "--sse-c", "AES256", "--sse-c-key", key, "--no-guess-mime-type",
          "--expires", "3600", "--metadata", #"{"j":"a string"}"#, "--checksum-algorithm", "CRC32",
          "--ignore-glacier-warnings",
        ], argued: ArguedDifference.documents),
      Row(
        name: "nothing but guessed types", options: ["--sse", "AES256", "--expires", "Thu, 31 Jan 2030 12:00:00 GMT"],
        argued: ArguedDifference.checksums + ArguedDifference.documents),
      Row(
        name: "few requests at once, parts of the least size, nothing signed",
        options: ["--checksum-algorithm", "CRC32"],
        settings: [
          "max_concurrent_requests = 1", "multipart_threshold = 4MB", "multipart_chunksize = 1MB",
          "payload_signing_enabled = false",
        ]),
      Row(
        name: "parts of another size, everything signed", options: ["--checksum-algorithm", "SHA512"],
        argued: ArguedDifference.documents,
        settings: [
          "max_concurrent_requests = 3", "multipart_chunksize = 8500KB", "payload_signing_enabled = true",
          "max_queue_size = 5",
        ]),
      Row(
        name: "all in one request each", options: ["--checksum-algorithm", "SHA1"],
        settings: ["multipart_threshold = 9001KB"], parts: 0),
    ]

    @Test(.limit(minutes: 2), arguments: uploadRows) func uploads(_ row: Row) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let node = try Node("own", in: workspace, server: server, prefix: "own", options: row.options)
          for (name, size) in [
            ("a.txt", 2), ("sub/b.html", 3), ("none", 1), ("empty.json", 0), ("c.css.gz", 4), ("large.dat", 9_000_000),
          ] { try write(node.path(name), noise(size, seed: 1)) }
          if !row.settings.isEmpty {
            let block = row.settings.map { "\n  \($0)" }.joined()
            try write(workspace.path + "/.aws/config", "[default]\ns3 =\(block)\n")
          }
          let log = try #require(server.embedded?.server).requests
          log.keepsHeads = true
          try await aws(
            ["s3", "sync", node.root, "s3://\(TestServer.bucketName)/cli"] + row.options, workspace, server)
          try await node.once()
          let (cli, own) = (recorded(log, "cli/"), recorded(log, "own/"))
          #expect(cli.count { $0.name.operation == .putObject } == (row.parts == 0 ? 6 : 5))
          #expect(cli.count { $0.name.operation == .uploadPart } == row.parts)
          #expect(own.count { $0.name.operation == .uploadPart } == row.parts)
          expectSame(cli, own, argued: ArguedDifference.always + row.argued)
        }
      }
    }

    // MARK: Downloads

    @Test(.limit(minutes: 2)) func downloads() async throws {
      let options = [
        "--sse-c", "AES256", "--sse-c-key", Self.key, "--request-payer", "requester", "--checksum-mode", "ENABLED",
        "--page-size", "3",
      ]
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let source = try Node(
            "source", in: workspace, server: server, prefix: "cli", options: Array(options.prefix(4)))
          for (name, size) in [("a.txt", 2), ("empty", 0), ("large.dat", 9_000_000)] {
            try write(source.path(name), noise(size, seed: 2))
          }
          try await source.once()
          let log = try #require(server.embedded?.server).requests
          log.keepsHeads = true
          log.reset()
          let folder = try workspace.folder("down")
          try await aws(["s3", "sync", "s3://\(TestServer.bucketName)/cli", folder] + options, workspace, server)
          let cli = recorded(log, "cli/")
          log.reset()
          let node = try Node("own", in: workspace, server: server, prefix: "cli", options: options)
          try await node.once()
          for name in ["a.txt", "empty", "large.dat"] { #expect(read(node.path(name)) == read("\(folder)/\(name)")) }
          #expect(cli.count { $0.name.operation == .getObject } == 4)
          expectSame(cli, recorded(log, "cli/"), argued: ArguedDifference.always + ArguedDifference.ranges)
        }
      }
    }

    // MARK: Archives

    /// What both say, ask for, and end with. Where the CLI warns, something is not in sync.
    @Test(
      .limit(minutes: 2),
      arguments: [
        ([], false, 2, 1), (["--ignore-glacier-warnings"], false, 0, 0), (["--force-glacier-transfer"], true, 0, 0),
      ] as [([String], Bool, Int32, Int32)])
    func archives(_ options: [String], isRead: Bool, theirs: Int32, ours: Int32) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let writer = try Node("w", in: workspace, server: server, options: ["--storage-class", "GLACIER"])
          try write(writer.path("cold"), "cold")
          try await writer.once()
          let log = try #require(server.embedded?.server).requests
          log.keepsHeads = true
          log.reset()
          func reads() -> [S3Operation] {
            recorded(log, "tree/").map(\.name).filter { $0.key == "cold" }.map(\.operation)
          }
          let folder = try workspace.folder("down")
          let cli = try await aws(
            ["s3", "sync", "s3://\(TestServer.bucketName)/tree", folder] + options, workspace, server,
            expecting: theirs)
          #expect(reads() == (isRead ? [.getObject] : []))
          log.reset()
          let node = try Node("own", in: workspace, server: server, options: options)
          let run = try await node.once(expecting: .exited(ours))
          #expect(reads() == (isRead ? [.getObject] : []))
          #expect(text(node.path("cold")) == text("\(folder)/cold"))
          if ours == 1 {
            for program in [cli, run] { #expect(program.log.contains("tree/cold") && program.log.contains("GLACIER")) }
          }
          // Under its own name it ends as the CLI does.
          let named = try await ProcessTests.finished(
            [
              try Programs.martlet(), "s3", "sync", "s3://\(TestServer.bucketName)/tree", "\(workspace.path)/named",
              "--endpoint-url", server.url,
            ] + options, in: workspace, environment: TestServer.awsVariables)
          #expect(named.end == .exited(theirs), "\(named.output)")
          // Whoever wrote it has it.
          if ours == 1 { try await writer.once() }
        }
      }
    }

    // MARK: Copies

    static let copyRows: [Row] = [
      Row(
        name: "metadata that is replaced",
        options: [
          "--metadata-directive", "REPLACE", "--acl", "public-read", "--storage-class", "ONEZONE_IA", "--sse",
          "aws:kms", "--sse-kms-key-id", "alias/ours", "--cache-control", "no-store", "--metadata", "c=d",
          "--checksum-algorithm", "SHA1", "--request-payer", "requester",
        ], argued: ArguedDifference.copiesWithMetadata),
      Row(
        name: "metadata that is kept, keys of the customer's own",
        options: [
          "--sse-c", "AES256", "--sse-c-key", key, "--sse-c-copy-source", "AES256", "--sse-c-copy-source-key", key,
          "--checksum-algorithm", "SHA1",
        ], argued: ArguedDifference.plainCopies),
    ]

    /// The CLI copies between two prefixes; Martlet copies when a file gets another name.
    @Test(.limit(minutes: 2), arguments: copyRows) func copies(_ row: Row) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let node = try Node("own", in: workspace, server: server, prefix: "source", options: row.options)
          try write(node.path("a.txt"), "content")
          try await node.once()
          let log = try #require(server.embedded?.server).requests
          log.keepsHeads = true
          let bucket = "s3://\(TestServer.bucketName)"
          try await aws(["s3", "sync", "\(bucket)/source", "\(bucket)/cli"] + row.options, workspace, server)
          try move(node.path("a.txt"), node.path("b.txt"))
          try await node.once()
          let own = recorded(log, "source/").filter { $0.name.operation == .copyObject }
            .map { request in
              var request = request
              request.name.key = "a.txt"
              return request
            }
          let cli = recorded(log, "cli/").filter { $0.name.operation == .copyObject }
          #expect(cli.count == 1)
          if row.options.contains("--request-payer") {
            // Deletions and whatever else there is, too.
            let all = recorded(log, "source/").filter { $0.name.operation == .deleteObject } + own
            #expect(all.count == 2 && all.allSatisfy { $0.headers["x-amz-request-payer"] == "requester" })
          }
          expectSame(cli, own, argued: ArguedDifference.copies + row.argued)
        }
      }
    }

    /// An option of v2 only: its captures stand beside this file.
    @Test(.limit(minutes: 2)) func copyProperties() async throws {
      let captures = try copyCaptures()
      #expect(Set(captures.keys) == ["default", "none", "metadata-directive", "all"])
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let log = try #require(server.embedded?.server).requests
          log.keepsHeads = true
          try await withThrowingTaskGroup(of: Void.self) { group in
            for (value, theirs) in captures {
              group.addTask { try await copyProperties(value, theirs, workspace, server, log) }
            }
            try await group.waitForAll()
          }
        }
      }
    }

    private func copyProperties(
      _ value: String, _ theirs: [String: String], _ workspace: Workspace, _ server: TestServer, _ log: RequestLog
    ) async throws {
      try await server.bucket.put("\(value)/a.txt", "content".utf8, metadata: ["m1": "v1"])
      let node = try Node(value, in: workspace, server: server, prefix: value, options: ["--copy-props", value])
      try await node.once()
      try move(node.path("a.txt"), node.path("b.txt"))
      try await node.once()
      var ours = try #require(recorded(log, "\(value)/").first { $0.name.operation == .copyObject }).headers
      // Conditions, as in ``ArguedDifference/copies``; what the captures do not tell; the names.
      for header in ["if-none-match", "x-amz-copy-source-if-match", "x-amz-content-sha256", "x-amz-copy-source"] {
        #expect(ours.removeValue(forKey: header) != nil, "\(header)")
      }
      var expected = theirs
      expected["x-amz-copy-source"] = nil
      // Annotations are kept like everything else: that is what S3 does when nothing is said.
      expected["x-amz-object-annotation-directive"] = nil
      // v2 leaves the type out, so that it would be lost; a file that is uploaded has one.
      if value == "none" { expected["content-type"] = "text/plain" }
      #expect(ours == expected, "--copy-props \(value)")
    }

    private func copyCaptures() throws -> [String: [String: String]] {
      let url = try #require(
        Bundle.module.url(forResource: "copy-props-v2", withExtension: "txt", subdirectory: "Captures"))
      var captures: [String: [String: String]] = [:]
      var value = ""
      for line in try String(contentsOf: url, encoding: .utf8).split(separator: "\n") {
        if line.hasPrefix("# --copy-props ") {
          value = String(line.dropFirst("# --copy-props ".count))
        } else if !value.isEmpty, let colon = line.firstIndex(of: ":") {
          captures[value, default: [:]][line[..<colon].lowercased()] = String(line[colon...].dropFirst(2))
        }
      }
      return captures
    }

    // MARK: Comparing

    private func recorded(_ log: RequestLog, _ prefix: String) -> [RecordedRequest] {
      log.entries.compactMap { RecordedRequest($0, prefix: prefix) }
    }

    /// - Parameter argued: all of it must show, so that the list stays true.
    private func expectSame(_ cli: [RecordedRequest], _ own: [RecordedRequest], argued: [ArguedDifference]) {
      let allowed = Set(argued.flatMap(\.differences))
      var found: Set<RequestDifference> = []
      for theirs in cli where theirs.name.operation != .listObjectsV2 {
        guard let ours = own.first(where: { $0.name == theirs.name }) else {
          Issue.record("Martlet does not send \(theirs.name)")
          continue
        }
        let differences = RequestDifference.between(theirs, ours)
        found.formUnion(differences)
        for difference in differences.subtracting(allowed) {
          let values = [theirs, ours].map { $0.headers[difference.header] ?? "nothing" }
          Issue.record("\(theirs.name): \(difference): \(values[0]) and \(values[1])")
        }
      }
      for theirs in cli where theirs.name.operation == .listObjectsV2 {
        // The same page; Martlet asks for others, too.
        let isAsked = own.contains { ours in
          guard ours.name.operation == .listObjectsV2, ours.headers == theirs.headers else { return false }
          func parameters(_ request: RecordedRequest) -> Set<String> {
            request.query.filter { !$0.hasPrefix("prefix=") && !$0.hasPrefix("continuation-token=") }
          }
          return parameters(ours) == parameters(theirs)
        }
        #expect(isAsked, "Martlet does not list with \(theirs.query) and \(theirs.headers)")
      }
      let made = Set(cli.map(\.name.operation))
      let stale = allowed.subtracting(found).filter { made.contains($0.operation) }
      #expect(stale.isEmpty, "argued, but not seen: \(stale.map(\.description).sorted())")
    }

    @discardableResult
    private func aws(
      _ arguments: [String], _ workspace: Workspace, _ server: TestServer, expecting status: Int32 = 0
    ) async throws -> Child {
      let environment = ["PATH": "/usr/bin:/bin", "HOME": workspace.path, "AWS_EC2_METADATA_DISABLED": "true"]
        .merging(TestServer.awsVariables) { $1 }
      let program = try workspace.start(
        [try Programs.python("aws")] + arguments + ["--endpoint-url", server.url, "--no-progress"],
        name: "aws-\(workspace.nextNumber())", environment: environment)
      let end = try await program.ended(within: .seconds(60))
      guard end == .exited(status) else {
        throw Child.Failure(description: "the AWS CLI ended with \(end): \(program.log)")
      }
      return program
    }
  }
}
