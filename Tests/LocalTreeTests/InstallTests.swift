import Glibc
import SyncEngine
import SyncModel
import Testing

@testable import LocalTree

/// Every way a mount may work: with and without exchange, leases, openat2.
let mountKinds: [MountCapabilities] = [
  MountCapabilities(),
  MountCapabilities(canExchange: false),
  MountCapabilities(canExchange: false, canRenameWithoutReplacing: false, canLease: false),
  MountCapabilities(canLease: false, hasTrustworthyStamps: false),
]

@Suite struct InstallTests {
  let ground = Playground()

  @Test(arguments: mountKinds) func `A new file gets its parents, mode and time`(_ kind: MountCapabilities) async throws
  {
    let tree = try ground.tree(limits: kind)
    let time = Timestamp(seconds: 1_600_000_000, nanoseconds: 123_456_789)
    let outcome = try await tree.install("hello", at: "a/b/c", replacing: nil, mode: 0o640, modified: time)
    #expect(ground.read("a/b/c") == "hello")
    #expect(outcome == .installed(try await tree.stamp("a/b/c"), isProvisional: !kind.canLease))
    #expect(outcome.stamp?.modified == time)
    #expect(outcome.stamp?.mode == 0o640)
    #expect(ground.staged.isEmpty && ground.records.isEmpty)
  }

  @Test(arguments: mountKinds) func `A replaced file goes to the trash`(_ kind: MountCapabilities) async throws {
    let tree = try ground.tree(limits: kind)
    ground.write("f", "old")
    let expected = try await tree.expected("f")
    let outcome = try await tree.install("new", at: "f", replacing: expected, modified: Timestamp(seconds: 1))
    #expect(outcome.isInstalled)
    #expect(outcome.stamp == (try await tree.stamp("f")))
    #expect(ground.read("f") == "new")
    #expect(ground.trashed == ["old"])
    tree.displaced.poll()
    #expect(ground.records.allSatisfy { $0.hasSuffix(".expiring") } && ground.records.count == 1)
    #expect(ground.entries == ["f"])
  }

  @Test(arguments: mountKinds) func `A removed file goes to the trash`(_ kind: MountCapabilities) async throws {
    let tree = try ground.tree(limits: kind)
    ground.write("f", "old")
    let expected = try await tree.expected("f", isInBucket: false)
    #expect(try await tree.remove("f".path, expecting: expected) == .removed)
    #expect(try await tree.remove("f".path, expecting: expected) == .absent)
    tree.displaced.poll()
    #expect(ground.trashed == ["old"] && ground.entries == [])
    #expect(ground.records.allSatisfy { $0.hasSuffix(".kept") } && ground.records.count == 1)
  }

  @Test func `Another version than the expected one stays`() async throws {
    let tree = try ground.tree()
    ground.write("f", "old")
    let expected = try await tree.expected("f")
    ground.write("f", "edited")
    #expect(try await tree.install("new", at: "f", replacing: expected) == .changed)
    #expect(try await tree.remove("f".path, expecting: expected) == .changed)
    #expect(try await tree.install("new", at: "f", replacing: nil) == .changed)
    #expect(ground.read("f") == "edited")
    unlink(ground.full("f"))
    #expect(try await tree.install("new", at: "f", replacing: expected) == .changed)
    #expect(ground.entries == [] && ground.trashed == [] && ground.staged == [])
  }
}
