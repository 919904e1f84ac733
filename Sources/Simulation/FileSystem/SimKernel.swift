package import CLinux
internal import Glibc
package import LocalTree
internal import SyncEngine
internal import SyncModel

/// The kernel as one process sees it: its descriptors over the node's disk. Before each call other programs may act,
/// time goes on, and the process may be killed; after that no call has an effect.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class SimKernel: Kernel, @unchecked Sendable {
  final class OpenFile {
    let inode: Inode
    let dentry: Dentry?
    let isWriter: Bool
    let isReadable: Bool
    /// Below Martlet's state folder.
    let isOwn: Bool
    var lease: Inode.Lease?
    var isLocked = false
    var queue: EventQueue?

    init(_ inode: Inode, _ dentry: Dentry?, isWriter: Bool, isReadable: Bool, isOwn: Bool = false) {
      self.inode = inode
      self.dentry = dentry
      self.isWriter = isWriter
      self.isReadable = isReadable
      self.isOwn = isOwn
    }
  }

  /// Where the root stands.
  package static let rootPath = "/root"

  let disk: SimFileSystem
  let life: NodeLife
  let interference: Interference?
  /// How many calls that need space find none: one in so many, 0 none.
  package var fullDisk = 0
  package private(set) var directoriesMade = 0
  /// Calls until the process is killed in the middle of its work; negative: never.
  package var callsUntilCrash = -1
  package var onCrash: (() -> Void)?
  /// Calls made so far.
  package private(set) var calls = 0
  private var files: [Int32: OpenFile] = [:]
  private var nextFile: Int32 = 3
  private var freeFiles: [Int32] = []

  package init(disk: SimFileSystem, life: NodeLife, interference: Interference? = nil) {
    self.disk = disk
    self.life = life
    self.interference = interference
  }

  /// The process ends, however it does: its descriptors are closed.
  package func exit() {
    for number in files.keys.sorted() { shut(files[number]!) }
    files = [:]
    // It refers to the world.
    onCrash = nil
  }

  /// What goes before every call; false for the dead.
  private func enter() -> Bool {
    guard life.isAlive else { return false }
    calls += 1
    if callsUntilCrash >= 0 {
      callsUntilCrash -= 1
      if callsUntilCrash < 0 { onCrash?() }
      if !life.isAlive { return false }
    }
    interference?.actBeforeCall()
    return life.isAlive
  }

  /// The same with a look at the name of an entry: none leads out of its folder (I6).
  private func enter(_ name: String) -> Bool {
    if name.utf8.contains(UInt8(ascii: "/")) || name == ".." {
      interference?.leavesRoot("\(life.node) uses the name “\(name)”")
    }
    return enter()
  }

  private static let dead = -EIO

  private func directory(_ file: Int32) -> Inode? {
    guard let inode = files[file]?.inode, inode.kind == .directory else { return nil }
    return inode
  }

  private func hasNoSpace() -> Bool {
    guard life.oneIn(fullDisk) else { return false }
    interference?.count("local disk full")
    return true
  }
}

// MARK: - Names

extension SimKernel {
  /// Flags of fcntl.h that decide here.
  private struct Flags {
    let raw: Int32
    init(_ raw: Int32) { self.raw = raw }
    func has(_ bit: Int32) -> Bool { raw & bit != 0 }
    var isPath: Bool { has(clinux_flag_path()) }
    var isWriter: Bool { !isPath && raw & O_ACCMODE != O_RDONLY }
  }

  package func open(_ directory: Int32, _ path: String, _ flags: Int32, _ mode: UInt32) -> Int32 {
    guard directory == AT_FDCWD ? enter() : enter(path) else { return Self.dead }
    if directory == AT_FDCWD { return path == Self.rootPath ? install(disk.root, nil, Flags(flags), false) : -ENOENT }
    guard let parent = self.directory(directory) else { return -ENOTDIR }
    if flags & O_NOFOLLOW == 0, parent.child(path)?.kind == .symlink {
      interference?.leavesRoot("\(life.node) follows the link “\(path)”")
    }
    return open(path, in: parent, Flags(flags), mode, files[directory]!.isOwn)
  }

