import Glibc
import SyncEngine
import SyncModel
import Testing

@testable import LocalTree

@Suite struct TrashTests {
  let ground = Playground()
  private let day: Int64 = 86_400
  private let start = Timestamp(seconds: 1_700_000_000)

  private func displace(_ count: Int, in tree: LocalTree, isInBucket: Bool = true) async throws {
    for number in 0..<count {
      ground.write("f", "old\(number)")
      #expect(try await tree.remove("f", isInBucket: isInBucket) == .removed)
    }
    tree.displaced.poll()
  }

  @Test func `What was in the bucket expires, the rest stays`() async throws {
    let tree = try ground.tree(now: start)
    let mount = tree.layout.mount
    try await displace(2, in: tree)
    ground.write("f", "only here")
    #expect(try await tree.remove("f", isInBucket: false) == .removed)
    tree.displaced.poll()
    try tree.retention.enforce(on: mount, now: start.advanced(by: .seconds(30 * day)))
    #expect(ground.trashed == ["old0", "old1", "only here"])
    try tree.retention.enforce(on: mount, now: start.advanced(by: .seconds(30 * day + 1)))
    #expect(ground.trashed == ["only here"])
    #expect(mount.trash.contents.bytes == 9 && mount.trash.contents.keptBytes == 9)
    try tree.retention.enforce(on: mount, now: start.advanced(by: .seconds(3_000 * day)))
    #expect(ground.trashed == ["only here"])
  }

  /// Runs with --once never came to it: what was written late into an old slot stayed hidden, and nothing expired.
  @Test func `What is due expires when the tree is opened`() async throws {
    let later = start.advanced(by: .seconds(31 * day))
    do { try await displace(1, in: ground.tree(now: start)) }
    #expect(ground.trashed == ["old0"])
    let slot = try #require(Playground.names(ground.full(".martlet/test/trash")).first { Slot(name: $0) != nil })
    ground.write(".martlet/test/trash/\(slot)", "late")
    _ = try ground.tree(now: later)
    #expect(ground.trashed == [] && ground.records == [])
    #expect(ground.entries.count == 1 && ground.entries.first.flatMap { ground.read($0) } == "late")
  }

  /// A program had found the file under its name before it was displaced. What never expires was never compared again.
  @Test func `What is written late into a version that never expires gets a name`() async throws {
    let tree = try ground.tree(now: start)
    try await displace(1, in: tree, isInBucket: false)
    try tree.retention.enforce(on: tree.layout.mount, now: start)
    #expect(ground.trashed == ["old0"])
    // Later than the tick in which it was compared.
    tree.layout.root.kernel.pause(microseconds: 20_000)
    let slot = try #require(Playground.names(ground.full(".martlet/test/trash")).first { Slot(name: $0) != nil })
    ground.write(".martlet/test/trash/\(slot)", "late")
    try tree.retention.enforce(on: tree.layout.mount, now: start)
    #expect(ground.trashed == [] && ground.records == [])
    #expect(ground.entries.count == 1 && ground.entries.first.flatMap { ground.read($0) } == "late")
  }

