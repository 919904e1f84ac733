import Glibc
import SyncEngine
import SyncModel
import Testing

@testable import LocalTree

/// I2: other programs act on the target in the middle of a commit.
@Suite struct InterferenceTests {
  let ground = Playground()

  private func install(
    _ limits: MountCapabilities? = nil, _ hook: @escaping CommitHook
  ) async throws -> (LocalTree, InstallOutcome) {
    ground.write("f", "old")
    let tree = try ground.tree(limits: limits, hook: hook)
    return (tree, try await tree.replace("f", with: "new"))
  }

  private func replace(_ text: String) {
    ground.write("aside", text)
    rename(ground.full("aside"), ground.full("f"))
  }

  private var copies: [String] {
    ground.entries.filter { ConflictName.isConflictCopy($0.path) }.compactMap { ground.read($0) }.sorted()
  }

  @Test func `A file renamed over the target stays there`() async throws {
    let (_, outcome) = try await install { if $0 == .inSlot { replace("theirs") } }
    #expect(outcome == .changed)
    #expect(ground.read("f") == "theirs" && ground.trashed == ["new"] && copies == [])
  }

  @Test func `A vanished target stays absent`() async throws {
    let (_, outcome) = try await install { if $0 == .inSlot { unlink(ground.full("f")) } }
    #expect(outcome == .changed)
    #expect(ground.entries == [] && ground.trashed == [] && ground.records == [])
  }

  @Test func `A folder in the target's place comes back`() async throws {
    let (_, outcome) = try await install {
      guard $0 == .inSlot else { return }
      unlink(ground.full("f"))
      ground.makeFolder("f")
      ground.write("f/inside", "x")
    }
    #expect(outcome == .changed)
    #expect(ground.read("f/inside") == "x")
  }

  @Test func `A writer that opens in the exchange gets his file back`() async throws {
    let (_, outcome) = try await install {
      // Would wait for the lease; asking breaks it.
      if $0 == .inSlot {
        #expect(open(ground.full("f"), O_WRONLY | O_CLOEXEC | O_NONBLOCK) == -1 && errno == EWOULDBLOCK)
      }
    }
    #expect(outcome == .changed)
    #expect(ground.read("f") == "old" && ground.trashed == ["new"])
  }

  @Test func `The newest of several replacements stays, the others are kept`() async throws {
    let (tree, outcome) = try await install {
      switch $0 {
      case .inSlot: replace("first")
      case .refused: replace("second")
      default: break
      }
    }
    tree.displaced.poll()
    #expect(outcome == .changed)
    #expect(ground.read("f") == "second" && copies == ["first"] && ground.trashed == [])
  }

  @Test func `Somebody who replaces without end is left with his newest`() async throws {
    let round = Counter()
    let (tree, outcome) = try await install {
      if $0 == .inSlot || $0 == .refused || $0 == .exchangedBack { replace("v\(round.next())") }
    }
    tree.displaced.poll()
    #expect(outcome == .changed)
    // The newest is at the name, or beside it.
    #expect((copies + [ground.read("f") ?? ""]).contains("v\(round.value)"))
  }

  @Test func `What was displaced is kept where the target vanished in the meantime`() async throws {
    let (_, outcome) = try await install {
      switch $0 {
      case .inSlot: replace("theirs")
      case .refused: unlink(ground.full("f"))
      default: break
      }
    }
    #expect(outcome == .changed)
    #expect(ground.read("f") == nil && copies == ["theirs"])
  }

  @Test(arguments: [true, false]) func `A mode given in the last moment survives`(_ exchanges: Bool) async throws {
    let (tree, outcome) = try await install(MountCapabilities(canExchange: exchanges)) {
      if $0 == (exchanges ? .inSlot : .verified) { chmod(ground.full("f"), 0o600) }
    }
    #expect(ground.read("f") == "new")
    let now = try await tree.stamp("f")
    #expect(now.mode == 0o600)
    // The stamp to remember is another, so that the mode is seen as a local change.
    #expect(outcome.stamp?.mode == 0o644)
  }

  @Test func `Without exchange a name taken in the gap is respected`() async throws {
    let (_, outcome) = try await install(MountCapabilities(canExchange: false)) {
      if $0 == .displaced { ground.write("f", "theirs") }
    }
    #expect(outcome == .changed)
    #expect(ground.read("f") == "theirs" && ground.trashed == ["old"] && ground.staged == [])
  }

  @Test func `A changed file is not deleted`() async throws {
    ground.write("f", "old")
    let tree = try ground.tree { if $0 == .verified { replace("theirs") } }
    #expect(try await tree.remove("f") == .changed)
    #expect(ground.read("f") == nil && copies == ["theirs"])
  }

  @Test(arguments: [true, false]) func `A folder that takes a deleted file's name is kept`(
    _ canRenameWithoutReplacing: Bool
  ) async throws {
    ground.write("f", "old")
    let limits = MountCapabilities(canRenameWithoutReplacing: canRenameWithoutReplacing)
    let tree = try ground.tree(limits: limits) {
      guard $0 == .verified else { return }
      unlink(ground.full("f"))
      ground.makeFolder("f")
      ground.write("f/inside", "theirs")
    }
    #expect(try await tree.remove("f") == .changed)
    let folder = try #require(ground.entries.first { ConflictName.isConflictCopy($0.path) })
    #expect(ground.entries.count == 1 && ground.read("\(folder)/inside") == "theirs")
    #expect(Playground.names(ground.full(".martlet/test/trash")) == [])
  }

