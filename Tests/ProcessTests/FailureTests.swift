import AWSKit
import EmbeddedS3
import Foundation
import Martlet
import NIOHTTP1
import Testing

extension ProcessTests {
  /// Must hold 7: what goes wrong around Martlet is said clearly, and is over when its cause is.
  @Suite struct Failures {
    @Test(.limit(minutes: 2))
    func serverIsAway() async throws {
      let outage = ProcessTests.scale("MARTLET_OUTAGE_SECONDS", default: 5)
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace, asProcess: true) { server in
          let (a, b) = (try Node("a", in: workspace, server: server), try Node("b", in: workspace, server: server))
          try write(a.path("before"), "before\n")
          try await a.started()
          try await b.started()
          try await server.interrupted(in: workspace) {
            try write(a.path("during a"), "during\n")
            try write(b.path("during b"), "during\n")
            try remove(a.path("before"))
            _ = try await a.process?.line { $0.contains("cannot connect") || $0.contains("closed the connection") }
            // What is not in sync is visible.
            try await a.status("the failure shows") { $0.pending > 0 && $0.lastError != nil }
            try await Task.sleep(for: .seconds(outage))
          }
          try await equal(a, b, within: .seconds(60))
          #expect(exists(a.path("during b")) && exists(b.path("during a")) && !exists(b.path("before")))
        }
      }
    }

    /// Moto keeps no checksum of the whole of what was sent in parts: the hash of their hashes must do.
    @Test(.timeLimit(.minutes(2)))
    func partsAreDamagedOnTheWay() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.moto, in: workspace) { server in
          let proxy = try await BadProxy(
            serverPort: Int(server.port),
            plan: ProxyPlan(seed: 1, badness: 1, faults: [.corruptReplyBody], patience: 0...0)
          ) { $0.first(name: "ETag")?.contains("-") ?? false }
          try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await proxy.run() }
            defer { group.cancelAll() }
            let a = try Node("a", in: workspace, server: server)
            let b = try Node("b", in: workspace, server: server, url: proxy.url)
            let bytes = noise(20 << 20, seed: 7)
            try write(a.path("large"), bytes)
            try await a.once()
            try await b.started()
            _ = try await b.process?.line(containing: "not what its checksum says")
            #expect(!exists(b.path("large")))
            proxy.mode = .good
            try await equal(a, b)
            #expect(read(b.path("large")) == bytes)
          }
        }
      }
    }

    /// What keeps a run from its first pass ends it, with a message that says what to look at.
    @Test(.limit(minutes: 1))
    func wrongStarts() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          func fails(
            _ name: String, environment: [String: String] = [:], root: String? = nil, options: [String] = [],
            naming words: [String], with end: Child.End = .exited(2), sourceLocation: SourceLocation = #_sourceLocation
          ) async throws {
            let node = try Node(
              name, in: workspace, server: server, root: root, options: options, environment: environment)
            try write(workspace.path + "/\(name)-marker", "")
            let run = try await node.once(expecting: nil, within: .seconds(40))
            #expect(run.poll() == end, "\(run.log)", sourceLocation: sourceLocation)
            for word in words { #expect(run.log.contains(word), "\(run.log)", sourceLocation: sourceLocation) }
            #expect(!run.log.contains("not-the-secret"), sourceLocation: sourceLocation)
          }
          try await fails(
            "secret", environment: ["AWS_SECRET_ACCESS_KEY": "not-the-secret-of-anybody"], naming: ["credentials"])
          try await fails("key", environment: ["AWS_ACCESS_KEY_ID": "AKIDNOBODY"], naming: ["credentials"])
          try await fails(
            "none",
            environment: ["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"],
            naming: ["AWS_ACCESS_KEY_ID"])
          try await fails("missing", root: workspace.path + "/no such folder", naming: ["no such folder"])
          try await fails("file", root: workspace.path + "/secret-marker", naming: ["secret-marker"])
          try await fails("option", options: ["--conflict", "sometimes"], naming: ["--conflict"], with: .exited(64))
          try await fails(
            "endpoint", options: ["--endpoint-url", "nonsense"], naming: ["--endpoint-url"], with: .exited(64))
          try await fails("location", options: ["s3://other/x"], naming: ["one S3 location"], with: .exited(64))
        }
      }
    }

    @Test(.limit(minutes: 1), arguments: TestServer.Kind.conditional)
    func wrongBucket(_ kind: TestServer.Kind) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let node = try Node("a", in: workspace, server: server)
          let command = [
            try Programs.martlet(), "sync", node.root, "s3://no-such-bucket/x", "--once", "--endpoint-url", server.url,
          ]
          let (end, output) = try await ProcessTests.finished(
            command, in: workspace, environment: TestServer.awsVariables)
          #expect(end == .exited(2))
          #expect(output.contains("no-such-bucket") && output.contains("S3 URI"), "\(output)")
        }
      }
    }

    /// Permissions that are missing at the start, or go and come back later.
    @Test(.limit(minutes: 2))
    func deniedRequests() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let faults = try #require(server.embedded?.server?.faults)
          let node = try Node("a", in: workspace, server: server)
          try write(node.path("file"), "content\n")
          let denied = Fault.Action.status(403, code: "AccessDenied")
          faults.add(Fault(denied, on: [.listObjectsV2]))
          let noList = try await node.once(expecting: .exited(2))
          #expect(noList.log.contains("s3:ListBucket"), "\(noList.log)")
          faults.removeAll()
          faults.add(
            Fault(denied, on: [.putObject, .createMultipartUpload, .deleteObject, .deleteObjects, .copyObject]))
          let noWrite = try await node.once(expecting: nil)
          #expect(noWrite.poll() != .exited(0))
          #expect(noWrite.log.contains("s3:PutObject"), "\(noWrite.log)")
          faults.removeAll()

          try await node.started()
          faults.add(Fault(denied, on: [.putObject]))
          try write(node.path("denied"), "denied\n")
          _ = try await node.process?.line { $0.contains("denied") && $0.contains("s3:PutObject") }
          faults.removeAll()
          try await eventually("the file is sent when the permission is back", within: .seconds(60)) {
            try await server.bucket.objects()[PathKey("tree/denied")] != nil ? nil : "not there"
          }
          faults.add(Fault(denied, on: [.listObjectsV2]))
          _ = try await node.process?.line { $0.contains("s3:ListBucket") }
          faults.removeAll()
          try await server.bucket.put("tree/later", "later\n".utf8)
          try await eventually("it goes on", within: .seconds(60)) {
            exists(node.path("later")) ? nil : "nothing arrived"
          }
        }
      }
    }

    /// A folder in which this user may not write: what changes there elsewhere cannot arrive, what is there is sent.
    @Test(.limit(minutes: 2))
    func readOnlyRoot() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let martlet = try await Unprivileged.martlet(in: workspace)
          func node(_ name: String, _ options: [String] = []) throws -> Node {
            try Node(
              name, in: workspace, server: server, options: options, environment: martlet.environment,
              program: martlet.program)
          }
          let node1 = try node("a")
          try write(node1.path("file"), "content\n")
          Unprivileged.own(node1.root)
          chmod(node1.root, 0o555)
          let refused = try await node1.once(expecting: .exited(2))
          #expect(refused.log.contains("Permission denied") && refused.log.contains("writable"), "\(refused.log)")

          // The state elsewhere; then a folder in it that turns read-only while it runs.
          chmod(node1.root, 0o755)
          let node2 = try node("a")
          try makeFolder(node2.path("fixed"))
          try write(node2.path("fixed/old"), "old\n")
          Unprivileged.own(node2.path("fixed"))
          try await node2.started()
          try await node2.settled()
          chmod(node2.path("fixed"), 0o555)
          try await server.bucket.put("tree/fixed/new", "new\n".utf8)
          try await server.bucket.put("tree/elsewhere", "elsewhere\n".utf8)
          _ = try await node2.process?.line { $0.contains("fixed/new") && $0.contains("Permission denied") }
          try await eventually("the rest goes on") { exists(node2.path("elsewhere")) ? nil : "nothing arrived" }
          chmod(node2.path("fixed"), 0o755)
          try await eventually("it arrives when it may", within: .seconds(60)) {
            text(node2.path("fixed/new")) == "new\n" ? nil : "not there"
          }
        }
      }
    }
  }
}
