import SyncModel

/// What the actions are made of; tells the oracle.
extension SimUser {
  func say(_ what: @autoclosure () -> String) { oracle.note("\(node.name) user: \(what())") }

  func pauseShortly() async {
    let longest = Int64(generator.below(generator.oneIn(4) ? 2_000_000_000 : 20_000_000))
    switch generator.below(8) {
    case 0..<3: await node.interference.wait(.calls(1 + generator.below(60)), atMost: longest)
    case 3: await node.interference.wait(.commit(isNext: false), atMost: 300_000_000)
    case 4: await node.interference.wait(.read, atMost: 300_000_000)
    default: await executor.pause(longest)
    }
  }

  func newContent() -> [UInt8] {
    serial += 1
    let padding = generator.oneIn(6) ? 40 + generator.below(60) : generator.below(8)
    return Array("\(action).\(serial);".utf8) + Array(repeating: UInt8(ascii: "."), count: padding)
  }

  /// Often the one that the engine is at work on.
  func someFile() -> RelativePath? {
    let files = disk.leaves().filter {
      $0.inode.kind == .file && $0.inode.writers == 0 && names.isOwn($0.path)
    }
    if !generator.oneIn(3), let hot = files.first(where: { $0.inode === node.interference.focus }) { return hot.path }
    return generator.pickAny(files.map(\.path))
  }

  func someLeaf() -> RelativePath? {
    generator.pickAny(disk.leaves().map(\.path).filter(names.isOwn))
  }

  /// The kernel makes an opener for writing wait while the engine holds a lease.
  func open(_ path: RelativePath) async -> Inode? {
    guard let inode = disk.lookup(path), inode.kind == .file else { return nil }
    openForWriting(inode)
    await disk.waitForLeases(on: inode)
    return inode
  }

  func openForWriting(_ inode: Inode) {
    powerFailures = disk.failures
    disk.openForWriting(inode)
  }

  /// Another hard link keeps the content in the tree; a trash slot does not.
  func hasName(_ inode: Inode) -> Bool { inode.links > 0 && disk.leaves().contains { $0.inode === inode } }

  /// What is about to be overwritten; it goes from every name of the file.
  func giveUp(_ inode: Inode, at path: RelativePath) {
    oracle.supersedes(inode.content, at: path, by: node.name)
    guard inode.links > 1 else { return }
    for leaf in disk.leaves() where leaf.inode === inode {
      oracle.supersedes(inode.content, at: leaf.path, by: node.name)
    }
  }

  /// A state on the way to what the program means to leave; it may be uploaded as well.
  func put(_ content: [UInt8], into inode: Inode, at path: RelativePath) {
    if disk.failures != powerFailures { return }
    giveUp(inode, at: path)
    oracle.completes(content)
    disk.write(content, to: inode, openedAs: path)
    noteLate(inode)
  }

  func finish(_ inode: Inode, at path: RelativePath, with content: [UInt8]) {
    // The power went while it was open.
    if disk.failures != powerFailures { return }
    // The file may have been written by another program in between.
    if inode.content != content { giveUp(inode, at: path) }
    disk.write(content, to: inode, openedAs: path)
    oracle.completes(content)
    say("wrote \(path) “\(String(decoding: content, as: UTF8.self))”\(inode.links == 0 ? " (no name)" : "")")
    if inode.links == 0 { oracle.deletes(content, at: path, by: node.name) }
    noteLate(inode)
    disk.close(inode, openedAs: path)
  }

  /// Whether a program has come to its end or not: a power failure may leave what it has written so far.
  func noteLate(_ inode: Inode) {
    if hasName(inode) { return }
    if disk.trash.contains(where: { $0.inode === inode && !$0.isPending }) { oracle.completesLate(inode.content) }
  }

  func makeParents(of path: RelativePath) {
    for directory in path.ancestors.reversed() where disk.lookup(directory) == nil { makeFolder(directory) }
  }

  @discardableResult
  func move(_ source: RelativePath, to target: RelativePath) -> Bool {
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
        oracle.moves(displaced.content, from: target.asLeaf, at: node.name)
      }
    }
    for (path, inode) in disk.leaves() where moved.contains(where: { $0.inode === inode }) {
      oracle.names(inode.content, as: path, at: node.name)
    }
    for leaf in moved { oracle.moves(leaf.inode.content, from: leaf.path, at: node.name) }
    if inode.kind == .directory { oracle.movesFolder(source) }
    if inode.kind == .directory { for folder in disk.directories() { oracle.makesDirectory(folder) } }
    say("mv \(source) \(target)")
    return true
  }

  /// As mv(1) does between file systems; the copy is on the disk before the original goes.
  func copyAcross(_ source: RelativePath, _ inode: Inode, to target: RelativePath) -> Bool {
    guard inode.kind == .file, inode.fileSystem != disk.lookup(target.parent ?? .root)?.fileSystem,
      let copy = disk.create(target, .file, inode.content)
    else { return false }
    oracle.count("user copy between volumes")
    say("copied \(source) to \(target)")
    copy.modified = inode.modified
    disk.sync(copy)
    for folder in target.ancestors + [.root] { disk.lookup(folder).map(disk.sync) }
    oracle.names(copy.content, as: target, at: node.name)
    delete(source)
    oracle.restores(copy.content, at: target, node: node.name)
    return true
  }

  func delete(_ path: RelativePath) {
    guard let inode = disk.lookup(path), inode.kind != .directory, disk.remove(path) else { return }
    if !hasName(inode) {
      oracle.deletes(inode.content, at: path, by: node.name)
    } else {
      oracle.moves(inode.content, from: path, at: node.name)
    }
    say("rm \(path)")
  }
}
