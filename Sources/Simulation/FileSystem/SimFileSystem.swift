package import SyncModel

/// The disk of one node: it survives the node's crashes. Every function is one atomic step of the kernel;
/// programs and the adapter interleave between them.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class SimFileSystem: @unchecked Sendable {
  /// Stamps move on in ticks of the kernel's clock, 4 ms where it runs at 250 Hz.
  package static let tick: Int64 = 4_000_000

  package enum Event {
    case changed(RelativePath)
    case removed(RelativePath)
    case moved(from: RelativePath, to: RelativePath)
  }

  package let mount: MountID
  package let root: Inode
  package internal(set) var trash: [TrashSlot] = []
  /// The kernel's report of changes, of the node that currently runs.
  package var watcher: ((Event) -> Void)?
  /// Modification times are kept in steps of so many nanoseconds.
  private let timeStep: Int64
  /// A file system that knows no modes gives every file this one.
  private let fixedMode: UInt32?
  private let environment: SimEnvironment
  private var nextInode: UInt64 = 100
  private var freed: [UInt64] = []

  package init(
    mount: MountID, environment: SimEnvironment, timeStep: Int64 = 1, fixedMode: UInt32? = nil
  ) {
    self.mount = mount
    self.timeStep = timeStep
    self.fixedMode = fixedMode
    self.environment = environment
    root = Inode(number: 2, kind: .directory, content: [], mode: 0o755, at: environment.wallTime())
  }

  /// The time that a change gets now.
  package var now: Timestamp {
    let wall = environment.wallTime().nanoseconds
    return Timestamp(nanoseconds: wall - wall % Self.tick)
  }
}

// MARK: - What the file system can keep

extension SimFileSystem {
  func kept(_ time: Timestamp) -> Timestamp {
    Timestamp(nanoseconds: time.nanoseconds - time.nanoseconds % timeStep)
  }

  func kept(_ metadata: EntryMetadata) -> EntryMetadata {
    var metadata = metadata
    metadata.modified = metadata.modified.map { kept($0) }
    if let fixedMode, metadata.mode != nil { metadata.mode = fixedMode }
    return metadata
  }

  /// Sets what is not nil.
  func set(_ metadata: EntryMetadata, on inode: Inode) {
    let metadata = kept(metadata)
    if let mode = metadata.mode, inode.kind == .file { inode.mode = mode }
    if let modified = metadata.modified { inode.modified = modified }
    inode.changed = now
  }

  /// The outermost directory on the way to `path` that may not be searched.
  func closedDirectory(above path: RelativePath) -> RelativePath? {
    path.ancestors.reversed().first { lookup($0)?.mode == 0 }
  }

  package func setSearchable(_ isSearchable: Bool, _ directory: Inode) {
    directory.mode = isSearchable ? 0o755 : 0
    directory.changed = now
  }
}

// MARK: - Names

extension SimFileSystem {
  package func lookup(_ path: RelativePath) -> Inode? {
    var inode = root
    for component in path.components {
      guard let child = inode.children[component] else { return nil }
      inode = child
    }
    return inode
  }

  /// The nearest ancestor that is a leaf.
  package func obstruction(above path: RelativePath) -> RelativePath? {
    var inode = root
    var place = RelativePath.root
    for component in path.components.dropLast() {
      guard let child = inode.children[component] else { return nil }
      place = place.appending(component)
      if child.kind != .directory { return place }
      inode = child
    }
    return nil
  }

  package func names(in directory: Inode) -> [String] { directory.children.keys.sorted() }

  func directory(of path: RelativePath, creatingParents: Bool) -> Inode? {
    var inode = root
    var place = RelativePath.root
    for component in path.components.dropLast() {
      place = place.appending(component, isDirectory: true)
      if let child = inode.children[component] {
        guard child.kind == .directory else { return nil }
        inode = child
      } else {
        guard creatingParents else { return nil }
        let child = newInode(.directory, [], mode: 0o755)
        attach(child, as: component, in: inode)
        watcher?(.changed(place))
        inode = child
      }
    }
    return inode
  }

  func attach(_ inode: Inode, as name: String, in directory: Inode) {
    directory.children[name] = inode
    directory.modified = now
    directory.changed = now
    inode.links += 1
    inode.changed = now
  }

  @discardableResult
  func detach(_ name: String, from directory: Inode) -> Inode? {
    guard let inode = directory.children.removeValue(forKey: name) else { return nil }
    directory.modified = now
    directory.changed = now
    inode.changed = now
    drop(inode)
    return inode
  }

  func drop(_ inode: Inode) {
    inode.links -= 1
    if inode.links == 0 && inode.writers == 0 { freed.append(inode.number) }
  }

