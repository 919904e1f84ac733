internal import Glibc
internal import SyncModel

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
