internal import Glibc

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
