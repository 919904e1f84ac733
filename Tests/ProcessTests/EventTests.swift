import Foundation
import Martlet
import Testing

extension FleetTests {
  /// Events in place of polls: what one node does the others hear of, and nothing is left behind.
  @Suite struct Events {
    /// Somebody else's rule has nothing to do with us, or stands in the way.
    @Test(.limit(minutes: 3), arguments: TestServer.Kind.withEvents, ["sns", "eventbridge"])
    func nodesHearOfEachOther(_ kind: TestServer.Kind, _ route: String) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          try await EventCarriers.ofSomeoneElse(route == "sns" ? "logs/" : "tree/", on: server, in: workspace)
          let before = try await EventCarriers.look(on: server, in: workspace)
          let nodes = try ["a", "b"].map { name in
            try Node(
              name, in: workspace, server: server,
              options: [
                "--poll", "3600", "--event-queue", "events-[uid]", "--event-queue-cleanup",
              ])
          }
          let (a, b) = (nodes[0], nodes[1])
          // At once: they do not undo what the other one makes.
          for node in nodes { try node.launched() }
          for node in nodes {
            try await node.status("hears of events", within: .seconds(90)) { $0.events?.state == .live && $0.isReady }
            #expect(try node.status()?.events?.route == route)
            try await node.settled()
          }
          let wired = try await EventCarriers.look(on: server, in: workspace)
          #expect(wired.queues == ["events-a", "events-b", "theirs"])
          #expect(wired.notifications.contains("theirs & co"))
          if route == "sns" {
            #expect(wired.topics.count == 2 && wired.subscriptions == wired.queues && wired.rules == before.rules)
          } else {
            #expect(wired.topics == before.topics && wired.subscriptions == before.subscriptions)
            #expect(wired.rules.values.map { $0 }.sorted { $0[0] < $1[0] } == wired.queues.map { [$0] })
          }

          // Nothing but events tells of it: the next poll is an hour away.
          try write(a.path("from a/ü b+c%20"), "a")
          try write(b.path("from b"), "b")
          try await server.bucket.put(
            "tree/from somebody/else", "c".utf8, metadata: ["mtime": "1700000000.000000000", "mode": "33188"])
          try await equal(a, b)
          #expect(b.snapshot().entries.count == 5)
          // What is deleted before it counts as synced comes again.
          for node in nodes { try await node.settled() }
          try remove(b.path("from a/ü b+c%20"))
          try move(a.path("from b"), a.path("renamed"))
          try await eventually("the deletion and the move arrive", within: .seconds(60)) {
            let names = [a, b].map { Set($0.snapshot().entries.keys.map(\.text)) }
            let isThere = names.allSatisfy { $0.contains("renamed") && !$0.contains("from b") }
            return isThere && names.allSatisfy { !$0.contains("from a/ü b+c%20") } ? nil : "\(names)"
          }
          try await a.settled()

