import Glibc
import NIOConcurrencyHelpers
import SyncEngine
import SyncModel
import Testing

@testable import LocalTree

struct Crash: Error {}

/// I5: cut off after any step and started again, nothing is lost and nothing of ours is left over.
@Suite struct CrashTests {
  struct Case: CustomTestStringConvertible {
    let step: CommitStep
    let kind: MountCapabilities
    let what: What
    enum What: CaseIterable { case replace, remove, create, link }
    var testDescription: String { "\(what), crash after \(step), exchange \(kind.canExchange)" }
  }

  static let cases = mountKinds.flatMap { kind in
    Case.What.allCases.flatMap { what in CommitStep.allCases.map { Case(step: $0, kind: kind, what: what) } }
  }

  let ground = Playground()

  @Test(arguments: cases) func `Recovery finds every content`(_ test: Case) async throws {
    if test.what != .create { ground.write("f", "old") }
    let crashed = try await commit(test)
    // A step that this kind of commit does not have is passed by.
    let tree = try ground.tree(limits: test.kind)
    tree.displaced.poll()
    #expect(ground.staged == [])
    #expect(ground.records.allSatisfy { !$0.hasSuffix(".pending") })
    let found = ground.trashed + ground.entries.compactMap { ground.read($0) }
    if test.what != .create { #expect(found.contains("old")) }
    #expect(ground.entries == ["f"] || ground.entries == [])
    #expect(Set(found).isSubset(of: ["old", "new"]))
    if !crashed && test.what != .remove { #expect(ground.read("f") == "new") }
    // Taken up once, not twice.
    #expect(tree.displaced.count == 0)
  }

  @Test(arguments: [true, false]) func `What another program put there before the crash gets a name`(
    _ exchanges: Bool
  ) async throws {
    ground.write("f", "old")
    let ground = ground
    let before: CommitStep = exchanges ? .inSlot : .verified
    let kind = MountCapabilities(canExchange: exchanges)
    do {
      let tree = try ground.tree(limits: kind) { step in
        if step == before {
          ground.write("other", "theirs")
          rename(ground.full("other"), ground.full("f"))
        }
        if step == .displaced { throw Crash() }
      }
      let expected = try await tree.expected("f")
      await #expect(throws: Crash.self) { _ = try await tree.install("new", at: "f", replacing: expected) }
    }
    let tree = try ground.tree(limits: kind)
    let copies = ground.entries.filter { $0 != "f" }
    #expect(copies.count == 1 && ConflictName.isConflictCopy(copies[0].path))
    #expect(ground.read(copies[0]) == "theirs")
    #expect(ground.read("f") == (exchanges ? "new" : nil))
    #expect(ground.trashed == [] && ground.records == [])
    let sink = RecordingSink()
    tree.relay.connect(sink)
    #expect(sink.hints == [.path(copies[0].path)])
  }

  /// Returns whether the crash took place.
  private func commit(_ test: Case) async throws -> Bool {
    let tree = try ground.tree(limits: test.kind) { if $0 == test.step { throw Crash() } }
    do {
      switch test.what {
      case .create: _ = try await tree.install("new", at: "f", replacing: nil)
      case .replace: _ = try await tree.replace("f", with: "new")
      case .remove: _ = try await tree.remove("f")
      case .link:
        let target = Array("new".utf8)
        let expected = try await tree.expected("f")
        _ = try await tree.install(
          .symlink(target: target), at: "f".path, metadata: EntryMetadata(kind: .symlink),
          fingerprint: Fingerprint(of: target), replacing: expected)
        unlink(ground.full("new"))
        return true
      }
      return false
    } catch is Crash { return true }
  }
}
