internal import CLinux
internal import Glibc
internal import LocalTree
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
  package internal(set) var directoriesMade = 0
  /// Calls until the process is killed in the middle of its work; negative: never.
  package var callsUntilCrash = -1
  package var onCrash: (() -> Void)?
  /// Calls made so far.
  package private(set) var calls = 0
  var files: [Int32: OpenFile] = [:]
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
  func enter() -> Bool {
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
  func enter(_ name: String) -> Bool {
    if name.utf8.contains(UInt8(ascii: "/")) || name == ".." {
      interference?.leavesRoot("\(life.node) uses the name “\(name)”")
    }
    return enter()
  }

  static let dead = -EIO

  func directory(_ file: Int32) -> Inode? {
    guard let inode = files[file]?.inode, inode.kind == .directory else { return nil }
    return inode
  }

  func hasNoSpace() -> Bool {
    guard life.oneIn(fullDisk) else { return false }
    interference?.count("local disk full")
    return true
  }

  func add(_ file: OpenFile) -> Int32 {
    let number = freeFiles.popLast() ?? nextFile
    if number == nextFile { nextFile += 1 }
    files[number] = file
    return number
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
}

extension SimKernel {
  package func mounts(below path: String) -> [UInt64: String]? {
    guard enter(), let volume = disk.volume else { return nil }
    return volume.isMounted
      ? [disk.root.fileSystem: "", volume.number: SimVolume.name] : [disk.root.fileSystem: ""]
  }
}

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