  private func open(_ name: String, in parent: Inode, _ flags: Flags, _ mode: UInt32, _ isOwn: Bool) -> Int32 {
    guard parent.mayBeSearched else { return -EACCES }
    if name == "." { return install(parent, nil, flags, isOwn) }
    let isOwn = isOwn || name == ReservedNames.state
    if name.utf8.count > 255 { return -ENAMETOOLONG }
    guard let dentry = parent.entries[name] else {
      guard flags.has(O_CREAT) else { return -ENOENT }
      if parent.links == 0 { return -ENOENT }
      if parent.isReadOnly { return -EACCES }
      if hasNoSpace() { return -ENOSPC }
      let inode = disk.newInode(.file, [], mode: mode & ~umask, in: parent)
      return install(inode, disk.add(inode, as: name, in: parent), flags, isOwn)
    }
    if flags.has(O_CREAT) && flags.has(O_EXCL) { return -EEXIST }
    return install(dentry.inode, dentry, flags, isOwn)
  }

  private func install(_ inode: Inode, _ dentry: Dentry?, _ flags: Flags, _ isOwn: Bool) -> Int32 {
    if flags.has(O_DIRECTORY) && inode.kind != .directory { return -ENOTDIR }
    if inode.kind == .symlink && !flags.isPath { return -ELOOP }
    if inode.kind == .directory && flags.isWriter { return -EISDIR }
    if !flags.isPath && inode.mode & 0o400 == 0 && !flags.has(O_CREAT) { return -EACCES }
    let file = OpenFile(inode, dentry, isWriter: flags.isWriter, isReadable: !flags.isPath, isOwn: isOwn)
    inode.pins += 1
    if flags.isWriter {
      // The engine writes to files of its own only, on which nobody holds a lease.
      disk.openForWriting(inode)
      if flags.has(O_TRUNC) { disk.write([], to: inode, through: dentry) }
    }
    return add(file)
  }

  private func add(_ file: OpenFile) -> Int32 {
    let number = freeFiles.popLast() ?? nextFile
    if number == nextFile { nextFile += 1 }
    files[number] = file
    return number
  }

  package func openBeneath(_ directory: Int32, _ path: String, _ flags: Int32) -> Int32 {
    guard enter() else { return Self.dead }
    guard var parent = self.directory(directory) else { return -ENOTDIR }
    let names = path.split(separator: "/").map(String.init)
    for name in names.dropLast() where name != "." {
      guard parent.mayBeSearched else { return -EACCES }
      guard let child = parent.child(name) else { return -ENOENT }
      guard child.kind == .directory else { return child.kind == .symlink ? -ELOOP : -ENOTDIR }
      parent = child
    }
    guard let last = names.last else { return -ENOENT }
    if parent.child(last)?.kind == .symlink { return -ELOOP }
    return open(last, in: parent, Flags(flags), 0, files[directory]!.isOwn)
  }

  package func close(_ file: Int32) {
    guard let open = files.removeValue(forKey: file) else { return }
    freeFiles.append(file)
    shut(open)
  }

  private func shut(_ file: OpenFile) {
    let inode = file.inode
    if let queue = file.queue {
      disk.queues.removeAll { $0 === queue }
      return
    }
    if let lease = file.lease { disk.releaseLease(lease, on: inode) }
    if file.isLocked { inode.isLocked = false }
    inode.pins -= 1
    if file.isWriter { disk.closeWriter(inode, file.dentry) } else { disk.free(inode) }
  }

  package func status(_ directory: Int32, _ name: String, _ status: inout clinux_status) -> Int32 {
    guard enter(name) else { return Self.dead }
    guard let file = files[directory] else { return -EBADF }
    var inode = file.inode
    if !name.isEmpty {
      guard inode.kind == .directory else { return -ENOTDIR }
      guard inode.mayBeSearched else { return -EACCES }
      if name.utf8.count > 255 { return -ENAMETOOLONG }
      guard let child = inode.child(name) else { return -ENOENT }
      interference?.sees(child)
      inode = child
    }
    let type: UInt32 =
      switch inode.kind {
      case .directory: UInt32(S_IFDIR)
      case .symlink: UInt32(S_IFLNK)
      default: UInt32(S_IFREG)
      }
    status = clinux_status(
      mode: type | inode.mode, uid: 1000, gid: 1000, nlink: UInt32(clamping: inode.links), inode: inode.number,
      size: Int64(inode.content.count), modified: inode.modified.nanoseconds, changed: inode.changed.nanoseconds,
      mount: inode.fileSystem)
    return 0
  }

