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

    /// Somebody else's queue and rule, which have nothing to do with us.
    private func someoneElse(on server: TestServer, in workspace: Workspace) async throws {
      try await Boto.run(
        """
        url = client("sqs").create_queue(QueueName="theirs")["QueueUrl"]
        arn = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        client("s3").put_bucket_notification_configuration(Bucket=argument, NotificationConfiguration={
            "QueueConfigurations": [{
                "Id": "theirs & co", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"],
                "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "logs/"}]}}}]})
        """, TestServer.bucketName, on: server, in: workspace)
    }

    @Test(.limit(minutes: 3), arguments: ["auto", "eventbridge"])
    func nodesHearOfEachOther(_ route: String) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.moto, in: workspace) { server in
          try await someoneElse(on: server, in: workspace)
          let before = try await Wiring.look(on: server, in: workspace)
          let nodes = try ["a", "b"].map { name in
            try Node(
              name, in: workspace, server: server,
              options: [
                "--poll", "3600", "--event-queue", "events-[uid]", "--event-queue-cleanup", "--event-route", route,
              ])
          }
          let (a, b) = (nodes[0], nodes[1])
          // At once: they do not undo what the other one makes.
          for node in nodes { try node.launched() }
          for node in nodes {
            try await node.status("hears of events", within: .seconds(90)) { $0.events?.state == .live && $0.isReady }
            try await node.settled()
          }
          let wired = try await Wiring.look(on: server, in: workspace)
          #expect(wired.queues == ["events-a", "events-b", "theirs"])
          #expect(wired.notifications.contains("theirs & co"))
          if route == "auto" {
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

    /// Also direct, also without clean-up, also by the drop-in's variable.
    @Test(.limit(minutes: 3)) func aQueueThatVanishesIsMadeAgain() async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.moto, in: workspace) { server in
          let node = try Node(
            "a", in: workspace, server: server,
            options: ["--poll", "3600", "--event-route", "sqs", "--shutdown-timeout", "5"],
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
