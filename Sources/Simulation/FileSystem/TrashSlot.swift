package import SyncModel

/// A displaced entry of one node; outlives crashes.
package struct TrashSlot {
  package var inode: Inode
  /// Where it stood.
  package var path: RelativePath
  /// What it was displaced as; a different content was written by a program that had found the file before, or
  /// in the tick in which its stamp was taken.
  package var fingerprint: Fingerprint
  /// May expire.
  package var isInBucket: Bool
}

extension SimFileSystem {
  /// Takes the entry at `path` out of the tree into a new slot.
  func displace(_ path: RelativePath, as fingerprint: Fingerprint?, isInBucket: Bool) {
    guard let parent = directory(of: path, creatingParents: false), let inode = parent.children[path.name] else {
      return
    }
    keep(inode, of: path, as: fingerprint, isInBucket: isInBucket)
    detach(path.name, from: parent)
  }

  func keep(_ inode: Inode, of path: RelativePath, as fingerprint: Fingerprint? = nil, isInBucket: Bool) {
    inode.links += 1
    let fingerprint = fingerprint ?? SimContent.fingerprint(inode.content)
    trash.append(
      TrashSlot(inode: inode, path: path, fingerprint: fingerprint, isInBucket: isInBucket))
  }

  /// Displaced files that programs wrote to afterwards and have closed; each is told once.
  func lateWrites() -> [TrashSlot] {
    var late: [TrashSlot] = []
    for index in trash.indices where trash[index].inode.writers == 0 {
      let fingerprint = SimContent.fingerprint(trash[index].inode.content)
      guard fingerprint != trash[index].fingerprint else { continue }
      trash[index].fingerprint = fingerprint
      late.append(trash[index])
    }
    return late
  }
}
