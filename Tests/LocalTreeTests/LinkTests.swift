import Glibc
import SyncEngine
import SyncModel
import Testing

@testable import LocalTree

/// `--symlinks follow`.
@Suite struct LinkTests {
  let ground = Playground()
  let outside = Playground()

  private func makeReal() {
    for folder in ["real", "real/sub"] { ground.makeFolder(folder) }
    ground.write("real/f", "content")
    ground.write("real/sub/g", "deeper")
  }

  private func link(_ name: String, to target: String) { #expect(symlink(target, ground.full(name)) == 0) }

  private func isUnsupported(_ tree: LocalTree, _ path: String, _ text: String = "") async throws -> Bool {
    guard case .unsupported(let reason) = try await tree.observe(path.path) else { return false }
    return reason.contains(text)
  }

  @Test(arguments: [true, false]) func `A link is what it leads to`(_ usesOpenat2: Bool) async throws {
    makeReal()
    link("l", to: "real/f")
    link("d", to: "./real")
    link("real/sub/up", to: "../f")
    link("chain", to: "d/sub/up")
    let tree = try ground.tree(usesOpenat2: usesOpenat2, symlinks: .follow)
    let all = try await tree.walkAll()
    #expect(
      all.entries.map(\.path.string) == [
        "chain", "d/", "d/f", "d/sub/", "d/sub/g", "d/sub/up", "l", "real/", "real/f", "real/sub/", "real/sub/g",
        "real/sub/up",
      ])
    #expect(all.problems == [] && all.unreadable == [])
    let file = try await tree.stamp("real/f")
    for entry in all.entries {
      #expect(try await tree.observe(entry.path) == .present(entry.stamp))
      if ["chain", "l", "d/f", "d/sub/up"].contains(entry.path.string) { #expect(entry.stamp == file) }
    }
    #expect(try await tree.walkAll("d/sub/".path).entries.map(\.path.string) == ["d/sub/", "d/sub/g", "d/sub/up"])
    #expect(try await tree.walkAll("d/".path).entries.map(\.path.string).first == "d/")
    #expect(try await tree.hasEntries("d/sub/".path) { _ in true })
    #expect(try await tree.observe("l".path) == .present(file))
    #expect(try await tree.observe("d".path) == tree.observe("d/".path))
    #expect(try await tree.observe("l/x".path) == .below(leaf: "l".path))
  }

  @Test(arguments: ["l", "d/f"]) func `What a link leads to is read`(_ name: String) async throws {
    makeReal()
    link("l", to: "real/f")
    link("d", to: "real")
    let tree = try ground.tree(symlinks: .follow)
    let stamp = try await tree.stamp(name)
    #expect(try await tree.read(name.path, expecting: stamp).bytes == Array("content".utf8))
    #expect(
      try await tree.fingerprint(name.path, expecting: stamp).fingerprint == Fingerprint(of: Array("content".utf8)))
    let snapshot = try await tree.openSnapshot(name.path, expecting: stamp)
    #expect(try await snapshot.read(at: 3, count: 4) == Array("tent".utf8))
    #expect(try await snapshot.verify() != .changed)
    await snapshot.close()
    #expect(try await !tree.isOpenForWriting(name.path))
    let writer = open(ground.full("real/f"), O_WRONLY | O_CLOEXEC)
    #expect(try await tree.isOpenForWriting(name.path))
    close(writer)

    ground.write("new", "another")
    rename(ground.full("new"), ground.full("real/f"))
    let replaced = try await tree.stamp(name)
    #expect(replaced.inode != stamp.inode && replaced.mount == stamp.mount)
    await #expect(throws: LocalFailure.self) { try await tree.read(name.path, expecting: stamp) }
    #expect(try await tree.read(name.path, expecting: replaced).bytes == Array("another".utf8))
  }