  package func forEachName(
    _ directory: Int32, _ body: (UnsafeRawBufferPointer, _ type: UInt8) throws -> Bool
  ) throws -> Int32 {
    guard enter() else { return Self.dead }
    guard let inode = self.directory(directory) else { return -ENOTDIR }
    guard inode.mayBeSearched, inode.mode & 0o400 != 0 else { return -EACCES }
    for name in disk.names(in: inode) {
      guard let entry = inode.child(name) else { continue }
      let type =
        switch entry.kind {
        case .directory: DT_DIR
        case .symlink: DT_LNK
        default: DT_REG
        }
      var name = name
      let goesOn = try name.withUTF8 { try body(UnsafeRawBufferPointer($0), UInt8(type)) }
      if !goesOn { return 0 }
    }
    return 0
  }

  package func makeDirectory(_ directory: Int32, _ name: String, _ mode: UInt32) -> Int32 {
    guard enter(name) else { return Self.dead }
    return place(name, in: directory) { parent in
      directoriesMade += 1
      _ = disk.add(disk.newInode(.directory, [], mode: mode & ~umask, in: parent), as: name, in: parent)
    }
  }

  package func makeLink(_ directory: Int32, _ name: String, to target: [UInt8]) -> Int32 {
    guard enter(name) else { return Self.dead }
    return place(name, in: directory) { parent in
      _ = disk.add(disk.newInode(.symlink, target, mode: 0o777, in: parent), as: name, in: parent)
    }
  }

  private func place(_ name: String, in directory: Int32, _ make: (Inode) -> Void) -> Int32 {
    guard let parent = self.directory(directory) else { return -ENOTDIR }
    guard parent.mayBeSearched else { return -EACCES }
    if name.utf8.count > 255 { return -ENAMETOOLONG }
    if parent.entries[name] != nil { return -EEXIST }
    if parent.links == 0 { return -ENOENT }
    if parent.isReadOnly { return -EACCES }
    if hasNoSpace() { return -ENOSPC }
    make(parent)
    return 0
  }

  package func unlink(_ directory: Int32, _ name: String) -> Int32 {
    guard enter(name) else { return Self.dead }
    return unlink(name, in: directory, isDirectory: false)
  }

  package func removeDirectory(_ directory: Int32, _ name: String) -> Int32 {
    guard enter(name) else { return Self.dead }
    return unlink(name, in: directory, isDirectory: true)
  }

  private func unlink(_ name: String, in directory: Int32, isDirectory: Bool) -> Int32 {
    guard let parent = self.directory(directory) else { return -ENOTDIR }
    guard parent.mayBeSearched else { return -EACCES }
    return disk.unlink(name, in: parent, isDirectory: isDirectory)
  }

  package func rename(
    _ fromDirectory: Int32, _ from: String, _ toDirectory: Int32, _ to: String, _ kind: RenameKind
  ) -> Int32 {
    guard enter(to) else { return Self.dead }
    guard let source = directory(fromDirectory), let target = directory(toDirectory) else { return -ENOTDIR }
    guard source.mayBeSearched, target.mayBeSearched else { return -EACCES }
    guard let moved = source.child(from) else { return -ENOENT }
    if target.links == 0 || source.links == 0 { return -ENOENT }
    if to.utf8.count > 255 { return -ENAMETOOLONG }
    switch kind {
    case .exchange:
      guard disk.traits.canExchange else { return -EINVAL }
      let displaced = target.child(to).map { Displaced($0) }
      let result = disk.exchange(from, in: source, with: to, in: target)
      if result == 0, let displaced { Displacements.current?.note(displaced) }
      return result
    case .withoutReplacing:
      guard disk.traits.canRenameWithoutReplacing else { return -EINVAL }
      if target.entries[to] != nil { return -EEXIST }
    case .replacing:
      // Within one folder only records change their names.
      if source !== target { Displacements.current?.note(Displaced(moved)) }
    }
    return disk.rename(from, in: source, to: to, in: target)
  }

  package func link(_ fromDirectory: Int32, _ from: String, _ toDirectory: Int32, _ to: String) -> Int32 {
    guard enter(to) else { return Self.dead }
    guard let source = directory(fromDirectory), let target = directory(toDirectory) else { return -ENOTDIR }
    guard source.mayBeSearched, target.mayBeSearched else { return -EACCES }
    guard let dentry = source.entries[from] else { return -ENOENT }
    if target.links == 0 { return -ENOENT }
    if to.utf8.count > 255 { return -ENAMETOOLONG }
    return disk.link(dentry, as: to, in: target)
  }

