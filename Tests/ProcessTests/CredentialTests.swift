import AWSKit
import EmbeddedS3
import Foundation
import Martlet
import NIOConcurrencyHelpers
import NIOCore
import Testing

extension SystemTests {
  /// The credentials of a container's role end in the middle of an upload, and the endpoint that gives them out fails.
  @Suite struct Credentials {
    /// MiB of the file that is sent; from 1024 on the endpoint fails for a minute.
    private static let size = ProcessTests.scale("MARTLET_TEST_CREDENTIALS_SIZE", default: 64)
    private static let isLong = size >= 1_024
    private static let outage: Duration = isLong ? .seconds(60) : .zero
    private static let interval: Duration = isLong ? .seconds(3) : .milliseconds(250)

    @Test(.limit(minutes: 10)) func endInTheMiddleOfAnUpload() async throws {
      try await SystemTests.run { workspace in
        try await TestServer.run(.embedded, in: workspace) { server in
          let host = try #require(server.embedded)
          let issuer = try await CredentialIssuer(for: host, token: "the first token")
          let token = workspace.path + "/token"
          try write(token, issuer.token)
          // Parts one after the other: in every moment there are some to come.
          let config = workspace.path + "/config"
          try write(config, "[default]\ns3 =\n  max_concurrent_requests = 1\n")
          let environment = [
            "AWS_CONFIG_FILE": config,
            "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": issuer.url,
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token,
          ]
          func node(_ name: String) throws -> Node {
            let node = try Node(
              name, in: workspace, server: server, prefix: name,
              options: ["--max-bandwidth-up", Self.isLong ? "16MB/s" : "8MB/s"],
              environment: environment)
            try Self.writeLarge(node.path("large"))
            return node
          }
          let (running, once) = (try node("running"), try node("once"))
          try running.launched()
          try once.launched("--once")

          // Rotations: the keys in use are refused at once, or from the end that they were given out with.
          try await Self.parts(1, of: ["running/large", "once/large"], host)
          for round in 1...4 {
            issuer.rotate(lifetime: round % 2 == 0 ? 1 : 3_600)
            // As EKS does, the token's file is renewed, too.
            issuer.token = "token \(round)"
            try write(token, issuer.token)
            try await Task.sleep(for: Self.interval)
          }

          // None is valid any more, and no others are to be had.
          issuer.isBroken = true
          issuer.rotate()
          let start = ContinuousClock.now
          let late = try Node("late", in: workspace, server: server, prefix: "late", environment: environment)
          try write(late.path("small"), "small\n")
          try late.launched()
          try await eventually("both have met the outage, and every fault", within: .seconds(60)) {
            let waits = [running, once].allSatisfy { $0.process?.log.contains("waiting for credentials") ?? false }
            let starts = late.process?.log.contains("the server does not answer yet") ?? false
            return waits && starts && issuer.faults.count == CredentialIssuer.Fault.allCases.count
              ? nil : "\(issuer.faults)"
          }
          try await Task.sleep(for: max(.zero, Self.outage - (ContinuousClock.now - start)))
          issuer.isBroken = false
          // The rest need not be slow.
          for node in [running, once] {
            let limit = try await ProcessTests.finished(
              [Programs.martlet(), "limit", node.root, "none"], in: workspace)
            #expect(limit.end == .exited(0), "\(node.name) has ended: \(limit.output)")
          }

          let end = try await once.process?.ended(within: .seconds(300))
          #expect(end == .exited(0))
          try await running.status("it is sent", within: .seconds(300)) {
            $0.isReady && $0.state == .idle && $0.committed["uploaded"] == 1 && $0.quarantined.isEmpty
              && $0.pending == 0
          }
          #expect(try await running.stopped() == .exited(0))
          try await late.ready()
          #expect(try await late.stopped() == .exited(0))
          #expect(try await server.bucket.get("late/small") == Array("small\n".utf8))
          for node in [running, once] {
            let log = node.process?.log ?? ""
            #expect(!log.contains("secret-") && !log.contains("token-") && !log.contains(issuer.token))
            try await Self.compare(node.path("large"), "\(node.name)/large", server.bucket)
          }
          // No upload was given up for it.
          let begun = host.server?.requests.entries.filter {
            $0.operation == .createMultipartUpload && $0.status == 200
          }
          #expect(begun?.map(\.key).filter { $0.hasSuffix("/large") }.sorted() == ["once/large", "running/large"])
          #expect(try await server.bucket.unfinishedUploads().isEmpty)
          try await issuer.close()
        }
      }
    }

    /// Waits until so many parts of each have arrived.
    private static func parts(_ count: Int, of keys: [String], _ host: EmbeddedHost) async throws {
      try await eventually("\(count) parts arrived", within: .seconds(120)) {
        let sent = host.server?.requests.entries.filter { $0.operation == .uploadPart && $0.status == 200 }.map(\.key)
        return keys.allSatisfy { key in sent?.count { $0 == key } ?? 0 >= count } ? nil : "\(sent ?? [])"
      }
    }

    private static let block = 1 << 20

    /// Blocks that differ in their first bytes.
    private static func writeLarge(_ path: String) throws {
      var bytes = noise(block, seed: 21)
      for number in 0..<size {
        withUnsafeBytes(of: number) { for (index, byte) in $0.enumerated() { bytes[index] = byte } }
        try write(path, bytes, append: true)
      }
    }

    private static func compare(_ path: String, _ key: String, _ bucket: Bucket) async throws {
      let file = try #require(FileHandle(forReadingAtPath: path))
      defer { try? file.close() }
      let state = NIOLockedValueBox((count: 0, differs: false))
      try await bucket.client.getObject(bucket: bucket.name, key: key) { chunk in
        let mine = try file.read(upToCount: chunk.readableBytes) ?? Data()
        state.withLockedValue { state in
          state.count += chunk.readableBytes
          state.differs = state.differs || mine != Data(chunk.readableBytesView)
        }
      }
      let (count, differs) = state.withLockedValue { $0 }
      #expect(count == size * block && !differs, "\(key) is not the file")
    }
  }
}
