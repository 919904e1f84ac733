import Foundation
import Martlet
import Testing

extension FleetTests {
  /// Must hold 4 of CloudFront: few invalidations, a missing distribution is told, none is lost.
  @Suite struct CloudFront {
    @Test(.limit(minutes: 3)) func aBurstMakesAtMostTwoInvalidations() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.moto, in: workspace) { server in
          let distribution = try await Distribution.create(on: server, in: workspace)
          let a = try Node(
            "a", in: workspace, server: server,
            options: ["--cf-dist-id", distribution.id, "--cf-inval-paths", "changed"])
          try await a.started()
          for number in 0..<500 { try write(a.path("burst/file \(number)"), "content \(number)") }
          try await a.status("told of the burst", within: .seconds(120)) {
            $0.committed["uploaded"] == 500 && $0.invalidation?.waiting == 0 && $0.state == .idle
          }
          let burst = try await distribution.invalidations()
          #expect((1...2).contains(burst.count))
          // The folder's own marker came and went with its first file, or never was.
          let paths = burst.flatMap(\.paths).filter { $0 != "/tree/burst/" }
          #expect(Set(paths) == Set((0..<500).map { "/tree/burst/file%20\($0)" }))

          let before = try #require(try a.status()?.invalidation?.accepted)
          try move(a.path("burst/file 0"), a.path("burst/über"))
          try remove(a.path("burst/file 1"))
          chmod(a.path("burst/file 2"), 0o600)
          try await a.status("told of what is gone and renamed") {
            guard let invalidation = $0.invalidation, $0.state == .idle else { return false }
            return invalidation.accepted > before && invalidation.waiting == 0
              && $0.committed["deletedRemote"] == 1 && $0.committed["metadataUploaded"] == 1
          }
          #expect(try await a.stopped() == .exited(0))
          let rest = try await distribution.invalidations().dropFirst(burst.count).flatMap(\.paths)
          #expect(
            Set(rest) == [
              "/tree/burst/file%200", "/tree/burst/%C3%BCber", "/tree/burst/file%201", "/tree/burst/file%202",
            ])
        }
      }
    }

    @Test(.limit(minutes: 2)) func distributionIsCheckedAndOnceWaits() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.moto, in: workspace) { server in
          let distribution = try await Distribution.create(on: server, in: workspace)
          let lost = try Node("lost", in: workspace, server: server, options: ["-c", "EMISSING"])
          try write(lost.path("file"), "content")
          let refused = try await lost.once(expecting: .exited(1))
          #expect(refused.log.contains("EMISSING"))
          let continuous = try lost.launched()
          #expect(try await continuous.ended() == .exited(1))
          #expect(try await server.bucket.objects().isEmpty)

          // The drop-in tells everything that is wrong at once.
          let program = [try Programs.martlet(), "s3-sync2", "-c", "EMISSING", "--endpoint-url", server.url]
          for (folder, bucket) in [("/nonexistent/folder", "no-such-bucket"), (lost.root, "no-such-bucket")] {
            let run = try await ProcessTests.finished(
              program + [folder, "s3://\(bucket)/x"], in: workspace, environment: TestServer.awsVariables)
            #expect(run.end == .exited(1))
            for text in [folder == lost.root ? "" : folder, bucket, "EMISSING"] where !text.isEmpty {
              #expect(run.output.contains(text), "\(run.output)")
            }
          }

          let up = try Node("up", in: workspace, server: server, options: ["--cf-dist-id", distribution.id])
          try write(up.path("file"), "content")
          try await up.once()
          #expect(try await distribution.invalidations().map(\.paths) == [["/*"]])
          // Nothing changed: nothing is told.
          try await up.once()
          let down = try Node("down", in: workspace, server: server, options: up.options)
          try await down.once()
          #expect(distribution.requests == 1)
          let always = try Node(
            "always", in: workspace, server: server,
            options: ["--cf-inval-always", "--cf-inval-paths", "/a /b/*"],
            environment: ["MARTLET_CF_DIST_ID": distribution.id])
          try await always.once()
          #expect(try await distribution.invalidations().last?.paths == ["/a", "/b/*"])
          #expect(distribution.requests == 2)
        }
      }
    }

    /// CloudFront is away for a while: one node goes on, one is ended in order, one is killed. What a minute does to
    /// the pauses is tested in virtual time; `MARTLET_TEST_OUTAGE=60` makes it a real one.
    @Test(.limit(minutes: 3)) func nothingIsLostWhileCloudFrontIsAway() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.moto, in: workspace) { server in
          let proxy = try await BadProxy(
            serverPort: Int(server.port),
            plan: ProxyPlan(seed: 1, badness: 1, faults: [.cutBeforeReply], patience: 0...0))
          proxy.mode = .good
          try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await proxy.run() }
            defer { group.cancelAll() }
            try await away(proxy, server, workspace)
          }
        }
      }
    }

    private func away(_ proxy: BadProxy, _ server: TestServer, _ workspace: Workspace) async throws {
      var distributions: [Distribution] = []
      var nodes: [Node] = []
      for name in ["goes-on", "stopped", "killed"] {
        let distribution = try await Distribution.create(on: server, in: workspace)
        distributions.append(distribution)
        nodes.append(
          try Node(
            name, in: workspace, server: server, prefix: name,
            options: [
              "--cf-dist-id", distribution.id, "--cf-inval-paths", "changed", "--shutdown-timeout", "3",
            ], environment: ["AWS_ENDPOINT_URL_CLOUDFRONT": proxy.url]))
      }
      for node in nodes { try await node.started() }
      proxy.mode = .down
      let clock = ContinuousClock()
      let down = clock.now
      for node in nodes { try write(node.path("first"), "content") }
      for node in nodes {
        try await node.status("the failure is told") {
          $0.committed["uploaded"] == 1 && $0.invalidation?.problem != nil && $0.invalidation?.waiting == 1
            && $0.invalidation?.secondsToNextTry != nil
        }
        _ = try await node.process?.line(containing: "failed and is tried again in")
      }
      #expect(try await nodes[1].stopped() == .exited(1))
      #expect(nodes[1].process?.log.contains("has not heard of the last changes") == true)
      try await nodes[2].killed()
      // Syncing starts and goes on without CloudFront.
      for node in nodes[1...] {
        try await node.started()
        _ = try await node.process?.line(containing: "could not be checked")
        try write(node.path("second"), "content")
        try await node.status("the second file is there") { $0.committed["uploaded"] == 1 }
      }
      let outage = ProcessInfo.processInfo.environment["MARTLET_TEST_OUTAGE"].flatMap { Int($0) } ?? 0
      try await clock.sleep(until: down + .seconds(outage))
      #expect(distributions.allSatisfy { $0.requests == 0 })
      proxy.mode = .good
      for node in nodes {
        try await node.status("CloudFront has heard of everything") {
          $0.invalidation.map { $0.accepted > 0 && $0.waiting == 0 && $0.problem == nil } ?? false
        }
      }
      let told = try await distributions.asyncMap { Set(try await $0.invalidations().flatMap(\.paths)) }
      #expect(told == [["/goes-on/first"], ["/stopped/first", "/stopped/second"], ["/killed/*"]])
      try await losingReplies(proxy, nodes[0], distributions[0])
      for node in nodes { _ = try await node.stopped() }
    }

    /// The server takes a request whose reply is lost: the next one, after a restart, has the same reference.
    private func losingReplies(_ proxy: BadProxy, _ node: Node, _ distribution: Distribution) async throws {
      let before = distribution.requests
      proxy.mode = .bad
      try write(node.path("late"), "content")
      try await eventually("a request arrives") { distribution.requests > before }
      #expect(try await node.stopped() == .exited(1))
      proxy.mode = .good
      let sent = distribution.requests
      try await node.once("--dryrun")
      #expect(distribution.requests == sent)
      try await node.started()
      try await node.status("the reply came") { $0.invalidation?.accepted == 1 && $0.invalidation?.waiting == 0 }
      let late = try await distribution.invalidations().dropFirst(before)
      #expect(late.count > 1)
      #expect(Set(late.map(\.reference)).count == 1)
      #expect(late.allSatisfy { $0.paths == ["/goes-on/late"] })
    }
  }
}

extension Sequence {
  fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async throws -> [Result] {
    var results: [Result] = []
    for element in self { results.append(try await transform(element)) }
    return results
  }
}