  package func linkTarget(_ directory: Int32, _ name: String, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard enter() else { return Int(Self.dead) }
    guard var inode = files[directory]?.inode else { return -Int(EBADF) }
    if !name.isEmpty {
      guard let child = inode.child(name) else { return -Int(ENOENT) }
      inode = child
    }
    guard inode.kind == .symlink else { return -Int(EINVAL) }
    let count = min(buffer.count, inode.content.count)
    buffer.copyBytes(from: inode.content.prefix(count))
    return count
  }
}

// MARK: - Contents

extension SimKernel {
  package func read(_ file: Int32, at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard enter() else { return Int(Self.dead) }
    guard let open = files[file], open.isReadable else { return -Int(EBADF) }
    let content = open.inode.content
    guard offset < content.count else { return 0 }
    // At times less than asked for, as a kernel may.
    let whole = min(buffer.count, content.count - Int(offset))
    let isWaitedFor = !open.isOwn && open.inode.kind == .file && interference?.awaitsRead == true
    let count = whole > 1 && (isWaitedFor || life.oneIn(8)) ? 1 + life.below(whole - 1) : whole
    buffer.copyBytes(from: content[Int(offset)..<Int(offset) + count])
    if isWaitedFor { interference?.actWithinRead(of: open.inode) }
    return count
  }

  package func write(_ file: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int64) -> Int {
    guard enter() else { return Int(Self.dead) }
    guard let open = files[file], open.isWriter else { return -Int(EBADF) }
    if hasNoSpace() { return -Int(ENOSPC) }
    let count = bytes.count > 1 && life.oneIn(8) ? 1 + life.below(bytes.count - 1) : bytes.count
    let start = Int(offset)
    var content = open.inode.content
    if content.count < start + count {
      content.append(contentsOf: [UInt8](repeating: 0, count: start + count - content.count))
    }
    content.replaceSubrange(start..<start + count, with: bytes[..<count])
    disk.write(content, to: open.inode, through: open.dentry)
    return count
  }

  package func truncate(_ file: Int32, to size: Int64) -> Int32 {
    guard enter() else { return Self.dead }
    guard let open = files[file], open.isWriter else { return -EBADF }
    let content = open.inode.content.prefix(Int(size))
    disk.write(
      content + [UInt8](repeating: 0, count: Int(size) - content.count), to: open.inode, through: open.dentry)
    return 0
  }

  package func sync(_ file: Int32) -> Int32 {
    guard enter() else { return Self.dead }
    guard let open = files[file], open.isReadable else { return -EBADF }
    disk.sync(open.inode)
    return 0
  }

  package func allocate(_ file: Int32, _ size: Int64) -> Int32 {
    guard enter() else { return Self.dead }
    guard let open = files[file], open.isWriter else { return -EBADF }
    if hasNoSpace() { return -ENOSPC }
    return open.inode.content.count >= size ? 0 : truncate(file, to: size)
  }

  package func clone(_ to: Int32, from: Int32) -> Int32 {
    guard enter() else { return Self.dead }
    return -ENOTSUP
  }
}

// MARK: - Attributes

extension SimKernel {
  package func setMode(_ file: Int32, _ mode: UInt32) -> Int32 {
    guard enter() else { return Self.dead }
    guard let open = files[file], open.isReadable else { return -EBADF }
    disk.set(mode: mode, of: open.inode)
    if let dentry = open.dentry { disk.announce(dentry, IN_ATTRIB) }
    return 0
  }

  package func setOwner(_ file: Int32, _ owner: UInt32, _ group: UInt32) -> Int32 { enter() ? 0 : Self.dead }

  package func setOwner(ofLink name: String, in directory: Int32, _ owner: UInt32, _ group: UInt32) -> Int32 {
    enter() ? 0 : Self.dead
  }

  package func setModified(_ file: Int32, _ time: Int64) -> Int32 {
    guard enter() else { return Self.dead }
    guard let open = files[file], open.isReadable else { return -EBADF }
    return setModified(of: open.inode, open.dentry, time)
  }

  package func setModified(ofLink name: String, in directory: Int32, _ time: Int64) -> Int32 {
    guard enter() else { return Self.dead }
    guard let dentry = self.directory(directory)?.entries[name] else { return -ENOENT }
    return setModified(of: dentry.inode, dentry, time)
  }

  /// Only one of the two times is set: the kernel calls that a modification.
  private func setModified(of inode: Inode, _ dentry: Dentry?, _ time: Int64) -> Int32 {
    disk.set(modified: Timestamp(nanoseconds: time), of: inode)
    if let dentry { disk.announce(dentry, IN_MODIFY) }
    return 0
  }

