import SyncModel

/// What is done to one name at a time.
extension SimUser {
  func create(_ path: RelativePath) async {
    makeParents(of: path)
    guard disk.lookup(path) == nil, let inode = disk.create(path, .file) else { return }
    openForWriting(inode)
    await pauseShortly()
    finish(inode, at: path, with: newContent())
  }

  func overwrite() async {
    guard let path = someFile(), let inode = await open(path) else { return }
    put([], into: inode, at: path)
    await pauseShortly()
    let content = newContent()
    put(Array(content.prefix(content.count / 2)), into: inode, at: path)
    await pauseShortly()
    finish(inode, at: path, with: content)
  }

  /// Same size, and the old mtime put back.
  func overwriteUnnoticed() async {
    guard let path = someFile(), let inode = await open(path) else { return }
    guard !inode.content.isEmpty else { return disk.close(inode, openedAs: path) }
    let modified = inode.modified
    // In the tick of the last change even the ctime stays: no stamp can tell, only a later comparison.
    if disk.now == inode.changed { await executor.pause(SimFileSystem.tick) }
    giveUp(inode, at: path)
    let token = newContent()
    finish(inode, at: path, with: Array((token + inode.content).prefix(max(inode.content.count, token.count))))
    if disk.lookup(path) === inode { disk.setModified(modified, of: path) }
  }

  func append() async {
    guard let path = someFile(), let inode = await open(path) else { return }
    await pauseShortly()
    giveUp(inode, at: path)
    finish(inode, at: path, with: inode.content + newContent())
  }

  func truncate() async {
    guard let path = someFile(), let inode = await open(path) else { return }
    giveUp(inode, at: path)
    finish(inode, at: path, with: Array(inode.content.prefix(inode.content.count / 2)))
  }

  /// Written aside, then renamed over.
  func replace() async {
    guard let path = someFile() else { return }
    let aside = (path.parent ?? .root).appending(".aside-\(action)")
    await create(aside)
    await pauseShortly()
    move(aside, to: path)
  }

  func saveLikeVim() async {
    guard let path = someFile() else { return }
    let backup = (path.parent ?? .root).appending(path.name + "~")
    guard disk.lookup(backup) == nil, move(path, to: backup) else { return }
    if generator.oneIn(2) { await pauseShortly() }
    await create(path)
    await pauseShortly()
    if disk.lookup(backup) != nil { delete(backup) }
  }

  func rename() {
    guard let path = someLeaf() else { return }
    let target = names.path(&generator)
    makeParents(of: target)
    move(path, to: target)
  }

  func changeMode() {
    guard let path = someFile() else { return }
    disk.setMode(generator.pick([0o600, 0o640, 0o644, 0o755]), of: path)
    say("chmod \(path)")
  }

  func touch() {
    guard let path = someFile() else { return }
    disk.setModified(Timestamp(seconds: 1_700_000_000 + Int64(generator.below(1000)), nanoseconds: 5), of: path)
    say("touch \(path)")
  }

  func hardLink() {
    guard let path = someFile() else { return }
    let target = names.path(&generator)
    makeParents(of: target)
    guard let inode = disk.lookup(path), disk.link(path, as: target) else { return }
    oracle.names(inode.content, as: target, at: node.name)
    say("link \(path) as \(target)")
  }

  func symlink() {
    let leadsOut = generator.oneIn(4)
    let path = leadsOut ? names.outside(action) : names.path(&generator)
    makeParents(of: path)
    // Longer ones would count as large files, as no link's target can be.
    let target = Array((leadsOut ? Array("../../../".utf8) : []) + newContent().prefix(20))
    guard disk.create(path, .symlink, target) != nil else { return }
    oracle.completes(target)
    say("symlink \(path)")
  }
}
