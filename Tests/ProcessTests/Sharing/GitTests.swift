import Foundation
import Testing

extension SystemTests {
  /// Git works in the synced folder: on one node at a time, and on the other what arrived is a sound repository.
  @Suite struct GitRepositories {
    private let isolation = ["GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0"]

    @discardableResult
    private func git(_ folder: String, _ arguments: [String], in workspace: Workspace) async throws -> String {
      let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"]
      let (end, output) = try await ProcessTests.finished(
        [try Programs.system("git"), "-C", folder] + identity + arguments, in: workspace, environment: isolation)
      guard end == .exited(0) else {
        throw Child.Failure(description: "git \(arguments.joined(separator: " ")) in \(folder): \(output)")
      }
      return output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// What is in it is whole, and the same as where it was made.
    private func expectSound(_ node: Node, as source: Node, in workspace: Workspace) async throws {
      let (there, here) = (node.path("repository"), source.path("repository"))
      // Only told if something is wrong or dangling, so nothing may be said.
      let findings = try await git(
        there, ["fsck", "--full", "--strict", "--no-dangling", "--no-progress"], in: workspace)
      #expect(findings == "")
      for question in [["rev-parse", "HEAD"], ["for-each-ref"], ["stash", "list"]] {
        #expect(try await answer(there, question, in: workspace) == answer(here, question, in: workspace))
      }
      // A look that leaves the index as it is.
      #expect(try await git(there, ["--no-optional-locks", "status", "--porcelain"], in: workspace) == "")
    }

    private func answer(_ folder: String, _ question: [String], in workspace: Workspace) async throws -> String {
      try await ProcessTests.finished(
        [try Programs.system("git"), "-C", folder] + question, in: workspace, environment: isolation
      ).output
    }

    @Test(.limit(minutes: 15)) func everyDayWork() async throws {
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let (a, b) = (try Node("a", in: workspace, server: server), try Node("b", in: workspace, server: server))
          // A repository among other files: where it is most of the folder, a gc may take away more files than
          // --max-delete allows, see docs/safety.md.
          for number in 0..<150 { try write(a.path("documents/\(number)"), "document \(number)\n") }
          for node in [a, b] { try await node.started() }
          let upstream = try workspace.folder("upstream")
          try await git(upstream, ["init"], in: workspace)
          for number in 0..<12 {
            try write("\(upstream)/src/file \(number % 5)", noise(2_000, seed: UInt64(number)))
            try await git(upstream, ["add", "--all"], in: workspace)
            try await git(upstream, ["commit", "--quiet", "--message", "commit \(number)"], in: workspace)
          }
          try await git(upstream, ["branch", "older", "HEAD~6"], in: workspace)
          func settle(_ from: Node, _ to: Node) async throws {
            for node in [from, to] { try await node.settled() }
            try await equal(from, to, within: .seconds(90))
            try await expectSound(to, as: from, in: workspace)
          }
          func work(_ node: Node, _ arguments: String...) async throws {
            try await git(node.path("repository"), arguments, in: workspace)
          }

          try await git(a.root, ["clone", "--quiet", upstream, "repository"], in: workspace)
          try await settle(a, b)

          try write(a.path("repository/src/file 1"), "changed\n")
          try write(a.path("repository/new/file"), "new\n")
          try await work(a, "add", "--all")
          try await work(a, "commit", "--quiet", "--message", "on the first node")
          try await work(a, "tag", "--annotate", "v1", "--message", "a tag")
          try await settle(a, b)

          // Branches take files away and bring them back; a merge.
          try await work(a, "checkout", "--quiet", "-b", "topic", "origin/older")
          try write(a.path("repository/topic"), "topic\n")
          try await work(a, "add", "--all")
          try await work(a, "commit", "--quiet", "--message", "on a branch")
          try await settle(a, b)
          try await work(a, "checkout", "--quiet", "main")
          try await work(a, "merge", "--quiet", "--no-edit", "topic")
          // Everything into one pack; the loose objects and the refs' files go.
          try await work(a, "gc", "--quiet", "--prune=now")
          try await settle(a, b)

          // The other node takes over.
          try write(b.path("repository/src/file 2"), "changed on the second node\n")
          try await work(b, "commit", "--quiet", "--all", "--message", "on the second node")
          try await work(b, "checkout", "--quiet", "topic")
          try await work(b, "rebase", "--quiet", "main")
          try await settle(b, a)
          for node in [a, b] {
            #expect(node.snapshot().entries.keys.allSatisfy { !$0.text.contains("(conflict ") })
            #expect(try await node.stopped() == .exited(0))
          }
        }
      }
    }
  }
}