  package func attributeNames(_ file: Int32, _ names: UnsafeMutablePointer<CChar>?, _ size: Int) -> Int {
    enter() ? 0 : Int(Self.dead)
  }

  package func attribute(_ file: Int32, _ name: String, _ value: UnsafeMutablePointer<CChar>?, _ size: Int) -> Int {
    enter() ? -Int(ENOTSUP) : Int(Self.dead)
  }

  package func setAttribute(_ file: Int32, _ name: String, _ value: [UInt8]) -> Int32 {
    enter() ? -ENOTSUP : Self.dead
  }

  package func space(_ file: Int32, _ space: inout clinux_space) -> Int32 {
    guard enter() else { return Self.dead }
    let (ext4, tmpfs): (Int64, Int64) = (0xef53, 0x0102_1994)
    space = clinux_space(type: disk.traits.isMemory ? tmpfs : ext4, total_bytes: 1 << 40, available_bytes: 1 << 39)
    return 0
  }
}

// MARK: - Leases, locks and events

extension SimKernel {
  package func takeLease(_ file: Int32) -> Int32 {
    guard enter() else { return Self.dead }
    guard let open = files[file], open.isReadable else { return -EBADF }
    guard disk.traits.hasLeases else { return -EACCES }
    if open.inode.writers > 0 {
      interference?.count("local lease refused")
      return -EAGAIN
    }
    if open.lease == nil {
      let lease = Inode.Lease()
      open.inode.leases.append(lease)
      open.lease = lease
    }
    return 0
  }

  package func isLeaseHeld(_ file: Int32) -> Bool {
    guard enter(), let lease = files[file]?.lease else { return false }
    if lease.isBroken { interference?.count("local lease broken") }
    return !lease.isBroken
  }

  package func releaseLease(_ file: Int32) {
    guard enter(), let open = files[file], let lease = open.lease else { return }
    open.lease = nil
    disk.releaseLease(lease, on: open.inode)
    if !open.isOwn { interference?.actAfterLease(on: open.inode) }
  }

  package func lockExclusively(_ file: Int32) -> Int32 {
    guard enter() else { return Self.dead }
    guard let open = files[file] else { return -EBADF }
    if open.inode.isLocked { return -EAGAIN }
    open.inode.isLocked = true
    open.isLocked = true
    return 0
  }

  package func makeEventQueue() -> Int32 {
    guard enter() else { return Self.dead }
    guard disk.traits.hasWatcher else { return -EMFILE }
    let file = OpenFile(disk.root, nil, isWriter: false, isReadable: true)
    let queue = EventQueue(limit: disk.traits.queueLimit)
    file.queue = queue
    disk.queues.append(queue)
    return add(file)
  }

  package func watch(_ queue: Int32, _ directory: Int32, _ mask: UInt32) -> Int32 {
    guard enter() else { return Self.dead }
    guard let queue = files[queue]?.queue, let inode = self.directory(directory) else { return -EBADF }
    return queue.watch(inode)
  }

  package func unwatch(_ queue: Int32, _ watch: Int32) {
    guard enter() else { return }
    files[queue]?.queue?.unwatch(watch)
  }

  package func readEvents(_ queue: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard enter() else { return Int(Self.dead) }
    return files[queue]?.queue?.read(into: buffer) ?? -Int(EBADF)
  }

  func eventQueue(_ file: Int32) -> EventQueue? { files[file]?.queue }
}

// MARK: - Mounts

extension SimKernel {
  package func mounts(below path: String) -> [UInt64: String]? {
    guard enter(), let volume = disk.volume else { return nil }
    return volume.isMounted
      ? [disk.root.fileSystem: "", volume.number: SimVolume.name] : [disk.root.fileSystem: ""]
  }
}

// MARK: - The process

extension SimKernel {
  /// Files tell them: of another length a write would take other draws, and the seed tell another history.
  package var processID: Int32 { 12_345 }
  package var hostName: String { "vm" }
  package var umask: UInt32 { 0o022 }
  package var tick: Int64 { SimFileSystem.tick }
  package func now() -> Int64 { disk.now.nanoseconds }
  package func uptime() -> Int64 { life.executor.now }

  package func pause(microseconds: UInt32) {
    guard enter() else { return }
    let nanoseconds = Int64(microseconds) * 1000
    if let interference { interference.pause(nanoseconds) } else { life.executor.spend(nanoseconds) }
  }

  package func random() -> UInt64 { UInt64(life.below(1 << 32)) << 31 ^ UInt64(life.below(1 << 32)) }
}
