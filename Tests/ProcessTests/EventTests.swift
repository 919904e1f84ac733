import Foundation
import Martlet
import Testing

extension ProcessTests {
  /// Events in place of polls: what one node does the others hear of, and nothing is left behind.
  @Suite struct Events {
    /// What carries events at the moment, as somebody else sees it.
    private struct Wiring: Codable, Hashable {
      var queues: [String]
      var topics: Int
      var subscriptions: Int
      var rules: Int
      /// Of the bucket.
      var notifications: String

      static func look(on server: TestServer, in workspace: Workspace) async throws -> Wiring {
        let output = try await Boto.run(
          """
          sqs, sns, events, s3 = client("sqs"), client("sns"), client("events"), client("s3")
          found = s3.get_bucket_notification_configuration(Bucket=argument)
          found.pop("ResponseMetadata")
          print(json.dumps({
              "queues": sorted(url.split("/")[-1] for url in sqs.list_queues().get("QueueUrls", [])),
              "topics": len(sns.list_topics()["Topics"]),
              "subscriptions": len(sns.list_subscriptions()["Subscriptions"]),
              "rules": len(events.list_rules()["Rules"]), "notifications": json.dumps(found, sort_keys=True)}))
          """, TestServer.bucketName, on: server, in: workspace)
        return try JSONDecoder().decode(Wiring.self, from: Data(output.utf8))
      }
    }

    /// Somebody else's queue and rule.
    private func someoneElse(_ prefix: String, on server: TestServer, in workspace: Workspace) async throws {
      try await Boto.run(
        """
        bucket, prefix = argument.split(":")
        url = client("sqs").create_queue(QueueName="theirs")["QueueUrl"]
        arn = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        client("s3").put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
            "QueueConfigurations": [{
                "Id": "theirs & co", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"],
                "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}}}]})
        """, "\(TestServer.bucketName):\(prefix)", on: server, in: workspace)
    }

