import SyncModel

/// A person, or their programs, at one node: works on the disk only, in steps between which anything happens.
///
/// `@unchecked Sendable`: used only on the world's thread.
final class SimUser: @unchecked Sendable {
  let node: SimNode
  let oracle: Oracle
  private let executor: SimExecutor
  /// Where this user's programs run.
  let lane: SimLane
  private let names: NamePool
  private let parts: Parts
  /// Of the action under way.
  private var generator = SeededGenerator(seed: 0)
  /// Names the contents of the action under way.
  private var action = ""
  private var serial = 0
  /// Of the machine when a file was opened last: after another one it is no longer open.
  private var powerFailures = 0

  init(node: SimNode, oracle: Oracle, names: NamePool, parts: Parts) {
    self.node = node
    self.oracle = oracle
    self.names = names
    self.parts = parts
    executor = node.environment.executor
    lane = SimLane(of: executor)
  }

  private var disk: SimFileSystem { node.disk }

  /// Files that are there before the first run of the engine.
  func prepare(_ count: Int) async {
    for number in 0..<count where begin("before", number) { await create(names.path(&generator)) }
  }

  /// Acts now and then until the virtual time `end`, in nanoseconds. When an action is due does not depend on others.
  func work(until end: Int64, haste: Int64) async {
    var due = executor.now
    var number = 0
    // Whoever is late by as much again leaves the rest.
    while due < end, executor.now < 2 * end {
      var pause = parts.generator("pause:\(node.name):\(number)")
      due += Int64(pause.below(Int(haste)))
      await executor.pause(due - executor.now)
      // Half of them in the middle of something that the engine does.
      switch pause.below(8) {
      case 0: await node.interference.wait(.calls(1 + pause.below(100)), atMost: 500_000_000)
      case 1, 2: await node.interference.wait(.commit(isNext: false), atMost: 3_000_000_000)
      case 3: await node.interference.wait(.read, atMost: 3_000_000_000)
      default: break
      }
      if begin("action", number) { await act() }
      number += 1
    }
  }

  /// False where the action is left out.
  private func begin(_ kind: String, _ number: Int) -> Bool {
    guard let generator = parts.take("\(kind):\(node.name):\(number)") else { return false }
    self.generator = generator
    action = "\(node.name)\(kind == "before" ? "<" : "")\(number)"
    serial = 0
    return true
  }

  func act() async {
    let action = generator.pick(UserAction.weighted)
    oracle.count("user \(action)")
    switch action {
    case .create: await create(names.path(&generator))
    case .overwrite: await overwrite()
    case .overwriteUnnoticed: await overwriteUnnoticed()
    case .append: await append()
    case .truncate: await truncate()
    case .replace: await replace()
    case .saveLikeVim: await saveLikeVim()
    case .rename: rename()
    case .renameFolder: renameFolder()
    case .delete: if let file = someLeaf() { delete(file) }
    case .deleteFolder: await deleteFolder()
    case .makeFolder: makeFolder(names.directory(&generator))
    case .removeFolder:
      if let folder = generator.pickAny(disk.directories().filter(names.isOwn)), disk.remove(folder) {
        say("rmdir \(folder)")
      }
    case .changeMode: changeMode()
    case .touch: touch()
    case .hardLink: hardLink()
    case .symlink: symlink()
    case .writeLate: await writeLate()
    case .keepOpen: await keepOpen()
    case .fileToFolder: await fileToFolder()
    case .closeFolder: await closeFolder()
    case .folderToFile: await folderToFile()
    case .deleteAll: await deleteAll()
    case .burst: await burst()
    case .keepLog: await keepLog()
    case .keepDatabase: await keepDatabase()
    case .fight: await fight()
    case .writeMapped: await writeMapped()
    }
  }
}

// MARK: - Actions

extension SimUser {
  func create(_ path: RelativePath) async {
    makeParents(of: path)
    guard disk.lookup(path) == nil, let inode = disk.create(path, .file) else { return }
    openForWriting(inode)
    await pauseShortly()
    finish(inode, at: path, with: newContent())
  }

  private func overwrite() async {
    guard let path = someFile(), let inode = await open(path) else { return }
    put([], into: inode, at: path)
    await pauseShortly()
    let content = newContent()
    put(Array(content.prefix(content.count / 2)), into: inode, at: path)
    await pauseShortly()
    finish(inode, at: path, with: content)
  }