  @Test func `Above the quota the oldest goes first`() async throws {
    let quota = TrashQuota(share: 0)
    let tree = try ground.tree(now: start)
    try await displace(3, in: tree)
    let trash = try Trash(directory: tree.layout.mount.trash.directory, quota: quota, isDurable: false)
    #expect(trash.contents.bytes == 12 && trash.contents.keptBytes == 0)
    #expect(try trash.oldest([.expiring], limit: 2).count == 2)
    #expect(
      try trash.oldest([.expiring], limit: 9).map(\.slot) == trash.oldest([.expiring], limit: 9).map(\.slot).sorted())
  }

  @Test func `A quota that is full of what never reached the bucket stops displacing`() async throws {
    let tree = try ground.tree(quota: TrashQuota(share: 0))
    ground.write("f", "old")
    do {
      _ = try await tree.replace("f", with: "new")
      Issue.record("replaced")
    } catch let failure as LocalFailure {
      #expect(failure.code == .noSpace && failure.message.contains("f") && failure.message.contains("quota"))
    }
    await #expect(throws: LocalFailure.self) { try await tree.remove("f") }
    #expect(ground.read("f") == "old" && ground.staged == [] && ground.records == [])
    #expect(try await tree.install("new", at: "g", replacing: nil).isInstalled)
  }

  @Test func `Beyond the quota what may expire does`() async throws {
    do { try await displace(3, in: try ground.tree(now: start)) }
    let tree = try ground.tree(quota: TrashQuota(share: 0), now: start)
    try tree.retention.enforce(on: tree.layout.mount, now: start)
    #expect(ground.trashed == [] && tree.layout.mount.trash.contents.bytes == 0)
  }

  @Test func `What was edited in the trash is kept when its retention ends`() async throws {
    let tree = try ground.tree(now: start)
    try await displace(1, in: tree)
    let slot = Playground.names(ground.full(".martlet/test/trash")).first { Slot(name: $0) != nil }!
    Playground.write(ground.full(".martlet/test/trash/\(slot)"), "edited")
    try tree.retention.enforce(on: tree.layout.mount, now: start.advanced(by: .seconds(40 * day)))
    #expect(ground.trashed == [] && ground.records == [])
    #expect(ground.entries.count == 1 && ground.read(ground.entries[0]) == "edited")
  }

  @Test func `A content from the bucket is kept for its retention`() async throws {
    let tree = try ground.tree(now: start)
    let bytes = Array("remote loser".utf8)
    try await tree.keepInTrash(.bytes(bytes), of: "d/f".path, fingerprint: Fingerprint(of: bytes))
    let staged = try await tree.stage(for: "d/f".path, size: 3)
    try Array("big".utf8).withUnsafeBytes { try staged.write($0, at: 0) }
    try await tree.keepInTrash(.staged(staged), of: "d/f".path, fingerprint: Fingerprint(of: Array("big".utf8)))
    #expect(ground.trashed == ["big", "remote loser"] && ground.entries == [])
    #expect(ground.records.count == 2 && ground.records.allSatisfy { $0.hasSuffix(".expiring") })
    try tree.retention.enforce(on: tree.layout.mount, now: start.advanced(by: .seconds(31 * day)))
    #expect(ground.trashed == [] && ground.records == [])
  }

  @Test func `A loser inside .git never expires`() async throws {
    let tree = try ground.tree(now: start)
    let bytes = Array("remote loser".utf8)
    try await tree.keepInTrash(.bytes(bytes), of: "d/.git/index".path, fingerprint: Fingerprint(of: bytes))
    try tree.retention.enforce(on: tree.layout.mount, now: start.advanced(by: .seconds(400 * day)))
    #expect(ground.trashed == ["remote loser"])
    #expect(ground.records.count == 1 && ground.records.allSatisfy { $0.hasSuffix(".kept") })
  }

  @Test func `A conflict copy keeps out of the way of others`() async throws {
    let tree = try ground.tree(now: start)
    for _ in 0..<2 {
      try await displace(1, in: tree)
      let slot = Playground.names(ground.full(".martlet/test/trash")).first { Slot(name: $0) != nil }!
      Playground.write(ground.full(".martlet/test/trash/\(slot)"), "edited")
      var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
      utimensat(AT_FDCWD, ground.full(".martlet/test/trash/\(slot)"), &times, 0)
      try tree.retention.enforce(on: tree.layout.mount, now: start.advanced(by: .seconds(40 * day)))
    }
    #expect(ground.entries.count == 2)
    #expect(ground.entries.allSatisfy { ConflictName.isConflictCopy($0.path) && ground.read($0) == "edited" })
  }

  @Test func `Foreign files in our folders stay`() async throws {
    do { _ = try ground.tree() }
    Playground.write(ground.full(".martlet/test/tmp/foreign"), "x")
    Playground.write(ground.full(".martlet/test/tmp/martlet-leftover"), "x")
    Playground.write(ground.full(".martlet/test/trash/foreign"), "x")
    let tree = try ground.tree()
    try tree.retention.enforce(on: tree.layout.mount, now: .init(seconds: 9_000_000_000))
    #expect(ground.staged == ["foreign"])
    #expect(Playground.names(ground.full(".martlet/test/trash")) == ["foreign"])
  }

  @Test func `Slots are named by time`() {
    let slot = Slot(at: start, random: 7)
    #expect(Slot(name: slot.name) == slot && slot.time == start)
    #expect(slot < Slot(at: start.advanced(by: .nanoseconds(1)), random: 7))
    for state in Slot.State.allCases {
      let parsed = Slot.parse(record: slot.recordName(state))
      #expect(parsed?.slot == slot && parsed?.state == state)
    }
    for name in ["", "x", slot.name + "0", slot.name + ".odd", slot.name] { #expect(Slot.parse(record: name) == nil) }
  }
}
