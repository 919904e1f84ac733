package import SyncModel

/// A displaced entry of one node; outlives crashes.
package struct TrashSlot {
  package var id: Int
  package var inode: Inode
  /// Where it stood.
  package var path: RelativePath
  /// Its content when it was displaced; a different one was written later, by a program that had found it before.
  package var content: [UInt8]
  package var isInBucket: Bool
}

extension SimFileSystem {
  /// Takes the entry at `path` out of the tree into a new slot.
  func displace(_ path: RelativePath, isInBucket: Bool) {
    guard let parent = directory(of: path, creatingParents: false), let inode = parent.children[path.name] else { return }
    inode.links += 1
    detach(path.name, from: parent)
    trash.append(TrashSlot(id: trash.count, inode: inode, path: path, content: inode.content, isInBucket: isInBucket))
  }

  func keep(_ inode: Inode, of path: RelativePath, isInBucket: Bool) {
    inode.links += 1
    trash.append(TrashSlot(id: trash.count, inode: inode, path: path, content: inode.content, isInBucket: isInBucket))
  }

  /// Displaced files that programs wrote to afterwards and have closed; each is told once.
  func lateWrites() -> [TrashSlot] {
    var late: [TrashSlot] = []
    for index in trash.indices where trash[index].inode.writers == 0 {
      guard trash[index].inode.content != trash[index].content else { continue }
      trash[index].content = trash[index].inode.content
      late.append(trash[index])
    }
    return late
  }
}
