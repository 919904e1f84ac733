import AWSKit
import BaseStore
import EmbeddedS3
import Logging
import NIOConcurrencyHelpers
import NIOCore
import RemoteTree
import SyncModel
import Testing

@testable import Martlet

/// Nodes that have one id, on one prefix.
@Suite struct NodeKeeperTests {
  private static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  private static let folder = "p/.martlet/nodes/"

  struct Fixture: Sendable {
    let client: S3Client
    let server: EmbeddedS3Server
    let scratch: ScratchFolder

    func objects() -> NodeObjects {
      NodeObjects(client: client, location: S3Location(bucket: "b", prefix: "p/"), settings: ObjectSettings())
    }

    func store(_ name: String) throws -> BaseStore { try BaseStore(path: "\(scratch.path)/\(name).sqlite") }

    func keeper(
      _ store: BaseStore, base: String = "web", timing: NodeKeeper.Timing = NodeKeeper.Timing()
    ) -> NodeKeeper {
      NodeKeeper(
        base: base, objects: objects(), store: store, hearsEvents: false, timing: timing, logger: NodeKeeperTests.quiet)
    }

    /// That of a run that begins.
    func id(_ store: BaseStore, base: String = "web") async -> String {
      let keeper = keeper(store, base: base)
      await keeper.claim()
      return keeper.id
    }

    func keys() async throws -> [String] {
      try await client.listObjectsV2(bucket: "b", prefix: NodeKeeperTests.folder).objects.map {
        #expect($0.size == 0)
        return String($0.key.dropFirst(NodeKeeperTests.folder.count))
      }
    }
  }

  private func withFixture(_ body: @Sendable (Fixture) async throws -> Void) async throws {
    var configuration = EmbeddedS3Configuration(
      credentials: [EmbeddedS3Credentials(accessKeyID: "testing", secretAccessKey: "testing")])
    configuration.buckets = ["b"]
    try await withEmbeddedS3(configuration, logger: Self.quiet) { endpoint in
      let transport = try HTTPTransport()
      var settings = S3Client.Configuration(endpoint: try S3Endpoint(url: endpoint.url, region: "us-east-1"))
      settings.retry.baseDelay = .milliseconds(1)
      let credentials = CredentialCache(
        provider: StaticCredentialProvider(AWSCredentials(accessKeyID: "testing", secretAccessKey: "testing")),
        now: AWSTimestamp.systemNow, logger: Self.quiet)
      let client = S3Client(
        configuration: settings, credentials: credentials, transport: transport, logger: Self.quiet)
      do {
        try await body(Fixture(client: client, server: endpoint.server, scratch: try ScratchFolder()))
      } catch {
        try? await transport.shutdown()
        throw error
      }
      try await transport.shutdown()
    }
  }

