import CLinux
import Glibc
import LocalTree
import Simulation
import SyncModel
import Testing

/// What the simulated kernel says is what the real one says, call by call.
@Suite struct KernelConformanceTests {
  enum Place: String, CaseIterable { case disk, tmpfs, simulated }

  @Test(arguments: Place.allCases) func callsMeanTheSame(place: Place) throws {
    let ground = try Ground(place)
    defer { ground.remove() }
    let (kernel, root) = (ground.kernel, ground.root)

    #expect(kernel.makeDirectory(root, "d", 0o755) == 0)
    #expect(kernel.makeDirectory(root, "d", 0o755) == -EEXIST)
    let folder = kernel.openBeneath(root, "d", O_RDONLY | O_DIRECTORY)
    #expect(folder >= 0)
    for (name, text) in [("a", "one"), ("b", "two!")] { ground.write(name, text) }
    #expect(kernel.open(root, "a", O_WRONLY | O_CREAT | O_EXCL, 0o600) == -EEXIST)
    #expect(kernel.openBeneath(root, "missing", O_RDONLY) == -ENOENT)
    #expect(kernel.openBeneath(root, "a/b", O_RDONLY) == -ENOTDIR)
    #expect(kernel.makeLink(root, "link", to: Array("a".utf8)) == 0)
    #expect(kernel.openBeneath(root, "link", O_RDONLY) == -ELOOP)
    #expect(kernel.open(root, "link", O_RDONLY | O_NOFOLLOW, 0) == -ELOOP)
    #expect(kernel.open(root, "a", O_RDONLY | O_DIRECTORY, 0) == -ENOTDIR)
    #expect(kernel.open(root, String(repeating: "n", count: 256), O_RDONLY, 0) == -ENAMETOOLONG)

    // Exchange keeps inodes and modification times, and both change times move on.
    let before = (ground.status("a"), ground.status("b"))
    ground.waitForNextTick()
    #expect(kernel.rename(root, "a", root, "b", .exchange) == 0)
    let after = (ground.status("a"), ground.status("b"))
    #expect(after.0.inode == before.1.inode && after.1.inode == before.0.inode)
    #expect(after.0.modified == before.1.modified && after.1.modified == before.0.modified)
    #expect(after.0.changed > before.1.changed && after.1.changed > before.0.changed)
    #expect(kernel.rename(root, "a", root, "missing", .exchange) == -ENOENT)
    #expect(kernel.rename(root, "a", root, "b", .withoutReplacing) == -EEXIST)
    #expect(kernel.rename(root, "a", folder, "a", .withoutReplacing) == 0)
    #expect(kernel.link(root, "b", folder, "a") == -EEXIST)
    #expect(kernel.link(root, "b", folder, "b") == 0)
    #expect(ground.status("b").nlink == 2)
    #expect(kernel.rename(root, "d", folder, "inner", .replacing) == -EINVAL)
    #expect(kernel.rename(root, "b", root, "d", .replacing) == -EISDIR)
    #expect(kernel.removeDirectory(root, "d") == -ENOTEMPTY)
    #expect(kernel.removeDirectory(root, "b") == -ENOTDIR)
    #expect(kernel.unlink(root, "d") == -EISDIR)
    #expect(kernel.unlink(root, "missing") == -ENOENT)
    for name in ["a", "b"] { #expect(kernel.unlink(folder, name) == 0) }
    #expect(kernel.removeDirectory(root, "d") == 0)
    #expect(kernel.open(folder, "late", O_WRONLY | O_CREAT, 0o600) == -ENOENT)
    kernel.close(folder)
  }

  @Test(arguments: Place.allCases) func aLeaseIsRefusedWhileSomebodyWrites(place: Place) throws {
    let ground = try Ground(place)
    defer { ground.remove() }
    let (kernel, root) = (ground.kernel, ground.root)
    ground.write("f", "text")
    let reader = kernel.open(root, "f", O_RDONLY, 0)
    let writer = kernel.open(root, "f", O_WRONLY, 0)
    #expect(kernel.takeLease(reader) == -EAGAIN)
    #expect(!kernel.isLeaseHeld(reader))
    kernel.close(writer)
    #expect(kernel.takeLease(reader) == 0)
    #expect(kernel.isLeaseHeld(reader))
    // Neither another name nor another place breaks it.
    #expect(kernel.rename(root, "f", root, "g", .replacing) == 0)
    #expect(kernel.setMode(reader, 0o600) == 0)
    #expect(kernel.unlink(root, "g") == 0)
    #expect(kernel.isLeaseHeld(reader))
    kernel.releaseLease(reader)
    #expect(!kernel.isLeaseHeld(reader))
    kernel.close(reader)
    let path = kernel.open(root, ".", clinux_flag_path(), 0)
    #expect(kernel.takeLease(path) == -EBADF)
    kernel.close(path)
  }

  @Test(arguments: Place.allCases) func eventsAreTheSame(place: Place) throws {
    let ground = try Ground(place)
    defer { ground.remove() }
    let (kernel, root) = (ground.kernel, ground.root)
    #expect(kernel.makeDirectory(root, "aside", 0o755) == 0)
    let aside = kernel.openBeneath(root, "aside", O_RDONLY | O_DIRECTORY)
    let mask = UInt32(
      IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF
        | IN_MOVE_SELF)
    let queue = kernel.makeEventQueue()
    #expect(kernel.watch(queue, root, mask) >= 0)
    ground.write("f", "x")
    #expect(ground.events(queue) == ["f create", "f modify", "f closed"])
    let reader = kernel.open(root, "f", O_RDONLY, 0)
    #expect(kernel.setMode(reader, 0o600) == 0)
    #expect(ground.events(queue) == ["f attributes"])
    #expect(kernel.setModified(reader, 1_700_000_000_000_000_000) == 0)
    #expect(ground.events(queue) == ["f modify"])
    kernel.close(reader)
    #expect(kernel.rename(root, "f", root, "g", .replacing) == 0)
    #expect(ground.events(queue) == ["f from 0", "g to 0"])
    #expect(kernel.makeLink(aside, "n", to: [1]) == 0)
    #expect(kernel.rename(aside, "n", root, "g", .exchange) == 0)
    #expect(ground.events(queue) == ["g to 0", "g from 1"])
    #expect(kernel.unlink(root, "g") == 0)
    #expect(kernel.makeDirectory(root, "d", 0o755) == 0)
    #expect(kernel.removeDirectory(root, "d") == 0)
    #expect(ground.events(queue) == ["g delete", "d/ create", "d/ delete"])
    for file in [queue, aside] { kernel.close(file) }
  }
}

/// A folder of one kernel.
private struct Ground {
  let kernel: any Kernel
  let root: Int32
  private let path: String
  private let executor: SimExecutor?