  @Test func `Links that lead nowhere, round or out are reported and stay unknown`() async throws {
    makeReal()
    outside.write("f", "secret")
    mkfifo(outside.full("pipe"), 0o600)
    mkfifo(ground.full("real/pipe"), 0o600)
    link("broken", to: "nowhere")
    link("circle", to: "circle")
    link("out", to: outside.full("f"))
    link("outward", to: outside.path)
    link("absolute", to: ground.full("real/f"))
    link("up", to: "../x")
    link("piped", to: "real/pipe")
    link("real/self", to: ".")
    link("real/sub/back", to: "../..")
    let tree = try ground.tree(symlinks: .follow)
    link("state", to: ".martlet/test")
    let all = try await tree.walkAll()
    #expect(all.entries.map(\.path.string) == ["real/", "real/f", "real/sub/", "real/sub/g"])
    let links: [(name: String, reason: String)] = [
      ("absolute", "--unsafe-links"), ("broken", "is not there"), ("circle", "in a circle"), ("out", "--unsafe-links"),
      ("outward", "--unsafe-links"), ("piped", "a pipe"), ("real/self", "leads back to “real/”"),
      ("real/sub/back", "leads back to “/”"), ("state", ".martlet"), ("up", "--unsafe-links"),
    ]
    #expect(
      all.problems.map(\.name).filter { $0 != "real/pipe" } == links.map(\.name), "\(all.problems)")
    for link in links {
      #expect(all.unreadable.contains(link.name.path) && all.unreadable.contains(link.name.path.asDirectory))
      #expect(try await isUnsupported(tree, link.name, link.reason), "\(link)")
      #expect(try await isUnsupported(tree, link.name + "/x/y", link.reason), "\(link)")
    }
  }

  @Test func `Links out of the root are followed only where told so`() async throws {
    let root = Playground(in: ground.path)
    let name = String(root.path.split(separator: "/").last!)
    ground.write("beside", "content")
    outside.makeFolder("folder")
    outside.write("folder/f", "content")
    symlink("../beside", outside.full("folder/dangling"))
    symlink(outside.full("folder"), root.full("d"))
    symlink(outside.full("folder/f"), root.full("l"))
    symlink("..", root.full("up"))
    let tree = try root.tree(symlinks: .followAnywhere)
    symlink(root.full(".martlet/test/tmp"), root.full("state"))
    let all = try await tree.walkAll()
    #expect(all.entries.map(\.path.string) == ["d/", "d/f", "l", "up/", "up/beside"])
    // The root is not met again within itself.
    #expect(all.problems.map(\.name) == ["d/dangling", "state", "up/\(name)/"])
    for entry in all.entries { #expect(try await tree.observe(entry.path) == .present(entry.stamp)) }
    #expect(try await isUnsupported(tree, "up/\(name)/l", "the synced folder itself"))
    #expect(try await tree.read("l".path, expecting: tree.stamp("l")).bytes == Array("content".utf8))
    #expect(Playground.names(outside.full("folder")) == ["dangling", "f"])
  }

  @Test func `Only what is gone from where it was counts as absent`() async throws {
    makeReal()
    link("l", to: "real/f")
    link("d", to: "real")
    let tree = try ground.tree(symlinks: .follow)
    let mount = try await tree.stamp("d/f").mount
    #expect(mount == tree.layout.rootID)
    unlink(ground.full("real/f"))
    #expect(try await tree.observe("d/f".path) == .absent(mount: mount))
    #expect(try await tree.observe("d/none/f".path) == .absent(mount: mount))
    #expect(try await isUnsupported(tree, "l", "is not there"))
    rename(ground.full("real"), ground.full("elsewhere"))
    for name in ["d", "d/", "d/f", "d/sub/g"] { #expect(try await isUnsupported(tree, name, "is not there")) }
    let all = try await tree.walkAll()
    #expect(Set(all.unreadable.map(\.string)) == ["d", "d/", "l", "l/"])
    unlink(ground.full("d"))
    unlink(ground.full("l"))
    for name in ["l", "d", "d/f"] { #expect(try await tree.observe(name.path) == .absent(mount: mount)) }
  }

  /// What a link leads to may be a volume that is not mounted at the moment.
  @Test func `Absences on another file system than before are told from deletions`() async throws {
    let volume = Playground(in: "/dev/shm")
    volume.makeFolder("sub")
    volume.write("sub/f", "content")
    link("d", to: volume.path)
    link("l", to: volume.full("sub/f"))
    let tree = try ground.tree(symlinks: .followAnywhere)
    let stamp = try await tree.stamp("d/sub/f")
    #expect(stamp.mount != tree.layout.rootID)
    #expect(try await tree.stamp("d/").mount == stamp.mount)
    // A link's file is gone when its name is, which stands in the root.
    #expect(try await tree.stamp("l").mount == tree.layout.rootID)
    #expect(try await tree.observe("d/sub/none".path) == .absent(mount: stamp.mount))
    #expect(try await tree.read("d/sub/f".path, expecting: stamp).bytes == Array("content".utf8))
    #expect(Playground.names(volume.path) == ["sub"])
    unlink(ground.full("d"))
    link("d", to: outside.path)
    #expect(try await tree.observe("d/sub/f".path) == .absent(mount: tree.layout.rootID))
  }

  @Test(arguments: ["l", "d/f"]) func `Nothing is changed behind a link`(_ name: String) async throws {
    makeReal()
    link("l", to: "real/f")
    link("d", to: "real")
    let tree = try ground.tree(symlinks: .follow)
    let before = try await tree.expected(name)
    #expect(try await tree.refusal(toChange: name.path)?.contains("“\(name.prefix(1))” is a symbolic link") == true)
    #expect(try await tree.refusal(toChange: "d/new/x".path) != nil)
    for path in ["real/f", "real/none", "none/x", "real/f/x"] {
      #expect(try await tree.refusal(toChange: path.path) == nil)
    }
    #expect(try await !tree.install("theirs", at: name, replacing: before).isInstalled)
    if case .installed = try? await tree.install("theirs", at: "d/new", replacing: nil) { Issue.record("installed") }
    #expect(try await tree.remove(name.path, expecting: before) != .removed)
    #expect(
      try await tree.applyMetadata(
        EntryMetadata(kind: .file, mode: 0o600, modified: Timestamp(nanoseconds: 1)), to: name.path,
        expecting: before.stamp) == .applied(before.stamp))
    #expect(try await tree.removeDirectory("d/sub/".path) != .removed)
    await #expect(throws: LocalFailure.self) { try await tree.makeDirectory("d/folder/".path, metadata: nil) }
    #expect(ground.entries == ["d", "l", "real"] && Playground.names(ground.full("real")) == ["f", "sub"])
    #expect(try await tree.expected(name) == before)
    #expect(ground.trashed == [] && ground.staged == [])
  }

  @Test func `Without following nothing is refused`() async throws {
    makeReal()
    link("l", to: "real/f")
    #expect(try await ground.tree().refusal(toChange: "l".path) == nil)
  }

  @Test func `What changes behind links is found by scanning`() async throws {
    makeReal()
    try await watching { tree in
      #expect(await eventually(within: .seconds(60)) { tree.watcher.state == .live })
      link("real/sub/l", to: "../f")
      #expect(await eventually(within: .seconds(60)) { isScanning(tree) })
    }
    try await watching { tree in #expect(await eventually(within: .seconds(60)) { isScanning(tree) }) }
    try await watching(.preserve) { tree in
      #expect(await eventually(within: .seconds(60)) { tree.watcher.state == .live })
    }
  }

  private func isScanning(_ tree: LocalTree) -> Bool {
    if case .scanning(let reason) = tree.watcher.state { reason.contains("“real/sub/l”") } else { false }
  }

  /// The root is free for the next tree when it returns.
  private func watching(_ symlinks: SymlinkPolicy = .follow, _ body: (LocalTree) async -> Void) async throws {
    let tree = try ground.tree(symlinks: symlinks)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { try? await tree.run(RecordingSink()) }
      await body(tree)
      group.cancelAll()
    }
  }
}