  /// The conditional write decides, also between those that start at the same moment.
  @Test func nodesThatStartAtOnceGetDifferentIDs() async throws {
    try await withFixture { fixture in
      let stores = try (0..<8).map { try fixture.store("s\($0)") }
      let ids = await withTaskGroup(of: String.self) { group in
        for store in stores { group.addTask { await fixture.id(store) } }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(Set(ids).count == 8 && ids.contains("web"))
      #expect(ids.allSatisfy { $0 == "web" || $0.hasPrefix("web-") && $0.utf8.count == 8 })
      #expect(Set(try await fixture.keys()) == Set(ids.map { "\($0)/" }))
    }
  }

  /// Also after it was killed, and with the suffix that it got.
  @Test func aRootKeepsItsID() async throws {
    try await withFixture { fixture in
      let (first, second) = (try fixture.store("first"), try fixture.store("second"))
      #expect(await fixture.id(first) == "web")
      let suffixed = await fixture.id(second)
      #expect(suffixed.hasPrefix("web-"))
      for _ in 0..<2 {
        #expect(await fixture.id(second) == suffixed)
        #expect(await fixture.id(first) == "web")
      }
      // A suffix belongs to the id that it was given for.
      #expect(await fixture.id(second, base: "db") == "db")
      let long = String(repeating: "x", count: 64)
      _ = await fixture.id(first, base: long)
      let cut = await fixture.id(second, base: long)
      #expect(cut.utf8.count == 64 && cut != long && NodeIdentity.problem(with: cut) == nil)
    }
  }

  /// By the server's clock, and whatever the own one says.
  @Test func theIDOfANodeThatIsGoneIsFree() async throws {
    try await withFixture { fixture in
      let (first, second) = (try fixture.store("first"), try fixture.store("second"))
      #expect(await fixture.id(first) == "web")
      fixture.server.faults.clockOffset = 600
      #expect(await fixture.id(try fixture.store("early")) != "web")
      fixture.server.faults.clockOffset = 700
      #expect(await fixture.id(second) == "web")
      // Who comes back finds it taken.
      #expect(await fixture.id(first) != "web")
    }
  }

  @Test func itIsGivenBackAtTheEnd() async throws {
    try await withFixture { fixture in
      let keeper = fixture.keeper(try fixture.store("first"))
      await keeper.claim()
      #expect(try await fixture.keys() == ["web/"])
      await keeper.leave()
      #expect(try await fixture.keys() == [])
      #expect(await fixture.id(try fixture.store("second")) == "web")
      // It is the other's now.
      await keeper.leave()
      #expect(try await fixture.keys() == ["web/"])
    }
  }

  /// A disk that was copied while its node ran: the copy passes for the root itself, and the node notices.
  @Test func aNodeWhoseIDWasTakenTakesAnother() async throws {
    try await withFixture { fixture in
      let (store, copy) = (try fixture.store("first"), try fixture.store("copy"))
      let keeper = fixture.keeper(store, timing: NodeKeeper.Timing(interval: 1))
      await keeper.claim()
      try await copy.setValue(try await store.value("node runs"), for: "node runs")
      #expect(await fixture.id(copy) == "web")
      // It returns: everything has to begin anew.
      await keeper.run { nil }
      #expect(keeper.id.hasPrefix("web-"))
      #expect(await fixture.id(store) == keeper.id)
      #expect(await fixture.id(copy) == "web")
    }
  }

  @Test func whatIsDeniedIsTriedAgain() async throws {
    try await withFixture { fixture in
      fixture.server.faults.add(Fault(.status(403, code: "AccessDenied"), on: [.putObject], count: 2))
      let keeper = fixture.keeper(try fixture.store("first"), timing: NodeKeeper.Timing(interval: 1))
      await keeper.claim()
      #expect(keeper.id == "web")
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await keeper.run { nil } }
        while try await fixture.keys() != ["web/"] { try await Task.sleep(for: .milliseconds(50)) }
        group.cancelAll()
      }
    }
  }

  /// What runs tell of themselves, and who is gone for days.
  @Test func othersAreListedAndTheDeadAreRemoved() async throws {
    try await withFixture { fixture in
      _ = await fixture.id(try fixture.store("dead"), base: "dead")
      fixture.server.faults.clockOffset = 6 * 86_400
      _ = await fixture.id(try fixture.store("silent"), base: "silent")
      _ = try await fixture.client.putObject(
        bucket: "b", key: Self.folder + "strange/", body: .bytes(ByteBuffer()), condition: nil)
      fixture.server.faults.clockOffset = 7 * 86_400 + 60
      let keeper = fixture.keeper(try fixture.store("live"), base: "live")
      await keeper.claim()
      let status = try StatusReport(
        json: Array(
          """
          {"root":"/r","location":"s3://b/p/","node":"live","process":1,"state":"idle","isReady":true,"isStuck":false,\
          "committed":{},"conflicts":0,"active":[],"pending":3,"busy":[],"quarantined":[],"watch":"live","safety":"",\
          "secondsSinceLastPass":12.5,"oldestUnsyncedSeconds":4.5}
          """.utf8))
      let begin = ContinuousClock.now
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await keeper.run { status } }
        while try await keeper.nodes().first?.pending != 3 { try await Task.sleep(for: .milliseconds(20)) }
        group.cancelAll()
      }
      let nodes = try await keeper.nodes()
      #expect(nodes.map(\.node) == ["live", "silent"] && nodes.map(\.isLive) == [true, false])
      let passed = (ContinuousClock.now - begin) / .seconds(1)
      #expect(nodes[0].oldestUnsyncedSeconds.map { (4...6 + passed).contains(Double($0)) } == true)
      #expect(nodes[0].secondsSinceLastPass.map { (12...14 + passed).contains(Double($0)) } == true)
      #expect(nodes[0].version == MartletVersion.current && nodes[0].host == NodeIdentity.host)
      #expect(nodes[1].secondsSinceSeen >= 86_460 && nodes[1].secondsSinceLastPass == nil)
      #expect(try await fixture.keys() == ["live/", "silent/", "strange/"])
    }
  }
}
