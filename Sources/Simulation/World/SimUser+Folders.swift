import SyncModel

/// What is done to folders, and to many files at once.
extension SimUser {
  func renameFolder() {
    guard let folder = generator.pickAny(disk.directories().filter(names.isOwn)) else { return }
    move(folder, to: names.directory(&generator))
  }

  func deleteFolder() async {
    guard let folder = generator.pickAny(disk.directories().filter(names.isOwn)) else { return }
    let leaves = disk.leaves().map(\.path).filter { $0.isBelow(folder) }
    guard leaves.count <= 6 else { return }
    for leaf in leaves {
      delete(leaf)
      if generator.oneIn(3) { await pauseShortly() }
    }
    for inner in disk.directories().reversed() where inner == folder || inner.isBelow(folder) {
      if disk.remove(inner) { say("rmdir \(inner)") }
    }
  }

  func makeFolder(_ path: RelativePath) {
    makeParents(of: path)
    if disk.create(path, .directory) != nil {
      oracle.makesDirectory(path)
      say("mkdir \(path)")
    }
  }

  func fileToFolder() async {
    guard let path = someFile() else { return }
    delete(path)
    if generator.oneIn(2) { await pauseShortly() }
    makeFolder(path.asDirectory)
    await create(path.asDirectory.appending("inner"))
  }

  func folderToFile() async {
    guard let folder = generator.pickAny(disk.directories().filter(names.isOwn)) else { return }
    await clear(folder)
    await create(folder.asLeaf)
  }

  /// `rm -rf` of all that this user may touch.
  func deleteAll() async {
    if !generator.oneIn(4) { return }
    for leaf in disk.leaves().map(\.path) where names.isOwn(leaf) { delete(leaf) }
    for folder in disk.directories().reversed() where names.isOwn(folder) {
      if disk.remove(folder) { say("rmdir \(folder)") }
    }
  }

  func clear(_ folder: RelativePath) async {
    for leaf in disk.leaves().map(\.path) where leaf.isBelow(folder) { delete(leaf) }
    if generator.oneIn(2) { await pauseShortly() }
    for inner in disk.directories().reversed() where inner == folder || inner.isBelow(folder) {
      if disk.remove(inner) { say("rmdir \(inner)") }
    }
  }

  /// As git does: new files first, then one that names them, written aside and renamed over the old one.
  func burst() async {
    let folder = names.directory(&generator)
    for number in 0..<4 {
      await create(folder.appending("\(action)-\(number)"))
    }
    let lock = folder.appending("head.lock")
    await create(lock)
    move(lock, to: folder.appending("head"))
  }

  /// What cannot be read is neither new nor deleted.
  func closeFolder() async {
    guard let folder = generator.pickAny(disk.directories().filter(names.isOwn)), let inode = disk.lookup(folder) else {
      return
    }
    disk.setSearchable(false, inode)
    say("chmod 0 \(folder)")
    await executor.pause(Int64(generator.below(20_000_000_000)))
    disk.setSearchable(true, inode)
    say("chmod 755 \(folder)")
  }
}
