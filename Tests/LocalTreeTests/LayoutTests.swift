import CLinux
import Glibc
import SyncEngine
import SyncModel
import Testing

@testable import LocalTree

@Suite struct LayoutTests {
  let ground = Playground()

  private func code(_ body: () throws -> Void) -> RootError.Code? {
    do {
      try body()
      return nil
    } catch { return (error as? RootError)?.code }
  }

  @Test func `State is private and keeps its identity`() throws {
    let id: MountID
    do {
      let layout = try RootLayout(ground.path, remoteID: "r1")
      id = layout.rootID
      #expect(!layout.isCopied)
      #expect(layout.stateFolder == ground.full(".martlet/r1"))
      #expect(Playground.names(layout.stateFolder) == ["lock", "tmp", "trash"])
    }
    var status = stat()
    #expect(stat(ground.full(".martlet"), &status) == 0 && status.st_mode & 0o7777 == 0o700)
    #expect(try RootLayout(ground.path, remoteID: "r2").rootID == id)
  }

  @Test func `A second instance is refused and told who holds the root`() throws {
    let layout = try RootLayout(ground.path, remoteID: "r")
    do {
      _ = try RootLayout(ground.path, remoteID: "r")
      Issue.record("opened twice")
    } catch let error as RootError {
      #expect(error.code == .inUse)
      #expect(error.message.contains("process \(getpid()) on host") && error.message.contains(ground.path))
      let since = try #require(error.message.firstMatch(of: /since (\d{4}-\d\d-\d\d \d\d:\d\d):\d\d UTC/))
      let now = Timestamp(nanoseconds: LinuxKernel.shared.now())
      let near = [now, now.advanced(by: .seconds(-60))].map { CalendarTime($0).text.prefix(16) }
      #expect(near.contains(since.output.1))
    }
    // Another prefix may share the folder.
    #expect(try RootLayout(ground.path, remoteID: "other").rootID == layout.rootID)
  }

  /// Those of `stat --file-system`.
  @Test(
    arguments: [
      ("ext2/ext3", 0xef53, true), ("xfs", 0x5846_5342, true), ("btrfs", 0x9123_683e, true), ("zfs", 0x2fc1_2fc1, true),
      ("tmpfs", 0x0102_1994, true), ("overlayfs", 0x794c_7630, true), ("nfs", 0x6969, false),
      ("smb2", 0xfe53_4d42, false), ("fuseblk", 0x6573_5546, false), ("v9fs", 0x0102_1997, false),
      ("ceph", 0x00c3_6400, false), ("ocfs2", 0x7461_636f, false), ("vboxsf", 0x786f_4256, false),
    ] as [(String, Int64, Bool)])
  func `File systems that others change tell nothing of it`(_ name: String, type: Int64, announces: Bool) {
    #expect(MountCapabilities.announcesChanges(fileSystemType: type) == announces, "\(name)")
  }

  @Test func `What cannot be a root is told`() {
    ground.write("file", "x")
    #expect(code { _ = try RootLayout(ground.full("missing"), remoteID: "r") } == .missing)
    #expect(code { _ = try RootLayout(ground.full("file"), remoteID: "r") } == .notDirectory)
    ground.write(".martlet", "in the way")
    #expect(code { _ = try RootLayout(ground.path, remoteID: "r") } == .notUsable)
  }

  @Test func `Copied state is noticed until it is adopted`() throws {
    do { _ = try RootLayout(ground.path, remoteID: "r") }
    let other = Playground()
    rename(ground.full(".martlet"), other.full(".martlet"))
    do {
      let copy = try RootLayout(other.path, remoteID: "r")
      #expect(copy.isCopied)
      try copy.adopt()
    }
    #expect(try !RootLayout(other.path, remoteID: "r").isCopied)
  }