  /// ext4 gives a number out again at once.
  func newInode(_ kind: EntryKind, _ content: [UInt8], mode: UInt32) -> Inode {
    let number = freed.popLast() ?? nextInode
    if number == nextInode { nextInode += 1 }
    let inode = Inode(number: number, kind: kind, content: content, mode: mode, at: now)
    inode.modified = kept(inode.modified)
    if kind == .file, let fixedMode { inode.mode = fixedMode }
    return inode
  }
}

// MARK: - What programs do

extension SimFileSystem {
  /// A new entry at an absent name in an existing directory; false where that cannot be.
  @discardableResult
  package func create(_ path: RelativePath, _ kind: EntryKind, _ content: [UInt8] = [], mode: UInt32 = 0o644) -> Inode?
  {
    guard let parent = directory(of: path, creatingParents: false), parent.children[path.name] == nil else {
      return nil
    }
    let inode = newInode(kind, content, mode: mode)
    attach(inode, as: path.name, in: parent)
    watcher?(.changed(kind == .directory ? path.asDirectory : path.asLeaf))
    return inode
  }

  package func openForWriting(_ inode: Inode) { inode.writers += 1 }

  package func write(_ content: [UInt8], to inode: Inode) {
    inode.content = content
    inode.modified = kept(now)
    inode.changed = now
  }

  /// The event that close-write raises names the path by which the file was opened, if it still leads there.
  package func close(_ inode: Inode, openedAs path: RelativePath) {
    inode.writers -= 1
    if inode.links == 0 && inode.writers == 0 { freed.append(inode.number) }
    if lookup(path) === inode { watcher?(.changed(path)) }
  }

  /// `rename`: replaces a leaf, or an empty directory by a directory; false where the kernel refuses.
  @discardableResult
  package func rename(_ source: RelativePath, to target: RelativePath) -> Bool {
    guard let inode = lookup(source), let from = directory(of: source, creatingParents: false),
      let into = directory(of: target, creatingParents: false), !target.isBelow(source.asDirectory)
    else { return false }
    let displaced = into.children[target.name]
    if displaced === inode { return false }
    if let displaced {
      guard (displaced.kind == .directory) == (inode.kind == .directory), displaced.children.isEmpty else {
        return false
      }
      detach(target.name, from: into)
    }
    detach(source.name, from: from)
    freed.removeAll { $0 == inode.number }
    attach(inode, as: target.name, in: into)
    let isDirectory = inode.kind == .directory
    watcher?(
      .moved(
        from: isDirectory ? source.asDirectory : source.asLeaf, to: isDirectory ? target.asDirectory : target.asLeaf))
    return true
  }

  @discardableResult
  package func link(_ source: RelativePath, as target: RelativePath) -> Bool {
    guard let inode = lookup(source), inode.kind == .file, let into = directory(of: target, creatingParents: false),
      into.children[target.name] == nil
    else { return false }
    attach(inode, as: target.name, in: into)
    watcher?(.changed(target))
    return true
  }

  /// `unlink` or `rmdir`; false where it is absent or not empty.
  @discardableResult
  package func remove(_ path: RelativePath) -> Bool {
    guard let inode = lookup(path), inode.children.isEmpty, inode !== root,
      let parent = directory(of: path, creatingParents: false)
    else { return false }
    detach(path.name, from: parent)
    watcher?(.removed(inode.kind == .directory ? path.asDirectory : path.asLeaf))
    return true
  }

  package func setMode(_ mode: UInt32, of path: RelativePath) {
    guard let inode = lookup(path), inode.kind != .symlink else { return }
    set(EntryMetadata(kind: inode.kind, mode: mode), on: inode)
    watcher?(.changed(inode.kind == .directory ? path.asDirectory : path.asLeaf))
  }

  package func setModified(_ time: Timestamp, of path: RelativePath) {
    guard let inode = lookup(path) else { return }
    set(EntryMetadata(kind: inode.kind, modified: time), on: inode)
    watcher?(.changed(inode.kind == .directory ? path.asDirectory : path.asLeaf))
  }

  /// Every leaf below the root, in tree order.
  package func leaves() -> [(path: RelativePath, inode: Inode)] {
    var found: [(path: RelativePath, inode: Inode)] = []
    collect(root, at: .root) { path, inode in if inode.kind != .directory { found.append((path, inode)) } }
    return found
  }

  package func directories() -> [RelativePath] {
    var found: [RelativePath] = []
    collect(root, at: .root) { path, inode in if inode.kind == .directory { found.append(path) } }
    return found
  }

  private func collect(_ directory: Inode, at place: RelativePath, _ visit: (RelativePath, Inode) -> Void) {
    for name in names(in: directory) {
      let inode = directory.children[name]!
      let path = place.appending(name, isDirectory: inode.kind == .directory)
      visit(path, inode)
      if inode.kind == .directory { collect(inode, at: path, visit) }
    }
  }
}
