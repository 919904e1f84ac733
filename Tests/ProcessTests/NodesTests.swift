import Foundation
import Martlet
import Testing

extension FleetTests {
  /// Nodes of one prefix that have the same id, as those of one image.
  @Suite struct Nodes {
    private func list(_ place: String, _ more: [String], in workspace: Workspace) async throws -> String {
      let (end, output) = try await ProcessTests.finished(
        [try Programs.martlet(), "nodes", place] + more, in: workspace, environment: TestServer.awsVariables)
      try #require(end == .exited(0), "\(output)")
      return output
    }

    @Test(.limit(minutes: 2)) func theyAreToldApartAndListed() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          func node(_ folder: String) throws -> Node {
            try Node("same", in: workspace, server: server, root: try workspace.folder(folder), options: ["--dfs"])
          }
          let (a, b) = (try node("a"), try node("b"))
          for node in [a, b] { try node.launched() }
          for node in [a, b] { try await node.status("has synced") { $0.isReady } }
          let ids = try [a, b].map { try #require(try $0.status()?.node) }
          #expect(Set(ids).count == 2 && ids.contains("same") && ids.allSatisfy { $0.hasPrefix("same") })

          // After a kill as well.
          for node in [a, b] { try await node.killed() }
          for node in [b, a] { try node.launched() }
          for node in [a, b] { try await node.status("has synced") { $0.isReady } }
          #expect(try [a, b].map { try $0.status()?.node } == ids)

          try write(a.path("file"), "content")
          try await equal(a, b)
          let options = ["--json", "--endpoint-url", server.url]
          try await eventually("both have told of their passes") {
            let seen = try await [list(a.root, ["--json"], in: workspace), list(a.location, options, in: workspace)]
            let nodes = try seen.map { text in
              try text.split(separator: "\n").map {
                try JSONDecoder().decode(StatusReport.Node.self, from: Data($0.utf8))
              }
            }
            let isComplete = nodes.allSatisfy { nodes in
              Set(nodes.map(\.node)) == Set(ids) && nodes.allSatisfy { $0.isLive && $0.secondsSinceLastPass != nil }
            }
            return isComplete ? nil : "\(seen)"
          }
          #expect(try await list(b.root, [], in: workspace).split(separator: "\n").count == 3)

          // To others there are no such files, whichever way they sync.
          let other = try workspace.folder("other")
          func awsSync(_ from: String, _ to: String) async throws {
            let (end, output) = try await ProcessTests.finished(
              [try Programs.python("aws"), "--endpoint-url", server.url, "s3", "sync", from, to, "--delete"],
              in: workspace, environment: TestServer.awsVariables)
            #expect(end == .exited(0), "\(output)")
          }
          try await awsSync(a.location, other)
          #expect(exists(other + "/file") && !exists(other + "/.martlet"))
          try await awsSync(other, a.location)
          let folder = "tree/.martlet/nodes/"
          #expect(Set(try await server.bucket.objects(folder).keys.map(\.text)) == Set(ids.map { "\(folder)\($0)/" }))

          for node in [a, b] { #expect(try await node.stopped() == .exited(0)) }
          #expect(try await server.bucket.objects(folder).isEmpty)
        }
      }
    }

    /// Where nobody shares anything nothing is left in the bucket.
    @Test(.limit(minutes: 1)) func withoutAFleetNothingIsTold() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let node = try Node("a", in: workspace, server: server)
          try await node.started()
          #expect(try await server.bucket.objects("tree/").isEmpty)
          let (end, output) = try await ProcessTests.finished(
            [try Programs.martlet(), "nodes", node.root], in: workspace, environment: TestServer.awsVariables)
          #expect(end == .exited(1) && output.contains("--dfs"), "\(output)")
          #expect(try await node.stopped() == .exited(0))
        }
      }
    }
  }
}
