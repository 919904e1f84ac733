import CStress
import Checksums
import Glibc
import SyncEngine
import SyncModel
import Testing

@testable import LocalTree

/// Replaces one file again and again while other threads act on it in every manner (docs/architecture.md): each
/// content that they completed is in the tree, in a conflict copy, or was read (uploaded) before.
@Suite(.serialized) struct StressTests {
  struct Case: CustomTestStringConvertible {
    let user: stress_user
    let folder: String
    var limits: MountCapabilities?
    var deletes = false
    var testDescription: String {
      "user \(user.rawValue) in \(folder)\(limits == nil ? "" : ", limited")\(deletes ? ", deleting" : "")"
    }
  }

  static let users = (0...13).map { stress_user(UInt32($0)) }

  static var cases: [Case] {
    var cases: [Case] = []
    for user in users { cases += ["/tmp", "/dev/shm"].map { Case(user: user, folder: $0) } }
    cases.append(Case(user: STRESS_MIXED, folder: "/tmp", limits: MountCapabilities(canExchange: false)))
    cases.append(
      Case(user: STRESS_MIXED, folder: "/tmp", limits: MountCapabilities(canLease: false, hasTrustworthyStamps: false)))
    cases.append(Case(user: STRESS_MIXED, folder: "/tmp", deletes: true))
    return cases
  }

  @Test(arguments: cases) func `No completed content is lost`(_ test: Case) throws {
    let environment = getenv("MARTLET_STRESS_SECONDS").flatMap { Double(String(cString: $0)) }
    let run = try StressRun(test)
    try run.replace(for: environment ?? 0.3)
    let result = try run.finish()
    if environment != nil {
      print(
        "STRESS \(test.testDescription): \(run.installs) installs, \(result.contents) contents, lost \(result.lost), "
          + "unattributed \(result.unattributed) of \(result.ambiguous), \(run.summary)")
    }
    #expect(result.lost == 0)
    // A length set by truncate(2) is overwritten by the next one without a trace.
    if test.user != STRESS_TRUNCATE { #expect(result.unattributed <= result.ambiguous) }
    #expect(run.installs > 0)
  }
}

/// Plays the engine: reads what stands there (as an upload would), then replaces exactly that.
private final class StressRun {
  private let ground: Playground
  private let tree: LocalTree
  private let stress: OpaquePointer
  private let test: StressTests.Case
  private var nextInstall: UInt32 = 1
  private(set) var installs = 0
  private var outcomes: [String: Int] = [:]

  var summary: String { outcomes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ") }

  init(_ test: StressTests.Case) throws {
    self.test = test
    ground = Playground(in: test.folder)
    tree = try ground.tree(limits: test.limits, isDurable: false)
    ground.write("f", String(decoding: Self.content(0), as: UTF8.self))
    // Where our own steps take longer, users that leave no gap between theirs would never let one through.
    stress = stress_start(ground.path, Int32(test.user.rawValue), 3, UInt32(100 * testPatience * testPatience))
  }

  private static func content(_ id: UInt32) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Int(STRESS_SIZE)) { buffer, count in
      buffer.withMemoryRebound(to: CChar.self) { stress_content(id, $0.baseAddress) }
      count = Int(STRESS_SIZE)
    }
  }

  func replace(for seconds: Double) throws {
    let start = ContinuousClock.now
    var patience = seconds + 1
    // On a busy machine some writers leave hardly a gap.
    while ContinuousClock.now - start < .seconds(installs == 0 ? seconds + 60 : seconds) {
      if ContinuousClock.now - start > .seconds(patience) {
        stress_rest_longer(stress)
        patience += 2
      }
      guard let expected = try observe() else { continue }
      try replace(expected.value)
      if installs % 4 == 0 { tree.displaced.poll() }
    }
    stress_stop(stress)
  }

  private struct Found { var value: ExpectedLocal? }

  /// Nil where the look was disturbed; a nil value where nothing stands there.
  private func observe() throws -> Found? {
    let leaf: OpenLeaf
    do { leaf = try OpenLeaf("f".path, in: tree.observer) } catch is OpenLeaf.Absence {
      return test.deletes || UInt8.random(in: 0..<4) == 0 ? Found(value: nil) : nil
    }
    let lease = leaf.takeLease()
    defer { lease.release() }
    let stamp = try leaf.currentStamp()
    var bytes = [UInt8](repeating: 0, count: Int(STRESS_LARGEST))
    let count = try bytes.withUnsafeMutableBytes { try leaf.descriptor.read(at: 0, into: $0) }
    let content = count < bytes.count ? Fingerprint(of: Array(bytes[..<count])) : try leaf.content()
    guard try leaf.currentStamp() == stamp else { return nil }
    let isProvisional = leaf.isProvisional(lease.state) || !lease.isUnbroken
    bytes.withUnsafeBytes {
      stress_mark(
        stress, $0.baseAddress!.assumingMemoryBound(to: CChar.self), count, stamp.size, Int32(STRESS_IN_BUCKET.rawValue)
      )
    }
    return Found(
      value: ExpectedLocal(stamp: stamp, fingerprint: content, isProvisional: isProvisional, isInBucket: true))
  }

  private func replace(_ expected: ExpectedLocal?) throws {
    if test.deletes, let expected, UInt8.random(in: 0..<2) == 0 {
      let outcome = try tree.committer.remove("f".path, expecting: expected)
      outcomes["\(outcome)", default: 0] += 1
      if outcome == .removed { installs += 1 }
      return
    }
    let bytes = Self.content(nextInstall)
    nextInstall += 1
    let outcome = try tree.committer.install(
      .bytes(bytes), at: "f".path, metadata: EntryMetadata(kind: .file), fingerprint: Fingerprint(of: bytes),
      replacing: expected)
    if outcome.isInstalled { installs += 1 }
    outcomes[outcome.isInstalled ? "installed" : "\(outcome)", default: 0] += 1
  }

  /// Lets the watch finish, ends every slot's retention, and balances the book.
  func finish() throws -> stress_result {
    let mounts = tree.layout.mounts.all
    for _ in 0..<100 where tree.displaced.count > 0 { tree.displaced.poll() }
    #expect(tree.displaced.count == 0)
    let grave = ground.full("grave")
    precondition(mkdir(grave, 0o755) == 0)
    for mount in mounts { try bury(mount, in: grave) }
    stress_mark_folder(stress, ground.path, Int32(STRESS_IN_TREE.rawValue))
    stress_mark_folder(stress, grave, Int32(STRESS_REMOVED.rawValue))
    outcomes["conflict copies"] = ground.entries.count { ConflictName.isConflictCopy($0.path) }
    return stress_finish(stress)
  }

  /// Removes every slot as retention does, after keeping a hard link of it.
  private func bury(_ mount: Mount, in grave: String) throws {
    while case let slots = try mount.trash.oldest([.expiring, .kept], limit: 1_000), !slots.isEmpty {
      for (slot, state) in slots {
        let name = "\(grave)/\(slot.name)"
        _ = linkat(mount.trash.directory.raw, slot.name, AT_FDCWD, name, 0)
        #expect(try tree.retention.remove(slot, state, on: mount))
        var status = stat()
        // What became a conflict copy has its name in the tree too.
        if lstat(name, &status) == 0, status.st_nlink > 1 { unlink(name) }
      }
    }
  }
}