          #expect(try await a.stopped() == .exited(0))
          let halved = try await EventCarriers.look(on: server, in: workspace)
          #expect(halved.queues == ["events-b", "theirs"])
          #expect(halved.topics == wired.topics && halved.notifications == wired.notifications)
          #expect(try await b.stopped() == .exited(0))
          #expect(try await EventCarriers.look(on: server, in: workspace) == before)
          let keys = try await server.bucket.objects("tree/.martlet/events").keys
          let canaries = try await server.bucket.objects("tree/.martlet/canary").keys
          #expect(keys.isEmpty && canaries.isEmpty)
        }
      }
    }

    private static let routes =
      ProcessInfo.processInfo.environment["MARTLET_EVENT_ROUTE"].map { [$0] } ?? ["sns", "eventbridge"]

    /// Must hold: changes on random nodes, also of the same files. More of both: `MARTLET_EVENT_NODES=8`,
    /// `MARTLET_EVENT_CHANGES=2000`, in bursts after which all trees are equal; `MARTLET_EVENT_ROUTE` is one of the two.
    @Test(
      .limit(minutes: 3 + ProcessTests.scale("MARTLET_EVENT_CHANGES", default: 0) / 50),
      arguments: TestServer.Kind.withEvents, routes)
    func aFleetAgreesWithoutPolls(_ kind: TestServer.Kind, _ route: String) async throws {
      let changes = ProcessTests.scale("MARTLET_EVENT_CHANGES", default: 50)
      let count = ProcessTests.scale("MARTLET_EVENT_NODES", default: 3)
      // Between scheduled looks at everything. Polls would come every second.
      let (interval, limit) = changes < 1000 ? (20, Duration.seconds(120)) : (30, .seconds(300))
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace, recording: true) { server in
          try await EventCarriers.ofSomeoneElse("logs/", on: server, in: workspace)
          let before = try await EventCarriers.look(on: server, in: workspace)
          let options = [
            "--event-queue", "fleet-[uid]", "--event-queue-cleanup", "--event-route", route, "--full-pass-every",
            "\(interval)s",
          ]
          let nodes = try (1...count).map { try Node("n\($0)", in: workspace, server: server, options: options) }
          try write(nodes[0].path("\(FleetUser.folder)/keep/file"), "so that it stays")
          for node in nodes { try node.launched() }
          for node in nodes {
            try await node.status("hears of events", within: .seconds(120)) { $0.events?.state == .live && $0.isReady }
          }
          for node in nodes { try await node.settled() }
          let (begin, initial) = (ContinuousClock.now, server.listings())

          let seed = UInt64.random(in: 0..<1 << 32)
          var user = FleetUser(seed: seed)
          for number in 1...changes {
            try user.change(nodes)
            try await Task.sleep(for: .milliseconds(20))
            guard number == changes || number % 100 == 0 else { continue }
            for _ in 0..<2 {
              for node in nodes.dropFirst() { try await equal(nodes[0], node, within: limit) }
              for node in nodes { try await node.settled(within: limit) }
            }
          }
          // The first of them follows the proof that events come. A pass is due up to a tenth earlier.
          let seconds = Int((ContinuousClock.now - begin) / .seconds(1))
          let (looks, scheduled) = (server.listings() - initial, count * (2 + seconds * 10 / (interval * 9)))
          #expect(looks <= scheduled, "after \(initial) at first, in \(seconds) s; seed \(seed), \(user.counts)")
          let files = nodes[0].snapshot().entries.filter { $0.value.content != .directory }.keys
          let keys = try await server.bucket.objects("tree/").keys.map { PathKey(String($0.text.dropFirst(5))) }
          #expect(Set(files) == Set(keys.filter { !$0.text.hasSuffix("/") && !$0.text.hasPrefix(".martlet/") }))
          if changes >= 1000 {
            let done = user.counts.map { "\($1) × \($0)" }.sorted().joined(separator: ", ")
            print("events by \(route): \(seconds) s, \(done); \(files.count) files, \(looks) looks of \(scheduled)")
          }

          for node in nodes { node.process?.send(SIGTERM) }
          for node in nodes { #expect(try await node.process?.ended(within: .seconds(60)) == .exited(0)) }
          #expect(try await EventCarriers.look(on: server, in: workspace) == before)
        }
      }
    }

    /// Must hold: events are hints. `MARTLET_EVENT_DELAY=180` holds them back for minutes.
    @Test(.limit(minutes: 3 + ProcessTests.scale("MARTLET_EVENT_DELAY", default: 0) / 12))
    func eventsThatAreLostDoubledLateOrReorderedChangeNothing() async throws {
      let delay = ProcessTests.scale("MARTLET_EVENT_DELAY", default: 8)
      try await Workspace.run { workspace in
        try await TestServer.run(.moto, in: workspace) { server in
          let options = ["--event-queue", "fleet-[uid]", "--full-pass-every", "\(delay * 2)s"]
          let nodes = try (1...3).map { try Node("n\($0)", in: workspace, server: server, options: options) }
          try write(nodes[0].path("\(FleetUser.folder)/keep/file"), "so that it stays")
          for node in nodes { try node.launched() }
          for node in nodes {
            try await node.status("hears of events", within: .seconds(120)) { $0.events?.state == .live && $0.isReady }
          }
          let thief = try await EventThief.begin("fleet-", seconds: delay, on: server, in: workspace)
          var user = FleetUser(seed: UInt64.random(in: 0..<1 << 32))
          for _ in 0..<40 {
            try user.change(nodes)
            try await Task.sleep(for: .milliseconds(100))
          }
          let limit = Duration.seconds(60 + delay * 6)
          for node in nodes.dropFirst() { try await equal(nodes[0], node, within: limit) }
          let stolen = try await thief.end()
          #expect(stolen.lost > 0 && stolen.doubled > 0 && stolen.late > 0, "\(stolen)")

          // What was held back is heard of now, and is long past.
          try await Task.sleep(for: .seconds(delay))
          for node in nodes { try await node.settled(within: limit) }
          let before = nodes[0].snapshot()
          for node in nodes { #expect(node.snapshot().difference(from: before) == nil, "\(node.name)") }
          let files = before.entries.filter { $0.value.content != .directory }.keys
          let keys = try await server.bucket.objects("tree/").keys.map { PathKey(String($0.text.dropFirst(5))) }
          #expect(Set(files) == Set(keys.filter { !$0.text.hasSuffix("/") && !$0.text.hasPrefix(".martlet/") }))
          for node in nodes { #expect(try await node.stopped() == .exited(0)) }
        }
      }
    }

    /// Each would hear half of what happens. The first one notices within minutes, see `EventFeedTests`.
    @Test(.limit(minutes: 2)) func aQueueOfTwoNodesIsToldOf() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.moto, in: workspace) { server in
          let nodes = try ["a", "b"].map { name in
            try Node(name, in: workspace, server: server, options: ["--poll", "2", "--event-queue", "same"])
          }
          try await nodes[0].started()
          try await nodes[0].status("hears of events") { $0.events?.state == .live }
          try await nodes[1].started()
          let line = try await nodes[1].process?.line(containing: "the queue same was read by the node a")
          #expect(line?.contains(" warning ") == true)
          // It polls until the other one must have noticed.
          try await server.bucket.put("tree/file", "1".utf8)
          try await eventually("the file arrives") { exists(nodes[1].path("file")) ? nil : "it is missing" }
          #expect(try nodes[1].status()?.events?.state == .listening)
          // The queue is its own when it comes back, and nobody takes events away.
          try await nodes[0].killed()
          #expect(try await nodes[1].stopped() == .exited(0))
          try await nodes[1].started()
          try await nodes[1].status("hears of events") { $0.events?.state == .live }
        }
      }
    }

    /// Also direct, also without clean-up, also by the drop-in's variable.
    @Test(.limit(minutes: 3), arguments: TestServer.Kind.withEvents)
    func aQueueThatVanishesIsMadeAgain(_ kind: TestServer.Kind) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(kind, in: workspace) { server in
          let node = try Node(
            "a", in: workspace, server: server,
            options: ["--poll", "3600", "--event-route", "sqs", "--cli-read-timeout", "4"],
            environment: ["MARTLET_EVENT_QUEUE": "direct"])
          try await node.started()
          try await node.status("hears of events") { $0.events?.state == .live && $0.events?.route == "sqs" }
          try await Boto.run(
            "sqs = client('sqs')\nsqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=argument)['QueueUrl'])",
            "direct", on: server, in: workspace)
          _ = try await node.process?.line(containing: "the queue is gone and is made again")
          // What happens while nobody listens is found by the look that follows.
          try await server.bucket.put("tree/meanwhile", "1".utf8)
          try await node.status("hears of events again") { $0.events?.state == .live }
          try await server.bucket.put("tree/later", "2".utf8)
          for name in ["meanwhile", "later"] {
            try await eventually("\(name) arrives", within: .seconds(60)) {
              access(node.path(name), F_OK) == 0 ? nil : "it is missing"
            }
          }
          #expect(try await node.stopped() == .exited(0))
          let left = try await EventCarriers.look(on: server, in: workspace)
          #expect(left.queues == ["direct"] && left.notifications.contains("direct"))
        }
      }
    }

    @Test(.limit(minutes: 2)) func withoutEventsPollingGoesOn() async throws {
      try await Workspace.run { workspace in
        // It has no queues.
        try await TestServer.run(.embedded, in: workspace) { server in
          let node = try Node("a", in: workspace, server: server, options: ["-q", "q"])
          try await node.started()
          _ = try await node.process?.line(containing: "no events come, the bucket is polled")
          try await server.bucket.put("tree/file", "1".utf8)
          try await eventually("the file arrives", within: .seconds(60)) {
            access(node.path("file"), F_OK) == 0 ? nil : "it is missing"
          }
          try await node.status("tells why") { $0.events?.state == .failing && $0.events?.problem != nil }
          #expect(try await node.stopped() == .exited(0))
        }
      }
    }
  }
}
