import AWSKit
import EmbeddedS3
import Foundation
import Martlet
import Testing

private let folder = "tree/.martlet/journal/"

extension FleetTests {
  /// `--journal`: nodes that tell each other what they changed.
  @Suite struct Journal {
    /// Nothing but the journal tells of anything: polls come once an hour.
    private static let options = ["--poll", "3600", "--journal"]

    private func started(
      _ names: [String], in workspace: Workspace, _ server: TestServer, _ more: [String] = []
    ) async throws -> [Node] {
      let nodes = try names.map { try Node($0, in: workspace, server: server, options: Self.options + more) }
      for node in nodes { try await node.started() }
      return nodes
    }

    private func entries(on server: TestServer) async throws -> [PathKey: Bucket.Object] {
      try await server.bucket.objects(folder)
    }

    @Test(.limit(minutes: 3), arguments: TestServer.Kind.conditional)
    func nodesHearOfEachOther(_ kind: TestServer.Kind) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let nodes = try await started(["a", "b", "c"], in: workspace, server)
          let (a, b, c) = (nodes[0], nodes[1], nodes[2])
          try write(a.path("from a/ü b+c%20"), "a")
          try write(b.path("from b"), "b")
          for node in [b, c] { try await equal(a, node) }
          #expect(exists(c.path("from a/ü b+c%20")) && exists(c.path("from b")))
          // Changes of both kinds, and folders that go with their last file.
          removeTree(b.path("from a"))
          try move(a.path("from b"), a.path("renamed"))
          try write(c.path("from c"), "c")
          for node in [b, c] {
            try await eventually("\(node.name) has it all") {
              let names = Set(node.snapshot().entries.keys.map(\.text))
              return names == ["renamed", "from c"] ? nil : "\(names)"
            }
          }
          // More than one entry names.
          for number in 0..<60 {
            try write(a.path("many/" + (1...12).map { "\(number * $0 * 7919)" }.joined(separator: "-")), "\(number)")
          }
          for node in [b, c] { try await equal(a, node) }
          #expect(c.snapshot().entries.count == 63)

          let (report, other) = (try #require(try b.status()?.journal), try #require(try a.status()?.journal))
          #expect(report.state == .live && report.problem == nil && report.gaps == 0 && report.read > 0)
          #expect(other.written > 0)
          // What one has been told of he does not tell again.
          try await a.settled()
          let written = try a.status()?.journal?.written
          try write(b.path("last"), "b")
          for node in [a, c] { try await equal(b, node) }
          #expect(try a.status()?.journal?.written == written)
          // A transfer that is cut off is not in sync.
          for node in nodes { try await node.settled() }
          for object in try await entries(on: server) {
            #expect(object.value.size == 0 && object.key.text.hasSuffix("/"))
          }
          for node in nodes { #expect(try await node.stopped() == .exited(0)) }
        }
      }
    }

