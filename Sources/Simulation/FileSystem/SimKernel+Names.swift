package import CLinux
internal import Glibc
package import LocalTree
internal import SyncModel

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
    let owner = disk.owner(of: inode)
    status = clinux_status(
      mode: type | inode.mode, uid: owner.user, gid: owner.group, nlink: UInt32(clamping: inode.links),
      inode: inode.number,
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
      // A probe of what the file system can do exchanges files of its own (seed 6007504).
      if result == 0, let displaced, files[toDirectory]?.isOwn == false { Displacements.current?.note(displaced) }
      return result
    case .withoutReplacing:
      guard disk.traits.canRenameWithoutReplacing else { return -EINVAL }
      if target.entries[to] != nil { return -EEXIST }
    case .replacing:
      // Within one folder only records change their names.
      if source !== target, files[fromDirectory]?.isOwn == false { Displacements.current?.note(Displaced(moved)) }
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
