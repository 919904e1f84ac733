import EmbeddedS3
import Foundation
import Testing

extension ProcessTests {
  /// Must hold 5: objects whose ETag is no MD5 of the content.
  @Suite struct Encrypted {
    enum Form: String, CaseIterable, Sendable {
      case customerKey, kms

      func options(kmsKey: String = "alias/ours") -> [String] {
        switch self {
        case .customerKey: ["--sse-c", "AES256", "--sse-c-key", "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"]
        case .kms: ["--sse", "aws:kms", "--sse-kms-key-id", kmsKey]
        }
      }
    }

    private static let cases: [(TestServer.Kind, Form)] = TestServer.Kind.allCases.flatMap { kind in
      let forms: [Form] =
        switch kind {
        case .embedded, .localstack: Form.allCases
        // It takes no notice of customers' keys.
        case .moto: [.kms]
        // It encrypts nothing.
        case .rclone: []
        }
      return forms.map { (kind, $0) }
    }

    /// Files go round, and a node that has nothing to do only lists.
    @Test(.limit(minutes: 2), arguments: cases)
    func goRound(_ kind: TestServer.Kind, _ form: Form) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace, recording: true) { server in
          let options = form.options(kmsKey: try await kmsKey(server, workspace))
          let nodes = try ["a", "b"].map { name in
            try Node(name, in: workspace, server: server, options: options)
          }
          let (a, b) = (nodes[0], nodes[1])
          try write(a.path("small.txt"), "one")
          try write(a.path("sub/large"), noise(9_000_000, seed: 3))
          try await a.once()
          try await b.once()
          try await equal(a, b)
          try write(b.path("small.txt"), "two, longer")
          // moto has no ACL of what was sent in parts, and answers 500.
          chmod(b.path(kind == .moto ? "small.txt" : "sub/large"), 0o600)
          try write(b.path("new"), "new")
          try await b.once()
          try await a.once()
          try await equal(a, b)
          try move(a.path("new"), a.path("renamed"))
          try await a.once()
          try await b.once()
          try await equal(a, b)
          // What it was that was copied is looked up once.
          try await a.once()
          for node in nodes { try await onlyLists(node, server) }
          try await adopts(a, workspace, server)
        }
      }
    }

    /// LocalStack asks its KMS whether there is such a key.
    private func kmsKey(_ server: TestServer, _ workspace: Workspace) async throws -> String {
      guard server.kind == .localstack else { return "alias/ours" }
      let command = [
        try Programs.python("aws"), "--endpoint-url", server.url, "kms", "create-key", "--query", "KeyMetadata.KeyId",
        "--output", "text",
      ]
      let (end, output) = try await ProcessTests.finished(command, in: workspace, environment: TestServer.awsVariables)
      try #require(end == .exited(0), "\(output)")
      return output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func onlyLists(_ node: Node, _ server: TestServer) async throws {
      let before = server.requests().count
      try await node.once()
      let sent = server.requests().dropFirst(before)
      #expect(!sent.isEmpty)
      #expect(
        sent.allSatisfy { $0 == "ListObjectsV2" || $0 == "ListMultipartUploads" }, "\(sent.joined(separator: "\n"))")
    }

    /// A node that has the files already, but no base, learns from the heads that they are the same.
    private func adopts(_ other: Node, _ workspace: Workspace, _ server: TestServer) async throws {
      let node = try Node("c", in: workspace, server: server, options: other.options)
      for name in ["small.txt", "sub/large", "renamed"] { try write(node.path(name), read(other.path(name)) ?? []) }
      let before = server.transfers().count
      try await node.once()
      let transfers = server.transfers().dropFirst(before)
      #expect(transfers.isEmpty, "\(transfers.joined(separator: "\n"))")
    }

    /// S3 takes such a key only where nobody can read it on the way.
    @Test(.limit(minutes: 1)) func aKeyDoesNotCrossTheNetworkInTheClear() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let node = try Node(
            "a", in: workspace, server: server, url: "http://192.0.2.1:9000", options: Form.customerKey.options())
          let run = try await node.once(expecting: .exited(64))
          #expect(run.log.contains("--sse-c-key") && run.log.contains("https"))
          #expect(!run.log.contains("kkkkkkkk"))
        }
      }
    }
  }
}