  init(_ place: KernelConformanceTests.Place) throws {
    if place == .simulated {
      let executor = SimExecutor(seed: 1)
      let environment = SimEnvironment(executor: executor, skew: 0, generator: SeededGenerator(seed: 2))
      let life = NodeLife(node: "A", executor: executor, generator: SeededGenerator(seed: 3))
      kernel = SimKernel(disk: SimFileSystem(mount: .init(1), environment: environment), life: life)
      path = SimKernel.rootPath
      self.executor = executor
    } else {
      kernel = LinuxKernel.shared
      let parent = place == .tmpfs ? "/dev/shm" : "/var/tmp"
      path = "\(parent)/martlet-kernel-\(String(UInt64.random(in: .min ... .max), radix: 36))"
      try #require(mkdir(path, 0o755) == 0)
      executor = nil
    }
    root = kernel.open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0)
    try #require(root >= 0)
  }

  func remove() {
    kernel.close(root)
    if executor == nil { removeTree(path) }
  }

  private func removeTree(_ path: String) {
    if unlink(path) == 0 { return }
    if let directory = opendir(path) {
      while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { removeTree("\(path)/\(name)") }
      }
      closedir(directory)
    }
    rmdir(path)
  }

  /// In one write.
  func write(_ name: String, _ text: String) {
    let file = kernel.open(root, name, O_WRONLY | O_CREAT, 0o644)
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { kernel.write(file, $0, at: Int64(text.utf8.count - bytes.count)) }
      guard count > 0 else { break }
      bytes = bytes.dropFirst(count)
    }
    kernel.close(file)
  }

  func status(_ name: String) -> clinux_status {
    var status = clinux_status()
    #expect(kernel.status(root, name, &status) == 0)
    return status
  }

  func waitForNextTick() { kernel.pause(microseconds: UInt32(2 * kernel.tick / 1000)) }

  /// Names and what happened to them; cookies numbered by their first use here.
  func events(_ queue: Int32) -> [String] {
    var buffer = [UInt8](repeating: 0, count: 4096)
    return buffer.withUnsafeMutableBytes { buffer in
      let count = kernel.readEvents(queue, into: buffer)
      var (texts, cookies, offset): ([String], [UInt32], Int) = ([], [], 0)
      while offset < count {
        let header = buffer.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
        let start = offset + MemoryLayout<inotify_event>.size
        offset = start + Int(header.len)
        let name = String(decoding: buffer[start..<offset].prefix { $0 != 0 }, as: UTF8.self)
        if header.cookie != 0, !cookies.contains(header.cookie) { cookies.append(header.cookie) }
        let number = cookies.firstIndex(of: header.cookie)
        let cookie = number.map { " \($0)" } ?? ""
        let kinds: [(Int32, String)] = [
          (IN_CREATE, "create"), (IN_MODIFY, "modify"), (IN_CLOSE_WRITE, "closed"), (IN_ATTRIB, "attributes"),
          (IN_DELETE, "delete"), (IN_MOVED_FROM, "from"), (IN_MOVED_TO, "to"),
        ]
        let kind = kinds.first { header.mask & UInt32(bitPattern: $0.0) != 0 }.map(\.1) ?? "other"
        let slash = header.mask & UInt32(IN_ISDIR) != 0 ? "/" : ""
        texts.append("\(name)\(slash) \(kind)\(cookie)")
      }
      return texts
    }
  }
}
