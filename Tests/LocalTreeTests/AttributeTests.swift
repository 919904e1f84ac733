import CLinux
import Glibc
import SyncEngine
import SyncModel
import Testing

@testable import LocalTree

@Suite struct AttributeTests {
  let ground = Playground()

  private func open(_ name: String) -> Descriptor {
    Descriptor(owning: clinux_open(AT_FDCWD, ground.full(name), O_RDONLY, 0), of: LinuxKernel.shared)
  }

  private func status(_ name: String) throws -> FileStatus { try open(name).status() }

  /// The kernel's form of an ACL: version 2, then tag, permissions and id of each entry.
  private static func acl(user: UInt32, permissions: UInt16) -> [UInt8] {
    var bytes: [UInt8] = [2, 0, 0, 0]
    let entries: [(UInt16, UInt16, UInt32)] = [
      (1, 6, .max), (2, permissions, user), (4, 4, .max), (0x10, 6, .max), (0x20, 4, .max),
    ]
    for (tag, bits, id) in entries {
      for value in [tag, bits] { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }
      withUnsafeBytes(of: id.littleEndian) { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  @Test func `A replaced file keeps owner, group, ACL, attributes and mode`() async throws {
    ground.write("f", "old")
    let acl = Self.acl(user: 12345, permissions: 4)
    try ExtendedAttributes.set("user.note", Array("kept".utf8), on: open("f"))
    try ExtendedAttributes.set(ExtendedAttributes.accessACL, acl, on: open("f"))
    // Only root may give files away.
    let isRoot = geteuid() == 0
    if isRoot { #expect(chown(ground.full("f"), 1234, 2345) == 0) }
    let before = try status("f")
    let tree = try ground.tree()
    #expect(try await tree.replace("f", with: "new").isInstalled)
    let after = try status("f")
    #expect(after.hasSameOwnership(as: before) && after.inode != before.inode)
    #expect(try ExtendedAttributes.value(of: "user.note", from: open("f")) == Array("kept".utf8))
    #expect(try ExtendedAttributes.value(of: ExtendedAttributes.accessACL, from: open("f")) == acl)
    #expect(try await tree.replace("f", with: "newer", mode: 0o600).stamp?.mode == 0o600)
  }

  @Test func `A new file takes the group and ACL that one created there would have`() async throws {
    ground.makeFolder("d")
    let isRoot = geteuid() == 0
    if isRoot { #expect(chown(ground.full("d"), 0, 2345) == 0) }
    #expect(chmod(ground.full("d"), 0o2755) == 0)
    let acl = Self.acl(user: 12345, permissions: 6)
    try ExtendedAttributes.set(ExtendedAttributes.defaultACL, acl, on: open("d"))
    let tree = try ground.tree()
    #expect(try await tree.install("x", at: "d/new", replacing: nil).isInstalled)
    ground.write("d/created", "x", mode: 0o666)
    #expect(try status("d/new").hasSameOwnership(as: status("d/created")))
    #expect(
      try ExtendedAttributes.value(of: ExtendedAttributes.accessACL, from: open("d/new"))
        == ExtendedAttributes.value(of: ExtendedAttributes.accessACL, from: open("d/created")))
  }

  @Test func `A new file without a mode gets the one of the umask`() async throws {
    let tree = try ground.tree()
    #expect(try await tree.install("x", at: "new", replacing: nil).isInstalled)
    ground.write("created", "x", mode: 0o666)
    #expect(try status("new").mode == status("created").mode)
  }

  @Test func `Mode and time are applied to the expected version only`() async throws {
    ground.write("f", "x")
    symlink("f", ground.full("l"))
    let tree = try ground.tree()
    let time = Timestamp(seconds: 1_000_000_000, nanoseconds: 987_654_321)
    let metadata = EntryMetadata(kind: .file, mode: 0o604, modified: time)
    let stamp = try await tree.stamp("f")
    guard case .applied(let applied) = try await tree.applyMetadata(metadata, to: "f".path, expecting: stamp) else {
      Issue.record("not applied")
      return
    }
    #expect(applied == (try await tree.stamp("f")))
    #expect(applied.mode == 0o604 && applied.modified == time)
    #expect(try await tree.applyMetadata(metadata, to: "f".path, expecting: stamp) == .changed)
    let link = try await tree.stamp("l")
    _ = try await tree.applyMetadata(metadata, to: "l".path, expecting: link)
    #expect(try await tree.stamp("l").modified == time)
    #expect(try await tree.stamp("f") == applied)
    #expect(ground.read("f") == "x")
  }

  @Test func `Where no name can be taken safely nothing is put in place, and nothing displaced`() async throws {
    ground.write("f", "old")
    let tree = try ground.tree(
      limits: MountCapabilities(canExchange: false, canRenameWithoutReplacing: false, canTakeNames: false))
    for (name, old) in [("f", try await tree.expected("f") as ExpectedLocal?), ("g", nil)] {
      let failure = await #expect(throws: LocalFailure.self) {
        try await tree.install("new", at: name, replacing: old)
      }
      #expect(failure?.code == .notReplaceable && failure?.message.contains("--only-up") == true)
    }
    #expect(ground.entries == ["f"] && ground.read("f") == "old" && ground.trashed == [] && ground.staged == [])
    #expect(try await tree.remove("f") == .removed)
    #expect(ground.entries == [])
  }

  private static let owned = EntryMetadata(
    kind: .file, mode: 0o4711, modified: Timestamp(seconds: 1_000_000_000), owner: Owner(user: 1234, group: 2345))

  /// The setuid bit too, which a change of owner takes away.
  @Test func `Owners are given where that is asked for and allowed`() async throws {
    let mayGive = geteuid() == 0
    let mine = Owner(user: geteuid(), group: getegid())
    ground.write("f", "old")
    symlink("f", ground.full("l"))
    let tree = try ground.tree(preservesOwner: true)
    let expected = mayGive ? Self.owned.owner! : mine
    func install(_ text: String, at path: String, replacing old: ExpectedLocal?) async throws -> LocalStamp? {
      let bytes = Array(text.utf8)
      return try await tree.install(
        .bytes(bytes), at: path.path, metadata: Self.owned, fingerprint: Fingerprint(of: bytes), replacing: old
      ).stamp
    }
    for stamp in [
      try await install("new", at: "f", replacing: tree.expected("f")),
      try await install("made", at: "g", replacing: nil),
    ] {
      #expect(stamp?.owner == expected && stamp?.mode == 0o4711 && stamp?.modified == Self.owned.modified)
    }
    #expect(try await tree.stamp("f").owner == expected)
    let target = Array("f".utf8)
    _ = try await tree.install(
      .symlink(target: target), at: "m".path,
      metadata: EntryMetadata(kind: .symlink, owner: Self.owned.owner), fingerprint: Fingerprint(of: target),
      replacing: nil)
    #expect(try await tree.stamp("m").owner == expected)

    ground.write("h", "x")
    for name in ["h", "l"] {
      let outcome = try await tree.applyMetadata(Self.owned, to: name.path, expecting: tree.stamp(name))
      guard case .applied(let stamp) = outcome else {
        Issue.record("\(name): \(outcome)")
        continue
      }
      #expect(try await tree.stamp(name) == stamp)
      #expect(stamp.owner == expected)
      #expect(stamp.kind == .symlink || stamp.mode == 0o4711)
    }
    let entries = try await tree.walkAll().entries.map(\.stamp)
    #expect(entries.count == 5 && entries.allSatisfy { $0.owner == expected })
  }

  @Test func `Owners are nobody's business otherwise`() async throws {
    ground.write("f", "x")
    let tree = try ground.tree()
    let stamp = try await tree.stamp("f")
    _ = try await tree.applyMetadata(Self.owned, to: "f".path, expecting: stamp)
    let after = try status("f")
    #expect(stamp.owner == nil && after.uid == geteuid() && after.gid == getegid())
  }

  @Test func `Links and files replace each other`() async throws {
    ground.write("f", "old")
    let tree = try ground.tree()
    let target = Array("elsewhere".utf8)
    let outcome = try await tree.install(
      .symlink(target: target), at: "f".path, metadata: EntryMetadata(kind: .symlink, modified: Timestamp(seconds: 5)),
      fingerprint: Fingerprint(of: target), replacing: try await tree.expected("f"))
    guard case .installed(let stamp, let isProvisional) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(stamp == (try await tree.stamp("f")) && !isProvisional)
    #expect(stamp.kind == .symlink && stamp.modified == Timestamp(seconds: 5) && ground.trashed == ["old"])
    #expect(try await tree.replace("f", with: "file").stamp?.kind == .file)
    #expect(try await tree.remove("f") == .removed)
    tree.displaced.poll()
    #expect(ground.records.count == 3 && ground.records.allSatisfy { $0.hasSuffix(".expiring") })
  }

  @Test func `A staged content of any size is installed`() async throws {
    let tree = try ground.tree()
    let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let staged = try await tree.stage(for: "d/big".path, size: Int64(bytes.count))
    for offset in [2_000_000, 0, 1_000_000] {
      try bytes[offset..<offset + 1_000_000].withUnsafeBytes { try staged.write($0, at: Int64(offset)) }
    }
    let outcome = try await tree.install(
      .staged(staged), at: "d/big".path, metadata: EntryMetadata(kind: .file), fingerprint: Fingerprint(of: bytes),
      replacing: nil)
    #expect(outcome.isInstalled)
    await staged.discard()
    #expect(try await tree.read("d/big".path, expecting: tree.stamp("d/big")).bytes == bytes)
    try await tree.sync(["d/".path, "gone/".path])
    _ = try await tree.stage(for: "x".path, size: 10)
    let other = try await tree.stage(for: "x".path, size: 10)
    await other.discard()
    #expect(ground.staged == [])
  }

  @Test func `A copy is made beside, once`() async throws {
    ground.write("f", "mine", mode: 0o640)
    let tree = try ground.tree()
    let expected = try await tree.expected("f")
    let copied = try await tree.copyAside("f".path, expecting: expected, to: "copies/f".path)
    #expect(copied == .copied(try await tree.stamp("copies/f"), Fingerprint(of: Array("mine".utf8))))
    #expect(try await tree.stamp("copies/f").modified == expected.stamp.modified)
    #expect(try await tree.stamp("copies/f").mode == 0o640)
    #expect(try await tree.copyAside("f".path, expecting: expected, to: "copies/f".path) == .existed)
    ground.write("other", "x")
    #expect(try await tree.copyAside("f".path, expecting: expected, to: "other".path) == .taken)
    ground.write("f", "edited")
    #expect(try await tree.copyAside("f".path, expecting: expected, to: "third".path) == .changed)
    let file = Glibc.open(ground.full("f"), O_WRONLY | O_CLOEXEC)
    // What has rested for a second counts as whole: written anew until the call comes in time.
    var outcome: CopyOutcome?
    while outcome != .busy {
      let began = LinuxKernel.shared.uptime()
      write(file, "edited", 6)
      lseek(file, 0, SEEK_SET)
      let busy = ExpectedLocal(stamp: try await tree.stamp("f"), fingerprint: nil, isInBucket: false)
      outcome = try await tree.copyAside("f".path, expecting: busy, to: "third".path)
      if LinuxKernel.shared.uptime() - began < 900_000_000 { break }
      unlink(ground.full("third"))
    }
    #expect(outcome == .busy)
    close(file)
    #expect(ground.staged == [] && !ground.entries.contains("third"))
  }

  @Test func `Folders are made and removed one by one`() async throws {
    let tree = try ground.tree()
    let stamp = try await tree.makeDirectory("a/b/".path, metadata: EntryMetadata(kind: .directory, mode: 0o750))
    #expect(stamp == (try await tree.stamp("a/b/")) && stamp.kind == .directory && stamp.mode == 0o750)
    #expect(try await tree.makeDirectory("a/b/".path, metadata: nil) == stamp)
    #expect(try await tree.removeDirectory("a/".path) == .notEmpty)
    #expect(try await tree.removeDirectory("a/b/".path) == .removed)
    #expect(try await tree.removeDirectory("a/b/".path) == .absent)
    ground.write("leaf", "x")
    await #expect(throws: LocalFailure.self) { try await tree.makeDirectory("leaf/".path, metadata: nil) }
    await #expect(throws: LocalFailure.self) { try await tree.makeDirectory("leaf/x/".path, metadata: nil) }
    #expect(try await tree.removeDirectory("leaf/".path) == .absent)
  }

  @Test func `Names that cannot be are told so`() async throws {
    let tree = try ground.tree()
    let long = String(repeating: "x", count: 256)
    do {
      _ = try await tree.install("x", at: long, replacing: nil)
      Issue.record("installed")
    } catch let failure as LocalFailure { #expect(failure.code == .nameNotPossible && failure.message.contains(long)) }
    #expect(try await tree.observe(long.path) == .absent(mount: tree.layout.rootID))
    #expect(ground.staged == [])
  }
}
