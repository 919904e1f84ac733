import EmbeddedS3
import Foundation
import Testing

extension ProcessTests {
  /// Must hold 4: killed at any moment and started again.
  @Suite struct Kill {
    /// `MARTLET_TORTURE_KILLS` and `MARTLET_TORTURE_MIB` make it longer and larger.
    @Test(.limit(minutes: 10), arguments: TestServer.Kind.allCases)
    func uploaderAtRandomMoments(_ kind: TestServer.Kind) async throws {
      let kills = ProcessTests.scale("MARTLET_TORTURE_KILLS", default: kind == .embedded ? 6 : 3)
      let mebibytes = ProcessTests.scale("MARTLET_TORTURE_MIB", default: 64)
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let a = try Node("a", in: workspace, server: server)
          let b = try Node("b", in: workspace, server: server)
          for number in 0..<200 { try write(a.path("small/\(number)"), "first \(number)\n") }
          let large = noise(mebibytes << 20, seed: 4)
          try write(a.path("large"), large)
          try await b.started()
          for round in 0..<kills {
            try a.launched()
            // A busy run: files come, change, move and go while it is sent.
            try change(a, round)
            try await Task.sleep(for: .milliseconds(Int.random(in: 10...2500)))
            try await a.killed()
            try change(a, round + 1000)
          }
          let written = a.snapshot()
          try await a.started(within: .seconds(300))
          try await a.settled(within: .seconds(300))
          #expect(a.snapshot().difference(from: written, names: ("after", "written")) == nil)
          try await equal(a, b, within: .seconds(120))
          try await a.stopped()
          try await b.stopped()
          try await expectNothingLeft(server, [a, b])
        }
      }
    }

    /// The other side: killed while it downloads.
    @Test(.limit(minutes: 10), arguments: TestServer.Kind.allCases)
    func downloaderAtRandomMoments(_ kind: TestServer.Kind) async throws {
      let kills = ProcessTests.scale("MARTLET_TORTURE_KILLS", default: kind == .embedded ? 6 : 3)
      let mebibytes = ProcessTests.scale("MARTLET_TORTURE_MIB", default: 64)
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let a = try Node("a", in: workspace, server: server)
          let b = try Node("b", in: workspace, server: server)
          for number in 0..<200 { try write(a.path("small/\(number)"), "first \(number)\n") }
          try write(a.path("large"), noise(mebibytes << 20, seed: 5))
          try await a.started(within: .seconds(300))
          for round in 0..<kills {
            try b.launched()
            try change(a, round)
            try await Task.sleep(for: .milliseconds(Int.random(in: 10...2500)))
            try await b.killed()
          }
          try write(a.path("large"), noise(mebibytes << 20, seed: 6))
          let written = a.snapshot()
          try b.launched()
          try await Task.sleep(for: .milliseconds(Int.random(in: 500...3000)))
          try await b.killed()
          try await a.settled(within: .seconds(300))
          try await b.started(within: .seconds(300))
          try await equal(a, b, within: .seconds(120))
          // A file that had come but was not yet recorded when b was killed is new to b: deleted at a meanwhile, it
          // comes back.
          var arrived = b.snapshot()
          arrived.entries = arrived.entries.filter { written.entries[$0.key] != nil }
          let difference =
            b.keepsAll
            ? arrived.difference(from: written, names: ("b", "written"))
            : arrived.onlyContents.difference(from: written.onlyContents, names: ("b", "written"))
          #expect(difference == nil)
          try await a.stopped()
          try await b.stopped()
          try await expectNothingLeft(server, [a, b])
        }
      }
    }

    /// What a server can do is found out with objects and uploads of its own.
    @Test(.limit(minutes: 1)) func whileItProbesTheServer() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let node = try Node("a", in: workspace, server: server)
          let faults = try #require(server.embedded?.server?.faults)
          faults.add(Fault(.delay(milliseconds: 60_000), on: [.uploadPart]))
          try node.launched()
          try await eventually("an upload is begun") { try await !server.bucket.unfinishedUploads().isEmpty }
          try await node.killed()
          faults.removeAll()
          try await node.once()
          #expect(try await server.bucket.unfinishedUploads() == [])
          #expect(try await server.bucket.objects().keys.map(\.text) == [])
        }
      }
    }

    /// New and changed contents, metadata alone, renames of files and folders, deletions of both.
    private func change(_ node: Node, _ round: Int) throws {
      try write(node.path("small/\(round % 200)"), "changed in round \(round)\n")
      try write(node.path("small/new \(round)"), "new in round \(round)\n")
      try write(node.path("medium \(round % 3)"), noise(3 << 20, seed: UInt64(round)))
      let old = node.path("small/new \(round - 1)")
      if exists(old) { try move(old, node.path("moved \(round - 1)")) }
      let older = node.path("moved \(round - 2)")
      if exists(older) { try remove(older) }
      for number in 0..<20 { chmod(node.path("small/\((round * 7 + number) % 200)"), round % 2 == 0 ? 0o600 : 0o640) }
      var times = [timespec(tv_sec: 1_600_000_000 + round, tv_nsec: 1000), timespec()]
      times[1] = times[0]
      utimensat(AT_FDCWD, node.path("small/\((round + 50) % 200)"), &times, 0)
      for number in 0..<15 { try write(node.path("folder \(round)/\(number % 3)/\(number)"), "in a folder\n") }
      let folder = node.path("folder \(round - 1)")
      if exists(folder) { try move(folder, node.path("renamed \(round - 1)")) }
      removeTree(node.path("renamed \(round - 2)"))
    }

    private func expectNothingLeft(_ server: TestServer, _ nodes: [Node]) async throws {
      // What rclone cannot do: it has no ListMultipartUploads.
      if server.kind != .rclone { #expect(try await server.bucket.unfinishedUploads() == []) }
      for node in nodes {
        #expect(node.temporaryFiles() == [])
        #expect(node.snapshot().entries.keys.allSatisfy { !$0.text.contains(".martlet-tmp.") })
      }
    }
  }
}

extension Node {
  /// What lies in the folders for unfinished downloads.
  func temporaryFiles() -> [String] {
    let state = path(".martlet")
    return names(in: state).flatMap { remote in
      (["\(remote)/tmp"] + (remote == "tmp" ? ["tmp"] : [])).flatMap { folder in
        names(in: "\(state)/\(folder)").map { "\(folder)/\($0)" }
      }
    }
  }
}