  @Test func `A replaced or vanished root is lost, and may come back`() async throws {
    let tree = try ground.tree()
    #expect(try await tree.checkRoot() == tree.layout.rootID)
    let aside = ground.path + "-aside"
    rename(ground.path, aside)
    defer { Playground.removeTree(aside) }
    await #expect(throws: LocalFailure.self) { try await tree.checkRoot() }
    mkdir(ground.path, 0o755)
    do {
      _ = try await tree.checkRoot()
      Issue.record("another folder is taken for the root")
    } catch let failure as LocalFailure {
      #expect(failure.code == .rootLost && failure.message.contains(ground.path))
    }
    rmdir(ground.path)
    rename(aside, ground.path)
    #expect(try await tree.checkRoot() == tree.layout.rootID)
  }

  @Test(arguments: ["/tmp", "/dev/shm"]) func `What a mount can do is tried out`(_ folder: String) throws {
    let ground = Playground(in: folder)
    let capabilities = try ground.tree().layout.capabilities
    var space = clinux_space()
    let directory = Descriptor(owning: clinux_open(AT_FDCWD, folder, O_RDONLY, 0), of: LinuxKernel.shared)
    #expect(clinux_space_of(directory.raw, &space) == 0)
    let isTrustworthy = ![0x0102_1994, 0x794c_7630].contains(space.type)
    #expect(capabilities.hasTrustworthyStamps == isTrustworthy)
    #expect(capabilities.canExchange && capabilities.canRenameWithoutReplacing && !capabilities.foldsCase)
    #expect(ground.staged == [])
  }

  /// s3fs tells 2^40 - 1 blocks of 16 MiB, which wrapped to less than nothing.
  @Test(
    arguments: [
      (0, 4096, 0), (7, 4096, 28672), (0xff_ffff_ffff, 0x100_0000, 0x4000_0000_0000_0000),
      (0x4_0000_0000_0000, 4096, 0x4000_0000_0000_0000),
    ] as [(UInt64, UInt64, Int64)])
  func `A file system may tell more bytes than there are numbers`(blocks: UInt64, size: UInt64, bytes: Int64) {
    #expect(clinux_bytes(blocks, size) == bytes)
  }

  @Test func `A fresh file on memory is provisional though it rests`() async throws {
    let ground = Playground(in: "/dev/shm")
    ground.write("f", "x")
    let tree = try ground.tree()
    let content = try await tree.read("f".path, expecting: tree.stamp("f"))
    #expect(content.isProvisional)
    guard case .installed(_, let isProvisional) = try await tree.replace("f", with: "y") else {
      Issue.record("not installed")
      return
    }
    #expect(isProvisional)
  }

  @Test func `Two mounts with one id are kept apart`() throws {
    let top = Playground()
    let tree = try ground.tree()
    let directory = Descriptor(owning: clinux_open(AT_FDCWD, top.path, O_RDONLY, 0), of: LinuxKernel.shared)
    var status = try directory.status()
    // As a volume would look that was cloned from the root's.
    do { _ = try RootLayout(top.path, remoteID: "other") }
    try MountIdentity(id: tree.layout.rootID, inode: status.inode).write(
      to: Descriptor(owning: clinux_open(AT_FDCWD, top.full(".martlet"), O_RDONLY, 0), of: LinuxKernel.shared),
      replacing: true)
    status.mount = 1 << 40
    guard case .usable(let mount) = tree.layout.mounts.entry(at: directory, status: status) else {
      Issue.record("unusable")
      return
    }
    #expect(mount.id != tree.layout.rootID)
    #expect(Playground.names(top.full(".martlet/test")) == ["lock", "tmp", "trash"])
  }

  @Test func `A mount that cannot hold our state is left alone`() throws {
    let top = Playground()
    top.write(".martlet", "in the way")
    let tree = try ground.tree()
    let directory = Descriptor(owning: clinux_open(AT_FDCWD, top.path, O_RDONLY, 0), of: LinuxKernel.shared)
    var status = try directory.status()
    status.mount = 1 << 40
    guard case .unusable(let reason) = tree.layout.mounts.entry(at: directory, status: status) else {
      Issue.record("usable")
      return
    }
    #expect(reason.contains("mount"))
  }
}