  /// Same size, and the old mtime put back.
  private func overwriteUnnoticed() async {
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

  private func append() async {
    guard let path = someFile(), let inode = await open(path) else { return }
    await pauseShortly()
    giveUp(inode, at: path)
    finish(inode, at: path, with: inode.content + newContent())
  }

  private func truncate() async {
    guard let path = someFile(), let inode = await open(path) else { return }
    giveUp(inode, at: path)
    finish(inode, at: path, with: Array(inode.content.prefix(inode.content.count / 2)))
  }

  /// Written aside, then renamed over.
  private func replace() async {
    guard let path = someFile() else { return }
    let aside = (path.parent ?? .root).appending(".aside-\(action)")
    await create(aside)
    await pauseShortly()
    move(aside, to: path)
  }

  private func saveLikeVim() async {
    guard let path = someFile() else { return }
    let backup = (path.parent ?? .root).appending(path.name + "~")
    guard disk.lookup(backup) == nil, move(path, to: backup) else { return }
    if generator.oneIn(2) { await pauseShortly() }
    await create(path)
    await pauseShortly()
    if disk.lookup(backup) != nil { delete(backup) }
  }

  private func rename() {
    guard let path = someLeaf() else { return }
    let target = names.path(&generator)
    makeParents(of: target)
    move(path, to: target)
  }

  private func renameFolder() {
    guard let folder = generator.pickAny(disk.directories().filter(names.isOwn)) else { return }
    move(folder, to: names.directory(&generator))
  }

  private func deleteFolder() async {
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

  private func makeFolder(_ path: RelativePath) {
    makeParents(of: path)
    if disk.create(path, .directory) != nil {
      oracle.makesDirectory(path)
      say("mkdir \(path)")
    }
  }

  private func changeMode() {
    guard let path = someFile() else { return }
    disk.setMode(generator.pick([0o600, 0o640, 0o644, 0o755]), of: path)
    say("chmod \(path)")
  }

  private func touch() {
    guard let path = someFile() else { return }
    disk.setModified(Timestamp(seconds: 1_700_000_000 + Int64(generator.below(1000)), nanoseconds: 5), of: path)
    say("touch \(path)")
  }

  private func hardLink() {
    guard let path = someFile() else { return }
    let target = names.path(&generator)
    makeParents(of: target)
    if disk.link(path, as: target) { say("link \(path) as \(target)") }
  }

  private func symlink() {
    let leadsOut = generator.oneIn(4)
    let path = leadsOut ? names.outside(action) : names.path(&generator)
    makeParents(of: path)
    // Longer ones would count as large files, as no link's target can be.
    let target = Array((leadsOut ? Array("../../../".utf8) : []) + newContent().prefix(20))
    guard disk.create(path, .symlink, target) != nil else { return }
    oracle.completes(target)
    say("symlink \(path)")
  }

  /// The path is resolved early and opened late: the file may have been displaced meanwhile.
  private func writeLate() async {
    guard let path = someFile(), let inode = disk.lookup(path) else { return }
    await executor.pause(Int64(generator.below(5_000_000_000)))
    guard inode.links > 0 else { return }
    openForWriting(inode)
    await disk.waitForLeases(on: inode)
    giveUp(inode, at: path)
    await pauseShortly()
    finish(inode, at: path, with: newContent())
  }

  private func keepOpen() async {
    guard let path = someFile(), let inode = await open(path) else { return }
    for _ in 0..<(1 + generator.below(4)) {
      put(inode.content + newContent(), into: inode, at: path)
      await executor.pause(Int64(generator.below(5_000_000_000)))
    }
    finish(inode, at: path, with: inode.content)
  }

  /// A log that is not closed for minutes, with times of rest or without.
  private func keepLog() async {
    guard let path = someFile(), let inode = await open(path) else { return }
    let longest = generator.pick([1_000_000_000, 5_000_000_000, 40_000_000_000])
    for _ in 0..<(3 + generator.below(10)) {
      put(inode.content + newContent(), into: inode, at: path)
      await executor.pause(Int64(generator.below(longest)))
    }
    finish(inode, at: path, with: inode.content)
  }

  /// Two halves, written in place one after the other, at a pace that a reader can meet in between.
  private func keepDatabase() async {
    guard let path = someFile(), let inode = await open(path) else { return }
    let longest = generator.pick([2_000_000, 50_000_000])
    for _ in 0..<(10 + generator.below(50)) {
      let half = Array((newContent() + Array(repeating: 0x7e, count: 24)).prefix(32))
      put(half + inode.content.dropFirst(32), into: inode, at: path)
      await executor.pause(Int64(generator.below(longest)))
      put(half + half, into: inode, at: path)
      await executor.pause(Int64(generator.below(longest)))
    }
    finish(inode, at: path, with: inode.content)
  }

  /// Replaces the file that the engine is about to replace, at one step after the other.
  private func fight() async {
    var asides: [RelativePath] = []
    for number in 0..<(2 + generator.below(3)) {
      let aside = RelativePath(unchecked: names.home.asDirectoryPrefix + ".fight-\(action)-\(number)")
      await create(aside)
      asides.append(aside)
    }
    // At its first step a commit that meets another version just ends.
    await node.interference.wait(.commit(isNext: false), atMost: 5_000_000_000)
    guard let path = someFile(), !asides.contains(path) else { return }
    for aside in asides {
      if generator.oneIn(4) { delete(path) }
      move(aside, to: path)
      if generator.oneIn(3), let inode = await open(path) { finish(inode, at: path, with: newContent()) }
      await node.interference.wait(.commit(isNext: true), atMost: 5_000_000)
    }
  }

  /// Stores through a mapping: they raise no event, and only the first since the pages were clean sets the stamps.
  /// Without leases nobody can tell that the file is being written: docs/safety.md leaves that out.
  private func writeMapped() async {
    guard node.traits.hasLeases, let path = someFile(), let inode = await open(path) else { return }
    if inode.content.isEmpty { return finish(inode, at: path, with: newContent()) }
    oracle.count("user store")
    for _ in 0..<(1 + generator.below(5)) {
      let size = inode.content.count
      let token = newContent() + inode.content
      for part in [size / 2, size] {
        store(Array(token.prefix(part)) + inode.content.dropFirst(part), into: inode, at: path)
        await pauseShortly()
      }
      if generator.oneIn(4) { disk.sync(inode) }
      if generator.oneIn(6) { await executor.pause(Int64(generator.below(60_000_000_000))) }
    }
    if disk.failures != powerFailures { return }
    say("unmapped \(path) “\(String(decoding: inode.content, as: UTF8.self))”\(inode.links == 0 ? " (no name)" : "")")
    if inode.links == 0 { oracle.deletes(inode.content, at: path) }
    noteLate(inode)
    // The mapping held the open file, so its end is the end of that.
    disk.close(inode, openedAs: path)
  }

  private func store(_ content: [UInt8], into inode: Inode, at path: RelativePath) {
    if disk.failures != powerFailures { return }
    giveUp(inode, at: path)
    oracle.completes(content)
    disk.store(content, to: inode)
    noteLate(inode)
  }

  private func fileToFolder() async {
    guard let path = someFile() else { return }
    delete(path)
    if generator.oneIn(2) { await pauseShortly() }
    makeFolder(path.asDirectory)
    await create(path.asDirectory.appending("inner"))
  }
}

// MARK: - Many at once

extension SimUser {
  private func folderToFile() async {
    guard let folder = generator.pickAny(disk.directories().filter(names.isOwn)) else { return }
    await clear(folder)
    await create(folder.asLeaf)
  }

  /// `rm -rf` of all that this user may touch.
  private func deleteAll() async {
    if !generator.oneIn(4) { return }
    for leaf in disk.leaves().map(\.path) where names.isOwn(leaf) { delete(leaf) }
    for folder in disk.directories().reversed() where names.isOwn(folder) {
      if disk.remove(folder) { say("rmdir \(folder)") }
    }
  }

  private func clear(_ folder: RelativePath) async {
    for leaf in disk.leaves().map(\.path) where leaf.isBelow(folder) { delete(leaf) }
    if generator.oneIn(2) { await pauseShortly() }
    for inner in disk.directories().reversed() where inner == folder || inner.isBelow(folder) {
      if disk.remove(inner) { say("rmdir \(inner)") }
    }
  }

  /// As git does: new files first, then one that names them, written aside and renamed over the old one.
  private func burst() async {
    let folder = names.directory(&generator)
    for number in 0..<4 {
      await create(folder.appending("\(action)-\(number)"))
    }
    let lock = folder.appending("head.lock")
    await create(lock)
    move(lock, to: folder.appending("head"))
  }
}

// MARK: - Permissions

extension SimUser {
  /// What cannot be read is neither new nor deleted.
  private func closeFolder() async {
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

// MARK: - Steps

extension SimUser {
  private func say(_ what: @autoclosure () -> String) { oracle.note("\(node.name) user: \(what())") }

  private func pauseShortly() async {
    let longest = Int64(generator.below(generator.oneIn(4) ? 2_000_000_000 : 20_000_000))
    switch generator.below(8) {
    case 0..<3: await node.interference.wait(.calls(1 + generator.below(60)), atMost: longest)
    case 3: await node.interference.wait(.commit(isNext: false), atMost: 300_000_000)
    case 4: await node.interference.wait(.read, atMost: 300_000_000)
    default: await executor.pause(longest)
    }
  }

  private func newContent() -> [UInt8] {
    serial += 1
    let padding = generator.oneIn(6) ? 40 + generator.below(60) : generator.below(8)
    return Array("\(action).\(serial);".utf8) + Array(repeating: UInt8(ascii: "."), count: padding)
  }

  /// Often the one that the engine is at work on.
  private func someFile() -> RelativePath? {
    let files = disk.leaves().filter {
      $0.inode.kind == .file && $0.inode.writers == 0 && names.isOwn($0.path)
    }
    if !generator.oneIn(3), let hot = files.first(where: { $0.inode === node.interference.focus }) { return hot.path }
    return generator.pickAny(files.map(\.path))
  }

  private func someLeaf() -> RelativePath? {
    generator.pickAny(disk.leaves().map(\.path).filter(names.isOwn))
  }

  /// The kernel makes an opener for writing wait while the engine holds a lease.
  private func open(_ path: RelativePath) async -> Inode? {
    guard let inode = disk.lookup(path), inode.kind == .file else { return nil }
    openForWriting(inode)
    await disk.waitForLeases(on: inode)
    return inode
  }

  private func openForWriting(_ inode: Inode) {
    powerFailures = disk.failures
    disk.openForWriting(inode)
  }

  /// Another hard link keeps the content in the tree; a trash slot does not.
  private func hasName(_ inode: Inode) -> Bool { inode.links > 0 && disk.leaves().contains { $0.inode === inode } }

  /// What is about to be overwritten; it goes from every name of the file.
  private func giveUp(_ inode: Inode, at path: RelativePath) {
    oracle.supersedes(inode.content, at: path)
    guard inode.links > 1 else { return }
    for leaf in disk.leaves() where leaf.inode === inode { oracle.supersedes(inode.content, at: leaf.path) }
  }

  /// A state on the way to what the program means to leave; it may be uploaded as well.
  private func put(_ content: [UInt8], into inode: Inode, at path: RelativePath) {
    if disk.failures != powerFailures { return }
    giveUp(inode, at: path)
    oracle.completes(content)
    disk.write(content, to: inode, openedAs: path)
    noteLate(inode)
  }

  private func finish(_ inode: Inode, at path: RelativePath, with content: [UInt8]) {
    // The power went while it was open.
    if disk.failures != powerFailures { return }
    // The file may have been written by another program in between.
    if inode.content != content { giveUp(inode, at: path) }
    disk.write(content, to: inode, openedAs: path)
    oracle.completes(content)
    say("wrote \(path) “\(String(decoding: content, as: UTF8.self))”\(inode.links == 0 ? " (no name)" : "")")
    if inode.links == 0 { oracle.deletes(content, at: path) }
    noteLate(inode)
    disk.close(inode, openedAs: path)
  }

  /// Whether a program has come to its end or not: a power failure may leave what it has written so far.
  private func noteLate(_ inode: Inode) {
    if hasName(inode) { return }
    if disk.trash.contains(where: { $0.inode === inode && !$0.isPending }) { oracle.completesLate(inode.content) }
  }

  private func makeParents(of path: RelativePath) {
    for directory in path.ancestors.reversed() where disk.lookup(directory) == nil { makeFolder(directory) }
  }

  @discardableResult
  private func move(_ source: RelativePath, to target: RelativePath) -> Bool {
    guard let inode = disk.lookup(source) else { return false }
    let displaced = disk.lookup(target)
    let moved =
      inode.kind == .directory
      ? disk.leaves().filter { $0.path.isBelow(source.asDirectory) } : [(path: source.asLeaf, inode: inode)]
    guard disk.rename(source, to: target) else { return copyAcross(source, inode, to: target) }
    if let displaced, displaced.kind != .directory {
      if !hasName(displaced) {
        giveUp(displaced, at: target.asLeaf)
      } else {
        oracle.moves(displaced.content, from: target.asLeaf)
      }
    }
    for leaf in moved { oracle.moves(leaf.inode.content, from: leaf.path) }
    if inode.kind == .directory { oracle.movesFolder(source) }
    if inode.kind == .directory { for folder in disk.directories() { oracle.makesDirectory(folder) } }
    say("mv \(source) \(target)")
    return true
  }

  /// As mv(1) does between file systems; the copy is on the disk before the original goes.
  private func copyAcross(_ source: RelativePath, _ inode: Inode, to target: RelativePath) -> Bool {
    guard inode.kind == .file, inode.fileSystem != disk.lookup(target.parent ?? .root)?.fileSystem,
      let copy = disk.create(target, .file, inode.content)
    else { return false }
    oracle.count("user copy between volumes")
    say("copied \(source) to \(target)")
    copy.modified = inode.modified
    disk.sync(copy)
    if let parent = disk.lookup(target.parent ?? .root) { disk.sync(parent) }
    delete(source)
    oracle.restores(copy.content)
    return true
  }

  private func delete(_ path: RelativePath) {
    guard let inode = disk.lookup(path), inode.kind != .directory, disk.remove(path) else { return }
    if !hasName(inode) { oracle.deletes(inode.content, at: path) } else { oracle.moves(inode.content, from: path) }
    say("rm \(path)")
  }
}