  @Test func `An edit of the new file in the first moment is seen later`() async throws {
    let (tree, outcome) = try await install {
      if $0 == .displaced { #expect(open(ground.full("f"), O_WRONLY | O_CLOEXEC | O_NONBLOCK) == -1) }
    }
    guard case .installed(let stamp, let isProvisional) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(isProvisional)
    #expect(try await tree.stamp("f") != stamp)
  }

  @Test func `Somebody who writes makes the target busy`() async throws {
    ground.write("f", "old")
    let tree = try ground.tree()
    let expected = try await tree.expected("f")
    let file = open(ground.full("f"), O_WRONLY | O_CLOEXEC)
    #expect(try await tree.install("new", at: "f", replacing: expected) == .busy)
    #expect(try await tree.remove("f".path, expecting: expected) == .busy)
    close(file)
    #expect(ground.staged == [] && ground.records == [] && ground.read("f") == "old")
    #expect(try await tree.install("new", at: "f", replacing: expected).isInstalled)
  }

  @Test func `A writable mapping makes the target busy though it is closed`() async throws {
    ground.write("f", "old")
    let tree = try ground.tree(limits: MountCapabilities())
    let expected = try await tree.expected("f")
    let file = open(ground.full("f"), O_RDWR | O_CLOEXEC)
    let map = mmap(nil, 3, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)!
    close(file)
    #expect(try await tree.install("new", at: "f", replacing: expected) == .busy)
    munmap(map, 3)
    #expect(try await tree.install("new", at: "f", replacing: expected).isInstalled)
  }

  @Test func `A provisional version is compared by content`() async throws {
    ground.write("f", "old")
    let tree = try ground.tree()
    let stamp = try await tree.stamp("f")
    let other = ExpectedLocal(
      stamp: stamp, fingerprint: Fingerprint(of: Array("odd".utf8)), isProvisional: true, isInBucket: true)
    #expect(try await tree.install("new", at: "f", replacing: other) == .changed)
    #expect(ground.read("f") == "old")
  }

  @Test(arguments: [true, false]) func `A write through a hard link is kept`(_ afterWatch: Bool) async throws {
    ground.write("f", "old")
    let outside = Playground()
    link(ground.full("f"), outside.full("h"))
    let tree = try ground.tree(quota: TrashQuota(retention: .zero))
    #expect(try await tree.replace("f", with: "new").isInstalled)
    let mounts = tree.layout.mounts.all
    if afterWatch { tree.displaced.poll() }
    outside.write("h", "late")
    tree.displaced.poll()
    try tree.retention.enforce(
      on: mounts[0], now: Timestamp(nanoseconds: LinuxKernel.shared.now()).advanced(by: .seconds(1)))
    #expect(ground.read("f") == "new" && copies == ["late"] && ground.trashed == [])
  }

  @Test func `A writer who keeps the displaced file open is waited for`() async throws {
    ground.write("f", "old")
    let outside = Playground()
    link(ground.full("f"), outside.full("h"))
    let tree = try ground.tree()
    #expect(try await tree.replace("f", with: "new").isInstalled)
    let file = open(outside.full("h"), O_WRONLY | O_CLOEXEC)
    for _ in 0..<3 { tree.displaced.poll() }
    #expect(tree.displaced.count == 1 && copies == [])
    #expect(write(file, "mine", 4) == 4)
    close(file)
    tree.displaced.poll()
    #expect(tree.displaced.count == 0 && copies == ["mine"])
  }

  @Test func `Inside a repository the change stays in the trash and does not expire`() async throws {
    ground.makeFolder(".git")
    ground.write(".git/index", "old")
    let tree = try ground.tree { step in
      guard step == .verified else { return }
      ground.write("aside", "theirs")
      rename(ground.full("aside"), ground.full(".git/index"))
    }
    let sink = RecordingSink()
    tree.relay.connect(sink)
    #expect(try await tree.remove(".git/index") == .changed)
    #expect(Playground.names(ground.full(".git")) == [])
    #expect(ground.trashed == ["theirs"])
    #expect(ground.records.count == 1 && ground.records[0].hasSuffix(".kept"))
    #expect(sink.reports.count == 1 && sink.reports[0].hasPrefix(".git/index"))
  }

  @Test func `vim saves by renaming away and creating anew`() async throws {
    ground.write("f", "old")
    let tree = try ground.tree()
    let expected = try await tree.expected("f")
    rename(ground.full("f"), ground.full("f~"))
    #expect(try await tree.install("new", at: "f", replacing: expected) == .changed)
    ground.write("f", "saved")
    unlink(ground.full("f~"))
    #expect(try await tree.install("new", at: "f", replacing: expected) == .changed)
    #expect(ground.read("f") == "saved" && ground.entries == ["f"])
  }
}
