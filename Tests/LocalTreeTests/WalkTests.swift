import Glibc
import SyncEngine
import SyncModel
import Testing

@testable import LocalTree

@Suite struct WalkTests {
  let ground = Playground()

  @Test(arguments: [true, false]) func `Entries come in S3's order, parents first`(_ usesOpenat2: Bool) async throws {
    for folder in ["a", "a/z", "b"] { ground.makeFolder(folder) }
    for file in ["a.txt", "a-b", "a/x", "a/z/y", "Ä", "b/with blank"] { ground.write(file, file) }
    let all = try await ground.tree(usesOpenat2: usesOpenat2).walkAll()
    #expect(
      all.entries.map(\.path.string) == ["a-b", "a.txt", "a/", "a/x", "a/z/", "a/z/y", "b/", "b/with blank", "Ä"])
    #expect(all.entries.map(\.path) == all.entries.map(\.path).sorted())
    #expect(all.problems == [] && all.unreadable == [])
  }

  @Test func `A walk agrees with single looks`() async throws {
    ground.makeFolder("d")
    ground.write("d/f", "x")
    symlink("f", ground.full("d/l"))
    let tree = try ground.tree()
    for entry in try await tree.walkAll().entries {
      #expect(try await tree.observe(entry.path) == .present(entry.stamp))
    }
    #expect(try await tree.walkAll("d/".path).entries.map(\.path.string) == ["d/", "d/f", "d/l"])
  }

  @Test func `What cannot be synced is reported by name and reason`() async throws {
    mkfifo(ground.full("pipe"), 0o600)
    symlink("/etc/passwd", ground.full("absolute"))
    symlink("../x", ground.full("up"))
    symlink("a/../../x", ground.full("winding"))
    ground.makeFolder("a")
    symlink("../fine", ground.full("a/inside"))
    symlink("nowhere", ground.full("dangling"))
    #expect(
      [UInt8]([0x62, 0xff, 0]).withUnsafeBufferPointer { name in
        makeFile(ground.path, name.baseAddress!)
      })
    let tree = try ground.tree()
    let all = try await tree.walkAll()
    #expect(all.entries.map(\.path.string) == ["a/", "a/inside", "dangling"])
    #expect(all.problems.map(\.name) == ["absolute", "b\u{FFFD}", "pipe", "up", "winding"])
    for name in ["pipe", "absolute", "up", "winding"] {
      guard case .unsupported = try await tree.observe(name.path) else {
        Issue.record("\(name) is supported")
        continue
      }
    }
  }

  /// Makes a file whose name is not UTF-8.
  private func makeFile(_ folder: String, _ name: UnsafePointer<UInt8>) -> Bool {
    let directory = open(folder, O_RDONLY | O_DIRECTORY)
    defer { close(directory) }
    let file = name.withMemoryRebound(to: CChar.self, capacity: 3) {
      openat(directory, $0, O_WRONLY | O_CLOEXEC | O_CREAT, 0o644)
    }
    close(file)
    return file >= 0
  }

  @Test func `Links are left alone where told so`() async throws {
    symlink("x", ground.full("l"))
    let tree = try ground.tree(symlinks: .skip)
    #expect(try await tree.walkAll().entries == [])
    guard case .unsupported(let reason) = try await tree.observe("l".path) else {
      Issue.record("a link is synced")
      return
    }
    #expect(reason.contains("--symlinks"))
  }

  @Test func `Reserved names are skipped at any depth`() async throws {
    ground.makeFolder("a")
    for name in [".mobius3", ".martlet-tmp.x", ".__mobius3_flush__1"] {
      ground.makeFolder("a/\(name)")
      ground.write("a/\(name)/f", "x")
    }
    ground.write("a/.s3-sync2.lock", "x")
    let tree = try ground.tree()
    #expect(try await tree.walkAll().entries.map(\.path.string) == ["a/"])
    #expect(try await tree.hasEntries("a/".path) { _ in true } == false)
    guard case .unsupported = try await tree.observe("a/.mobius3/f".path) else {
      Issue.record("a reserved name is synced")
      return
    }
  }

  @Test func `Absence names the mount of the nearest ancestor; below a leaf is no absence`() async throws {
    ground.write("leaf", "x")
    symlink("leaf", ground.full("link"))
    let tree = try ground.tree()
    let mount = try await tree.checkRoot()
    for name in ["x", "x/y/z", "leaf.txt"] { #expect(try await tree.observe(name.path) == .absent(mount: mount)) }
    #expect(try await tree.observe("leaf/x/y".path) == .below(leaf: "leaf".path))
    #expect(try await tree.observe("link/x".path) == .below(leaf: "link".path))
  }

  @Test(arguments: [true, false]) func `Planted links lead nowhere`(_ usesOpenat2: Bool) async throws {
    let outside = Playground()
    outside.write("secret", "secret")
    symlink(outside.path, ground.full("out"))
    let tree = try ground.tree(usesOpenat2: usesOpenat2)
    #expect(try await tree.observe("out/secret".path) == .below(leaf: "out".path))
    #expect(try await tree.install("x", at: "out/new", replacing: nil) == .obstructed(by: "out".path))
    #expect(try await tree.install("x", at: "out/deep/new", replacing: nil) == .obstructed(by: "out".path))
    let file = try outside.tree()
    let expected = try await file.expected("secret")
    #expect(try await tree.install("x", at: "out/secret", replacing: expected) == .obstructed(by: "out".path))
    #expect(try await tree.remove("out/secret".path, expecting: expected) == .changed)
    #expect(try await tree.removeDirectory("out/x/".path) == .absent)
    await #expect(throws: LocalFailure.self) { try await tree.makeDirectory("out/d/".path, metadata: nil) }
    await #expect(throws: LocalFailure.self) { try await tree.read("out/secret".path, expecting: expected.stamp) }
    #expect(outside.entries == ["secret"] && outside.read("secret") == "secret")
  }

  @Test func `Martlet's own state cannot be named`() async throws {
    let tree = try ground.tree()
    await #expect(throws: LocalFailure.self) { try await tree.replace(".martlet/id", with: "x") }
    #expect(try await tree.removeDirectory(".martlet/".path) == .notEmpty)
  }

  @Test func `A folder's entries are told by the filter`() async throws {
    ground.makeFolder("d")
    ground.write("d/a", "x")
    ground.makeFolder("d/s")
    let tree = try ground.tree()
    #expect(try await tree.hasEntries("d/".path) { _ in true })
    #expect(try await tree.hasEntries("d/".path) { $0 == "d/s/".path })
    #expect(try await !tree.hasEntries("d/".path) { $0 == "d/s".path })
    #expect(try await !tree.hasEntries("d/s/".path) { _ in true })
  }

  @Test func `A long walk comes in batches`() async throws {
    for number in 0..<1_200 { ground.write("f\(number)", "") }
    let walk = try ground.tree().walk(.root)
    var sizes: [Int] = []
    while true {
      let batch = try await walk.next()
      sizes.append(batch.entries.count)
      if batch.isLast { break }
    }
    #expect(sizes == [500, 500, 200])
  }

  @Test func `A name in another case is absent where case folds`() async throws {
    ground.write("Name", "x")
    let tree = try ground.tree(limits: MountCapabilities(foldsCase: true))
    #expect(try await tree.stamp("Name").size == 1)
  }
}

@Suite struct LinkTargetTests {
  @Test(arguments: [
    ("l", "a", false), ("l", "a/b", false), ("l", "..", true), ("d/l", "..", false), ("d/l", "../..", true),
    ("d/l", "../x", false), ("d/l", "a/../../x", false), ("d/l", "a/../../../x", true), ("l", "./a/..", false),
    ("l", "/", true), ("l", "a//..//..", true), ("l", "...", false),
  ]) func `Only what stays below the root is followed by users`(_ link: String, _ target: String, _ isOut: Bool) {
    #expect(LinkTarget.leadsOut(Array(target.utf8), from: link.path) == isOut)
  }
}
