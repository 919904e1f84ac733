import AWSKit
import Foundation
import Martlet
import NIOHTTP1
import Testing

extension FleetTests {
  /// What `martlet iam-policy` prints is what a run with the same options needs: no request lacks a permission, and no
  /// permission is without a request.
  @Suite struct Policies {
    enum Scenario: String, CaseIterable, Sendable {
      case bothWays, downOnly, upWithoutDeletions, versions, events

      var options: [String] {
        let queue = ["--event-queue", "policy-[uid]", "--event-route"]
        return switch self {
        case .bothWays:
          [
            "--dfs", "--acl", "bucket-owner-full-control", "--checksum-algorithm", "CRC32", "--sse", "aws:kms",
            "--sse-kms-key-id", "k-1",
          ]
        case .downOnly: ["--only-down"] + queue + ["sqs"]
        case .upWithoutDeletions: ["--only-up", "--no-delete", "--dfs", "--journal-prefix", "fleet/journal"]
        case .versions: []
        case .events: queue + ["auto", "--event-queue-cleanup"]
        }
      }

      /// What is removed after an hour.
      var unused: Set<String> { self == .upWithoutDeletions ? ["Journal s3:DeleteObject"] : [] }

      var ofPolicy: [String] { self == .versions ? ["--versioned"] : [] }
    }

    /// All at once: each mostly waits.
    @Test(.limit(minutes: 3)) func noMoreAndNoLess() async throws {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for scenario in Scenario.allCases { group.addTask { try await check(scenario) } }
        try await group.waitForAll()
      }
    }

    private func check(_ scenario: Scenario) async throws {
      try await Workspace.run { workspace in
        try await TestServer.run(.moto, in: workspace, recording: true) { server in
          var needed = NeededPermissions()
          // What was there before versions were kept has none.
          try await server.bucket.put("tree/same", "same".utf8)
          var options = scenario.options
          if scenario == .bothWays {
            needed.kmsKey = "arn:aws:kms:us-east-1:123456789012:key/k-1"
            options += ["--cf-dist-id", try await Distribution.create(on: server, in: workspace).id]
          }
          if scenario == .versions {
            try await Boto.run(
              """
              client("s3").put_bucket_versioning(
                  Bucket=argument, VersioningConfiguration={"Status": "Enabled"})
              """, TestServer.bucketName, on: server, in: workspace)
          }
          let policy = try Policy(
            try await Self.policy(options + scenario.ofPolicy, in: workspace))
          let node = try Node("a", in: workspace, server: server, options: options)
          let start = server.proxied.count
          try await use(node, scenario, server, workspace, &needed)
          var used: Set<String> = []
          for request in server.proxied.dropFirst(start) where !Self.isOurs(request) {
            for need in try needed.needs(request) {
              guard let grant = policy.grant(need) else {
                Issue.record("\(scenario): \(need) is not allowed: \(request.method) \(request.target)")
                continue
              }
              used.insert(grant)
            }
          }
          #expect(policy.grants.subtracting(used) == scenario.unused, "\(scenario)")
        }
      }
    }

    private static func policy(_ options: [String], in workspace: Workspace) async throws -> String {
      let (end, output) = try await ProcessTests.finished(
        [
          try Programs.martlet(), "iam-policy", "s3://\(TestServer.bucketName)/tree", "--account",
          NeededPermissions.account, "--region", NeededPermissions.region,
        ] + options, in: workspace, environment: ["HOME": workspace.path])
      try #require(end == .exited(0), "\(output)")
      return output
    }

    /// Of the test itself, through boto3.
    private static func isOurs(_ request: ProxiedRequest) -> Bool {
      request.headers.first(name: "User-Agent")?.contains("Boto3") ?? false
    }

    /// Does with the files what makes every kind of request.
    private func use(
      _ node: Node, _ scenario: Scenario, _ server: TestServer, _ workspace: Workspace,
      _ needed: inout NeededPermissions
    ) async throws {
      try await server.bucket.put("tree/there", "there".utf8)
      try await server.bucket.put("tree/large", noise(9_000_000, seed: 1))
      let isUp = scenario != .downOnly
      if isUp {
        try write(node.path("same"), "same")
        try write(node.path("small"), "small")
        try write(node.path("tagged"), "tagged")
        try write(node.path("parts"), noise(9_000_000, seed: 2))
      }
      try await node.started()
      try await node.settled()
      if isUp {
        let tagged = ["tagged", "same"]
        for name in tagged {
          try await Boto.run(
            """
            bucket, key = argument.split("/", 1)
            client("s3").put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
            """, "\(TestServer.bucketName)/tree/\(name)", on: server, in: workspace)
          needed.tagged.insert("tree/\(name)")
        }
        chmod(node.path("small"), 0o600)
        for name in tagged { try move(node.path(name), node.path("renamed \(name)")) }
        try await node.status("has renamed them") { status in
          let count = (status.committed["renamedRemote"] ?? 0) + (status.committed["uploaded"] ?? 0)
          return status.committed["metadataUploaded"] == 1 && count >= 3 + tagged.count && status.state == .idle
        }
        try remove(node.path("parts"))
      }
      try await server.bucket.put("tree/news", "news".utf8)
      if scenario != .upWithoutDeletions {
        try await eventually("news arrive", within: .seconds(90)) { exists(node.path("news")) ? nil : "not there" }
      }
      if scenario == .events {
        // The other way is taken where somebody else's rule stands in the way.
        try await node.status("hears of events", within: .seconds(60)) { $0.events?.state == .live }
      }
      try await node.settled()
      #expect(try await node.stopped() == .exited(0))
      if scenario == .events { try await useEventBridge(node, server, workspace) }
    }

    private func useEventBridge(_ node: Node, _ server: TestServer, _ workspace: Workspace) async throws {
      try await Boto.run(
        """
        url = client("sqs").create_queue(QueueName="theirs")["QueueUrl"]
        arn = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        client("s3").put_bucket_notification_configuration(Bucket=argument, NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]})
        """, TestServer.bucketName, on: server, in: workspace)
      try await node.started()
      try await node.status("hears of events by EventBridge", within: .seconds(60)) {
        $0.events?.state == .live && $0.events?.route == "eventbridge"
      }
      #expect(try await node.stopped() == .exited(0))
    }
  }
}
