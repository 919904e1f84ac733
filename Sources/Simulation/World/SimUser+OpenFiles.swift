import SyncModel

/// What goes on in a file while it is open.
extension SimUser {
  /// The path is resolved early and opened late: the file may have been displaced meanwhile.
  func writeLate() async {
    guard let path = someFile(), let inode = disk.lookup(path) else { return }
    await executor.pause(Int64(generator.below(5_000_000_000)))
    guard inode.links > 0 else { return }
    openForWriting(inode)
    await disk.waitForLeases(on: inode)
    giveUp(inode, at: path)
    await pauseShortly()
    finish(inode, at: path, with: newContent())
  }

  func keepOpen() async {
    guard let path = someFile(), let inode = await open(path) else { return }
    for _ in 0..<(1 + generator.below(4)) {
      put(inode.content + newContent(), into: inode, at: path)
      await executor.pause(Int64(generator.below(5_000_000_000)))
    }
    finish(inode, at: path, with: inode.content)
  }

  /// A log that is not closed for minutes, with times of rest or without.
  func keepLog() async {
    guard let path = someFile(), let inode = await open(path) else { return }
    let longest = generator.pick([1_000_000_000, 5_000_000_000, 40_000_000_000])
    for _ in 0..<(3 + generator.below(10)) {
      put(inode.content + newContent(), into: inode, at: path)
      await executor.pause(Int64(generator.below(longest)))
    }
    finish(inode, at: path, with: inode.content)
  }

  /// Two halves, written in place one after the other, at a pace that a reader can meet in between.
  func keepDatabase() async {
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
  func fight() async {
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
  func writeMapped() async {
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
    if inode.links == 0 { oracle.deletes(inode.content, at: path, by: node.name) }
    noteLate(inode)
    // The mapping held the open file, so its end is the end of that.
    disk.close(inode, openedAs: path)
  }

  func store(_ content: [UInt8], into inode: Inode, at path: RelativePath) {
    if disk.failures != powerFailures { return }
    giveUp(inode, at: path)
    oracle.completes(content)
    disk.store(content, to: inode)
    noteLate(inode)
  }
}