    /// Somebody else's rule has nothing to do with us, or stands in the way.
    @Test(.limit(minutes: 3), arguments: [("logs/", "sns"), ("tree/", "eventbridge")])
    func nodesHearOfEachOther(_ foreignPrefix: String, _ route: String) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.moto, in: workspace) { server in
          try await someoneElse(foreignPrefix, on: server, in: workspace)
          let before = try await Wiring.look(on: server, in: workspace)
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
          let wired = try await Wiring.look(on: server, in: workspace)
          #expect(wired.queues == ["events-a", "events-b", "theirs"])
          #expect(wired.notifications.contains("theirs & co"))
          if route == "sns" {
            #expect(wired.topics == 1 && wired.subscriptions == 2 && wired.rules == 0)
          } else {
            #expect(wired.topics == 0 && wired.subscriptions == 0 && wired.rules == 2)
          }

          // Nothing but events tells of it: the next poll is an hour away.
          try write(a.path("from a/ü b+c%20"), "a")
          try write(b.path("from b"), "b")
          try await server.bucket.put(
            "tree/from somebody/else", "c".utf8, metadata: ["mtime": "1700000000.000000000", "mode": "33188"])
          try await equal(a, b)
          #expect(b.snapshot().entries.count == 5)
          try remove(b.path("from a/ü b+c%20"))
          try move(a.path("from b"), a.path("renamed"))
          try await eventually("the deletion and the move arrive", within: .seconds(60)) {
            let names = [a, b].map { Set($0.snapshot().entries.keys.map(\.text)) }
            let isThere = names.allSatisfy { $0.contains("renamed") && !$0.contains("from b") }
            return isThere && names.allSatisfy { !$0.contains("from a/ü b+c%20") } ? nil : "\(names)"
          }
          try await a.settled()

          #expect(try await a.stopped() == .exited(0))
          let halved = try await Wiring.look(on: server, in: workspace)
          #expect(halved.queues == ["events-b", "theirs"])
          #expect(halved.topics == wired.topics && halved.notifications == wired.notifications)
          #expect(try await b.stopped() == .exited(0))
          #expect(try await Wiring.look(on: server, in: workspace) == before)
          let keys = try await server.bucket.objects("tree/.martlet/events").keys
          let canaries = try await server.bucket.objects("tree/.martlet/canary").keys
          #expect(keys.isEmpty && canaries.isEmpty)
        }
      }
    }

    /// Changes on random nodes, also of the same files. More of both: `MARTLET_EVENT_NODES`, `MARTLET_EVENT_CHANGES`;
    /// `MARTLET_EVENT_ROUTE` is `auto`, `sns` or `eventbridge`.
    @Test(.limit(minutes: 3 + ProcessTests.scale("MARTLET_EVENT_CHANGES", default: 0) / 50))
    func aFleetAgreesWithoutPolls() async throws {
      let changes = ProcessTests.scale("MARTLET_EVENT_CHANGES", default: 60)
      let count = ProcessTests.scale("MARTLET_EVENT_NODES", default: 3)
      let route = ProcessInfo.processInfo.environment["MARTLET_EVENT_ROUTE"] ?? "auto"
      try await Workspace.run { workspace in
        try await TestServer.run(.moto, in: workspace) { server in
          let options = ["--event-queue", "fleet-[uid]", "--event-queue-cleanup", "--event-route", route]
          let nodes = try (1...count).map { try Node("n\($0)", in: workspace, server: server, options: options) }
          for node in nodes { try node.launched() }
          for node in nodes {
            try await node.status("hears of events", within: .seconds(120)) { $0.events?.state == .live && $0.isReady }
          }
          // The look that follows the proof is the last one; polls would come every second.
          var looks = 0
          while Self.looks(nodes) != looks {
            looks = Self.looks(nodes)
            try await Task.sleep(for: .seconds(3))
          }
          for node in nodes { try await node.settled() }

          var random = SystemRandomNumberGenerator()
          for number in 0..<changes {
            try Self.change(nodes.randomElement(using: &random)!, number, &random)
            if number % 10 == 0 { try await Task.sleep(for: .milliseconds(200)) }
          }
          let limit = Duration.seconds(60 + changes / 4)
          for _ in 0..<2 {
            for node in nodes.dropFirst() { try await equal(nodes[0], node, within: limit) }
            for node in nodes { try await node.settled(within: limit) }
          }
          #expect(Self.looks(nodes) == looks)
          let files = nodes[0].snapshot().entries.filter { $0.value.content != .directory }.keys
          let keys = try await server.bucket.objects("tree/").keys.map { PathKey(String($0.text.dropFirst(5))) }
          #expect(Set(files) == Set(keys.filter { !$0.text.hasSuffix("/") && !$0.text.hasPrefix(".martlet/") }))

          for node in nodes { node.process?.send(SIGTERM) }
          for node in nodes { #expect(try await node.process?.ended(within: .seconds(60)) == .exited(0)) }
          let left = try await Wiring.look(on: server, in: workspace)
          #expect(left == Wiring(queues: [], topics: 0, subscriptions: 0, rules: 0, notifications: "{}"))
        }
      }
    }

    /// Looks at the whole prefix. Proofs of absence list a folder, which may be the root.
    private static func looks(_ nodes: [Node]) -> Int {
      nodes.reduce(0) { sum, node in
        sum
          + (node.process?.logLines.count { $0.contains("debug poll begins") || $0.contains("full pass begins") } ?? 0)
      }
    }

    private static func change(
      _ node: Node, _ number: Int, _ random: inout SystemRandomNumberGenerator
    ) throws {
      let path = node.path("d\(Int.random(in: 0..<5, using: &random))/f\(Int.random(in: 0..<20, using: &random))")
      switch Int.random(in: 0..<10, using: &random) {
      case 0 where exists(path): try? remove(path)
      case 1 where exists(path): try? move(path, node.path("moved \(number)"))
      case 2 where exists(path): try write(path, "and \(number)\n", append: true)
      default: try write(path, "\(node.name) \(number)\n")
      }
    }

    /// Also direct, also without clean-up, also by the drop-in's variable.
    @Test(.limit(minutes: 3)) func aQueueThatVanishesIsMadeAgain() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.moto, in: workspace) { server in
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
          let left = try await Wiring.look(on: server, in: workspace)
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
