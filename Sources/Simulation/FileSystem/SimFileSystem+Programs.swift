internal import CLinux
internal import Glibc
internal import SyncEngine
package import SyncModel

// MARK: - What programs do, by path

extension SimFileSystem {
  /// A new entry at an absent name in an existing directory; nil where that cannot be.
  @discardableResult
  package func create(_ path: RelativePath, _ kind: EntryKind, _ content: [UInt8] = []) -> Inode? {
    let mode: UInt32 = kind == .file ? 0o644 : kind == .directory ? 0o755 : 0o777
    guard let parent = directory(of: path), parent.entries[path.name] == nil, path.name != ReservedNames.state,
      !parent.isReadOnly
    else {
      return nil
    }
    return add(newInode(kind, content, mode: mode, in: parent), as: path.name, in: parent).inode
  }

  /// Waits until nobody holds a lease, as the kernel makes an opener wait: 45 s at most.
  package func waitForLeases(on inode: Inode) async {
    guard !inode.leases.isEmpty else { return }
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      var isOver = false
      let end = {
        if isOver { return }
        isOver = true
        continuation.resume()
      }
      inode.waiters.append(end)
      environment.executor.after(45_000_000_000, end)
    }
  }

  package func write(_ content: [UInt8], to inode: Inode) { write(content, to: inode, through: nil) }

  /// The same through the name by which the file was opened.
  package func write(_ content: [UInt8], to inode: Inode, openedAs path: RelativePath) {
    let dentry = dentry(path)
    write(content, to: inode, through: dentry?.inode === inode ? dentry : nil)
  }

  /// The event that close-write raises names the path by which the file was opened, if it still leads there.
  package func close(_ inode: Inode, openedAs path: RelativePath) {
    let dentry = dentry(path)
    closeWriter(inode, dentry?.inode === inode ? dentry : nil)
  }

  /// `rename`: replaces a leaf, or an empty directory by a directory; false where the kernel refuses.
  @discardableResult
  package func rename(_ source: RelativePath, to target: RelativePath) -> Bool {
    guard let from = directory(of: source), let into = directory(of: target),
      lookup(source) !== lookup(target)
    else { return false }
    return rename(source.name, in: from, to: target.name, in: into) == 0
  }

  @discardableResult
  package func link(_ source: RelativePath, as target: RelativePath) -> Bool {
    guard let dentry = dentry(source), dentry.inode.kind == .file, let into = directory(of: target) else {
      return false
    }
    return link(dentry, as: target.name, in: into) == 0
  }

  /// `unlink` or `rmdir`; false where it is absent or not empty.
  @discardableResult
  package func remove(_ path: RelativePath) -> Bool {
    guard let parent = directory(of: path), let inode = parent.child(path.name) else { return false }
    return unlink(path.name, in: parent, isDirectory: inode.kind == .directory) == 0
  }

  package func setMode(_ mode: UInt32, of path: RelativePath) {
    guard let dentry = dentry(path), dentry.inode.kind != .symlink else { return }
    set(mode: mode, of: dentry.inode)
    announce(dentry, IN_ATTRIB)
  }

  package func setOwner(_ owner: Owner, of path: RelativePath) {
    guard let dentry = dentry(path) else { return }
    set(owner: owner, of: dentry.inode)
    announce(dentry, IN_ATTRIB)
  }

  package func setModified(_ time: Timestamp, of path: RelativePath) {
    guard let dentry = dentry(path) else { return }
    set(modified: time, of: dentry.inode)
    announce(dentry, IN_ATTRIB)
  }
}
