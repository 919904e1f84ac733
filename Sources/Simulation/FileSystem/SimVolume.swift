internal import SyncModel

/// Another file system, mounted at a folder of the root.
///
/// `@unchecked Sendable`: used only on the world's thread.
final class SimVolume: @unchecked Sendable {
  static let name = "m"

  let top: Inode
  /// The empty folder that is seen while nothing is mounted there; nobody may change it, as after `chattr +i`. A volume
  /// that covers synced files is not simulated (seed 11001481; docs/safety.md).
  let point: Inode
  fileprivate(set) var isMounted = true
  fileprivate(set) var number: UInt64

  fileprivate init(top: Inode, point: Inode) {
    self.top = top
    self.point = point
    number = top.fileSystem
    point.isReadOnly = true
  }
}

extension SimFileSystem {
  func addVolume() {
    let time = environment.wallTime()
    func folder(_ number: UInt64, _ fileSystem: UInt64) -> Inode {
      Inode(number: number, kind: .directory, fileSystem: fileSystem, content: [], mode: 0o755, at: time)
    }
    // Each file system numbers its entries by itself.
    let volume = SimVolume(top: folder(2, 2), point: folder(50, 1))
    self.volume = volume
    show(volume.top)
    root.durableEntries[SimVolume.name] = volume.top
  }

  private func show(_ folder: Inode) {
    root.entries[SimVolume.name] = Dentry(folder, as: SimVolume.name, in: root)
    folder.links = 1
  }

  /// As `umount --lazy`: what is open stays so.
  func unmount() {
    guard let volume, volume.isMounted else { return }
    volume.isMounted = false
    show(volume.point)
  }

  /// The same volume, under another number.
  func mountAgain() {
    guard let volume, !volume.isMounted else { return }
    volume.isMounted = true
    volume.number += 1
    renumber(volume.top, volume.number)
    show(volume.top)
  }

  /// After a power failure everything is mounted, also what stood there under an earlier number (seed 10014692).
  func noteBoot() {
    guard let volume else { return }
    volume.isMounted = true
    renumber(volume.top, volume.number)
  }

  private func renumber(_ inode: Inode, _ number: UInt64) {
    inode.fileSystem = number
    for dentry in inode.entries.values { renumber(dentry.inode, number) }
  }

  /// What lies on a volume that is not mounted just now.
  var awayLeaves: [(path: RelativePath, inode: Inode)] {
    guard let volume, !volume.isMounted else { return [] }
    return leaves(below: volume.top, at: RelativePath(unchecked: SimVolume.name + "/"))
  }
}