    /// A run that is killed before it told what it committed tells it when it starts again.
    @Test(.limit(minutes: 3)) func whatWasNotToldIsToldByTheNextRun() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let nodes = try await started(["a", "b"], in: workspace, server)
          let (a, b) = (nodes[0], nodes[1])
          let host = try #require(server.embedded?.server)
          host.faults.add(Fault(.status(503, code: "SlowDown"), on: [.putObject], key: folder + "*"))
          try write(a.path("file"), "a")
          try await eventually("it is in the bucket") { !(try await server.bucket.objects("tree/file")).isEmpty }
          try await a.status("could not tell it") { $0.journal?.state == .failing && $0.journal?.waiting == 1 }
          try await a.killed()
          host.faults.faults = []
          #expect(!exists(b.path("file")))
          try await a.started()
          try await eventually("b hears of it") { exists(b.path("file")) }
          for node in nodes { #expect(try await node.stopped() == .exited(0)) }
        }
      }
    }

    /// Nobody waits for a journal that does not work.
    @Test(.limit(minutes: 3)) func syncGoesOnWithoutIt() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let host = try #require(server.embedded?.server)
          host.faults.add(Fault(.status(403, code: "AccessDenied"), key: folder + "*"))
          let node = try Node("a", in: workspace, server: server, options: ["--journal"])
          try await node.started()
          try write(node.path("file"), "a")
          try await eventually("it is in the bucket") { !(try await server.bucket.objects("tree/file")).isEmpty }
          try await server.bucket.put("tree/other", "b".utf8)
          try await eventually("polls go on") { exists(node.path("other")) }
          try await node.status("tells why") { $0.journal?.state == .failing && $0.journal?.problem != nil }
          host.faults.faults = []
          try await node.status("it works again") { $0.journal?.state == .live && $0.journal?.waiting == 0 }
          #expect(try await node.stopped() == .exited(0))
        }
      }
    }

    /// `aws s3 sync` of the prefix neither shows entries nor copies them; who removes them breaks nothing.
    /// `MARTLET_JOURNAL_SILENCE`: 1 waits for the minute after which nodes see that they are gone.
    @Test(.limit(minutes: 3)) func otherToolsPassItOver() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.moto, in: workspace) { server in
          let nodes = try await started(["a", "b"], in: workspace, server, ["--shutdown-timeout", "5"])
          let (a, b) = (nodes[0], nodes[1])
          try write(a.path("file"), "a")
          try await equal(a, b)
          try await server.bucket.put(folder + "a note", "of somebody else".utf8)
          try await server.bucket.put(folder + "0000000000000001", "of somebody else".utf8)
          let before = try await entries(on: server)
          #expect(before.count > 2)

          func aws(_ words: String...) async throws -> String {
            let run = try await ProcessTests.finished(
              [try Programs.python("aws"), "--endpoint-url", server.url, "s3"] + words, in: workspace,
              environment: TestServer.awsVariables.merging(["PATH": "/usr/bin:/bin", "HOME": workspace.path]) { $1 })
            #expect(run.end == .exited(0), "\(run.output)")
            return run.output
          }
          let copy = try workspace.folder("copy")
          let location = "s3://\(TestServer.bucketName)/tree"
          _ = try await aws("sync", location, copy, "--delete", "--exclude", "*note", "--exclude", "*0001")
          #expect(names(in: copy) == ["file"])
          try write(copy + "/from aws", "c")
          // Entries are nothing that is missing here.
          _ = try await aws("sync", copy, location, "--delete", "--exclude", "*note", "--exclude", "*0001")
          #expect(try await entries(on: server) == before)
          #expect(try await aws("ls", location + "/").contains("from aws"))

          // Somebody removes everything.
          _ = try await aws("rm", "--recursive", "s3://\(TestServer.bucketName)/\(folder)", "--exclude", "*note")
          #expect(try await entries(on: server).keys.map(\.text) == [folder + "a note"])
          try write(b.path("after"), "b")
          try await eventually("a hears of it") { exists(a.path("after")) }
          if ProcessTests.scale("MARTLET_JOURNAL_SILENCE", default: 0) > 0 {
            // Nobody told of what the AWS CLI wrote: it is found by the look at everything.
            for node in nodes {
              try await eventually("\(node.name) looks at everything", within: .seconds(90)) {
                exists(node.path("from aws"))
              }
            }
          }
          // Whoever comes later reads on where the others are.
          let c = try Node("c", in: workspace, server: server, options: Self.options)
          try await c.started()
          try write(c.path("from c"), "c")
          for node in nodes {
            try await eventually("\(node.name) hears of c") { exists(node.path("from c")) }
          }
          #expect(try await c.stopped() == .exited(0))
          try write(a.path("again"), "a")
          try await eventually("b hears of it") { exists(b.path("again")) }
          #expect(try await server.bucket.get(folder + "a note") == Array("of somebody else".utf8))
          for node in nodes { #expect(try await node.stopped() == .exited(0)) }
        }
      }
    }

    /// Also elsewhere in the bucket, also where the clock is wrong, also by runs that end and by those that only read.
    @Test(.limit(minutes: 3)) func nodesOfAllKindsTakePart() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let place = ["--journal-prefix", "fleet/journal"]
          let reader = try Node(
            "reader", in: workspace, server: server, options: ["--poll", "3600", "--only-down"] + place)
          try await reader.started()
          let clock = try await ShiftedClock(in: workspace)
          let late = try Node(
            "late", in: workspace, server: server, options: ["--poll", "3600"] + place,
            environment: clock.environment)
          try clock.set(-30 * 86_400)
          try await late.started()
          try write(late.path("late"), "a month ago")
          try await eventually("the reader hears of it") { exists(reader.path("late")) }
          let once = try Node("once", in: workspace, server: server, options: place)
          try write(once.path("once"), "o")
          try await once.once()
          for node in [reader, late] {
            try await eventually("\(node.name) hears of the run that ended") { exists(node.path("once")) }
          }
          #expect(try await server.bucket.objects("fleet/journal/").count == 2)
          #expect(try await entries(on: server).isEmpty)
          #expect(try reader.status()?.journal?.written == 0)
          for node in [reader, late] { #expect(try await node.stopped() == .exited(0)) }
        }
      }
    }
  }
}
