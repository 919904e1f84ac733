internal import CLinux
internal import Glibc
internal import SyncEngine
internal import SyncModel

extension Committer {
  func makeDirectory(_ path: RelativePath, metadata: EntryMetadata?) throws -> LocalStamp {
    let parentPath = path.parent ?? .root
    do {
      let parent = try root.makeDirectories(parentPath)
      _ = try observer.mount(of: parent, at: parentPath)
      let isNew = try parent.makeDirectory(path.name, mode: 0o777)
      let directory = try parent.open(path.name, O_RDONLY | O_DIRECTORY)
      if isNew, let mode = metadata?.mode { try directory.setMode(mode) }
      let status = try directory.status()
      return status.stamp(on: try observer.mount(of: directory, at: path.asDirectory).id, observer.ownership)!
    } catch let error as SystemError where error.code == ENOTDIR || error.code == ELOOP {
      let leaf = root.leafAncestor(of: path) ?? path.asLeaf
      throw LocalFailure(.changed, "\(path): “\(leaf)” stands where a folder is needed; it is looked at again")
    }
  }

  func removeDirectory(_ path: RelativePath) throws -> DirectoryRemovalOutcome {
    guard !path.isRoot, ReservedNames.match(in: path) == nil else { return .notEmpty }
    do {
      let parent = try root.openParent(of: path)
      try check(root.kernel.removeDirectory(parent.raw, path.name))
      return .removed
    } catch let error as SystemError {
      switch error.code {
      case ENOENT, ENOTDIR, ELOOP: return .absent
      case ENOTEMPTY, EEXIST: return .notEmpty
      default: throw error
      }
    }
  }

  func applyMetadata(_ metadata: EntryMetadata, to path: RelativePath, expecting expected: LocalStamp) throws
    -> MetadataOutcome
  {
    if expected.kind == .directory { return try applyToDirectory(metadata, path, expected) }
    let leaf: OpenLeaf
    do { leaf = try OpenLeaf(path, in: observer) } catch is OpenLeaf.Absence { return .changed }
    guard leaf.stamp == expected else { return .changed }
    if leaf.kind == .symlink { return try applyToLink(metadata, leaf) }
    let lease = leaf.takeLease(patience: Self.patience)
    defer { lease.release() }
    if lease.state == .refused { throw busy(path) }
    guard try leaf.currentStamp() == expected else { return .changed }
    if let mode = metadata.mode, mode != leaf.status.permissions { try leaf.descriptor.setMode(mode) }
    if let modified = metadata.modified, modified != leaf.stamp.modified { try leaf.descriptor.setModified(modified) }
    try observer.ownership.give(
      metadata.owner, to: leaf.descriptor, mode: metadata.mode ?? leaf.status.permissions, of: path)
    var stamp = try leaf.currentStamp()
    guard lease.isUnbroken, stamp.size == expected.size else { return .changed }
    // Without a lease an edit in this moment would hide behind the time we set, and so would a later one that gets the
    // same time: the old ctime makes the next look compare contents.
    if lease.state != .held || root.kernel.isWithinTick(stamp.modified.nanoseconds) {
      stamp.changed = expected.changed
    }
    return .applied(stamp)
  }

  private func applyToDirectory(_ metadata: EntryMetadata, _ path: RelativePath, _ expected: LocalStamp) throws
    -> MetadataOutcome
  {
    let directory: Descriptor
    do { directory = try root.open(path.asDirectory, O_RDONLY) } catch let error as SystemError
      where [ENOENT, ENOTDIR, ELOOP].contains(error.code)
    { return .changed }
    let status = try directory.status()
    guard status.inode == expected.inode else { return .changed }
    if let mode = metadata.mode, mode != status.permissions { try directory.setMode(mode) }
    return .applied(try directory.status().stamp(on: expected.mount, observer.ownership)!)
  }

  private func applyToLink(_ metadata: EntryMetadata, _ leaf: OpenLeaf) throws -> MetadataOutcome {
    if let modified = metadata.modified, modified != leaf.stamp.modified {
      try check(root.kernel.setModified(ofLink: leaf.name, in: leaf.parent.raw, modified.nanoseconds))
    }
    try observer.ownership.give(metadata.owner, toLink: leaf.name, in: leaf.parent, of: leaf.path)
    // The name may be another entry's by now.
    guard try leaf.parent.statusIfPresent(of: leaf.name)?.isSameEntry(as: leaf.status) == true else { return .changed }
    return .applied(try leaf.currentStamp())
  }
}
