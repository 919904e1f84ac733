internal import CLinux
internal import Glibc
internal import SyncEngine
internal import SyncModel

/// Watches the tree and turns events into hints.
final class WatchSession: EventPump {
  private let observer: Observer
  private let relay: HintRelay
  private let setLimitation: (WatchLimitation?) -> Void
  private let trustsAllMounts: Bool
  private let inotify: Descriptor
  private let buffer: UnsafeMutableRawBufferPointer
  private var table = WatchTable()
  private var renames = RenamePairing()
  private var writes = WriteDelay()
  private var limitation: WatchLimitation?
  /// What could not be watched may be watched later.
  private var isRetried = false
  private var nextRetry: Int64 = .max
  /// Nil where nobody knows.
  private var mounts: [UInt64: String]?
  /// Files that are mounts of their own, as they were seen last: what is written to them raises no event in the
  /// folder that they stand in.
  private var mountedFiles: [RelativePath: FileStatus] = [:]
  private var nextMountLook: Int64 = .max
  /// Nil where it cannot be asked for changes.
  private var mountList: Descriptor?
  /// Before it the list is read only if it says that it has changed.
  private var nextMountReading: Int64 = .min

  /// Nanoseconds after which directories that got no watch are tried again, at the earliest: in a large tree that
  /// takes a while, and must not become all that this thread does.
  private static let retryInterval: Int64 = 5_000_000_000
  private static let retryShare: Int64 = 20
  /// Nanoseconds between looks at what is mounted: no event tells of a mount that covers a folder.
  private static let mountInterval: Int64 = 2_000_000_000
  /// Nanoseconds after which they are read all the same: the names of mounts in a folder that is renamed change without
  /// notice.
  private static let mountReadingInterval: Int64 = 10_000_000_000

  /// - Parameters:
  ///   - trustsAllMounts: Takes a network file system for live too.
  ///   - setLimitation: Told why some directories are only found by a walk; nil when all are watched.
  init(observer: Observer, relay: HintRelay, trustsAllMounts: Bool, setLimitation: @escaping (WatchLimitation?) -> Void)
    throws
  {
    self.observer = observer
    self.relay = relay
    self.trustsAllMounts = trustsAllMounts
    self.setLimitation = setLimitation
    let kernel = observer.root.kernel
    inotify = Descriptor(owning: try check(kernel.makeEventQueue()), of: kernel)
    buffer = .allocate(byteCount: 1 << 16, alignment: 8)
  }

  deinit { buffer.deallocate() }

  private var kernel: any Kernel { inotify.kernel }

  var queue: Int32 { inotify.raw }

  var deadline: Int64 {
    [renames.deadline, writes.deadline, nextRetry, nextMountLook].compactMap { $0 }.min() ?? .max
  }

  func turn() throws {
    for event in try WatchEvent.read(from: inotify, into: buffer) { handle(event) }
    settle()
  }

  func fail(_ error: any Error) { setLimitation(Self.broken(error)) }

  /// Where there is no inotify at all.
  static func broken(_ error: any Error) -> WatchLimitation {
    let text = (error as? SystemError)?.text ?? "\(error)"
    return WatchLimitation(
      reason: "inotify does not work (\(text)); raise fs.inotify.max_user_instances, or use --watch poll")
  }

  /// Watches every folder.
  func start() {
    let list = kernel.openMountList()
    if list >= 0 { mountList = Descriptor(owning: list, of: kernel) }
    mounts = kernel.mounts(below: observer.root.path)
    if mounts != nil { nextMountLook = kernel.uptime() + Self.mountInterval }
    lookAtMountedFiles()
    watchAll()
  }

  private func settle() {
    let now = kernel.uptime()
    for half in renames.expired(now: now) {
      if let watch = half.watch { end(watch) }
      relay.hint(exists(half.path) ? (half.isDirectory ? .subtree(half.path) : .path(half.path)) : .vanished(half.path))
    }
    for path in writes.due(now: now) { relay.hint(.path(path)) }
    if now >= nextMountLook { lookAtMounts(now) }
    if table.isOutdated {
      watchAll()
      relay.hint(.subtree(.root))
    } else if now >= nextRetry {
      watchAll()
    }
  }

  private func lookAtMounts(_ now: Int64) {
    nextMountLook = now + Self.mountInterval
    if mayMountsDiffer(now), let found = kernel.mounts(below: observer.root.path), found != mounts {
      mounts = found
      observer.mounts.forget(allBut: Set(found.keys))
      watchAll()
      relay.hint(.subtree(.root))
    }
    lookAtMountedFiles()
  }

  private func mayMountsDiffer(_ now: Int64) -> Bool {
    if let mountList, !kernel.mountsMayDiffer(mountList.raw), now < nextMountReading { return false }
    nextMountReading = now + Self.mountReadingInterval
    return true
  }

  private func lookAtMountedFiles() {
    var found: [RelativePath: FileStatus] = [:]
    for point in mounts?.values ?? [:].values where !point.isEmpty {
      let path = RelativePath(unchecked: point)
      guard ReservedNames.match(in: path) == nil, let parent = try? observer.root.openParent(of: path),
        let status = try? parent.status(of: path.name), status.kind == .file
      else { continue }
      found[path] = status
      if let before = mountedFiles[path], !before.hasSameData(as: status) || before.changed != status.changed {
        relay.hint(.path(path))
      }
    }
    mountedFiles = found
  }

  private func exists(_ path: RelativePath) -> Bool {
    guard let parent = try? observer.root.openParent(of: path) else { return false }
    return (try? parent.statusIfPresent(of: path.name)) != nil
  }

  // MARK: events

  func handle(_ event: WatchEvent) {
    if event.has(IN_Q_OVERFLOW) {
      watchAll()
      relay.hint(.subtree(.root))
      return
    }
    if event.has(IN_IGNORED) {
      _ = table.remove(event.watch)
      return
    }
    guard !event.isUnnameable, let directory = table.path(of: event.watch) else { return }
    guard let name = event.name else {
      // The directory itself: its parent tells the same with a name, the root and a mount point have none.
      if directory.isRoot && !event.has(IN_ATTRIB) || event.has(IN_UNMOUNT) { relay.hint(.subtree(directory)) }
      return
    }
    let path = directory.appending(name, isDirectory: event.isDirectory)
    guard ReservedNames.match(in: path) == nil else { return }
    if event.has(IN_MOVED_FROM) {
      writes.closed(path)
      renames.left(
        .init(path: path, isDirectory: event.isDirectory, watch: table.child(of: event.watch, named: name)),
        cookie: event.cookie, now: kernel.uptime())
    } else if event.has(IN_MOVED_TO) {
      arrived(path, name, event)
    } else if event.has(IN_DELETE) {
      writes.closed(path)
      relay.hint(.vanished(path))
    } else if event.isDirectory {
      if event.has(IN_CREATE) { watchTree(path, named: name, in: event.watch) }
      relay.hint(event.has(IN_CREATE) ? .subtree(path) : .path(path))
    } else {
      written(path, event)
    }
  }

  private func arrived(_ path: RelativePath, _ name: String, _ event: WatchEvent) {
    noteLink(path)
    guard let other = renames.arrived(cookie: event.cookie) else {
      if event.isDirectory { watchTree(path, named: name, in: event.watch) }
      relay.hint(event.isDirectory ? .subtree(path) : .path(path))
      return
    }
    if event.isDirectory {
      if let watch = other.watch { table.add(watch, named: name, in: event.watch) }
      // Again: what was made in it since was told under its old name, or not at all.
      watchTree(path, named: name, in: event.watch)
    }
    relay.hint(.renamed(from: other.path, to: path))
  }

  private func written(_ path: RelativePath, _ event: WatchEvent) {
    if event.has(IN_CREATE) { noteLink(path) }
    // A regular file with one name has a writer who will close it; a link, or a further name, is complete.
    let mayBeUnfinished = event.has(IN_MODIFY) || event.has(IN_CREATE) && isFresh(path)
    if mayBeUnfinished && !event.has(IN_CLOSE_WRITE) {
      writes.modified(path, now: kernel.uptime())
    } else {
      writes.closed(path)
      relay.hint(.path(path))
    }
  }

  private func noteLink(_ path: RelativePath) {
    guard observer.follower != nil, let parent = try? observer.root.openParent(of: path),
      (try? parent.status(of: path.name))?.kind == .symlink
    else { return }
    limit(Self.reason(ofLink: path), isLasting: true)
  }

  /// A watch belongs to a directory, not to one of its names, so events cannot tell behind how many links they happen.
  private static func reason(ofLink path: RelativePath) -> String {
    "“\(path)” is a symbolic link that is followed, and what changes behind it raises no event here"
  }

  private func isFresh(_ path: RelativePath) -> Bool {
    guard let parent = try? observer.root.openParent(of: path), let status = try? parent.status(of: path.name) else {
      return false
    }
    return status.kind == .file && status.nlink == 1
  }

  // MARK: watches

  /// Watches the whole tree, also where some of it is watched already.
  func watchAll() {
    let began = kernel.uptime()
    limitation = nil
    isRetried = false
    let before = table.watches
    table = WatchTable()
    watchTree(.root, named: "", in: nil)
    for stale in before.subtracting(table.watches).sorted() { kernel.unwatch(inotify.raw, stale) }
    let now = kernel.uptime()
    isRetried = isRetried || table.isOutdated
    nextRetry = isRetried ? now + max(Self.retryInterval, (now - began) * Self.retryShare) : .max
    setLimitation(limitation)
  }

  /// Watches a directory before it is listed, so that nothing made in between is missed.
  private func watchTree(_ path: RelativePath, named name: String, in parent: Int32?) {
    var open: [(path: RelativePath, name: String, parent: Int32?)] = [(path, name, parent)]
    var link: RelativePath?
    while let next = open.popLast() {
      guard let directory = try? observer.root.open(next.path, O_RDONLY) else { continue }
      guard let watch = add(directory, at: next.path) else { continue }
      if let parent = next.parent { table.add(watch, named: next.name, in: parent) } else { table.setRoot(watch) }
      try? directory.forEachName { bytes, type in
        // Names of files, which are most, are not read.
        let mayBeDirectory = Int(type) == DT_DIR || Int(type) == DT_UNKNOWN
        let mayBeLink = observer.follower != nil && (Int(type) == DT_LNK || Int(type) == DT_UNKNOWN)
        guard mayBeDirectory || mayBeLink, let name = String(validating: bytes, as: UTF8.self) else { return true }
        if mayBeLink, isLink(name, type, in: directory) { link = next.path.appending(name) }
        guard mayBeDirectory else { return true }
        let child = next.path.appending(name, isDirectory: true)
        if ReservedNames.match(in: child) == nil { open.append((child, name, watch)) }
        return true
      }
    }
    // Last: what may pass, such as a lack of watches, is tried again.
    if let link { limit(Self.reason(ofLink: link), isLasting: true) }
  }

  private func isLink(_ name: String, _ type: UInt8, in directory: Descriptor) -> Bool {
    Int(type) == DT_LNK || Int(type) == DT_UNKNOWN && (try? directory.status(of: name))?.kind == .symlink
  }

  private func add(_ directory: Descriptor, at path: RelativePath) -> Int32? {
    let watch = kernel.watch(inotify.raw, directory.raw, WatchEvent.interesting)
    guard watch >= 0 else {
      limit(
        watch == -ENOSPC
          ? "no inotify watches are left for “\(path)” and perhaps others; raise fs.inotify.max_user_watches"
          : "“\(path)” cannot be watched (\(SystemError(-watch).text))")
      return nil
    }
    if !trustsAllMounts, let status = try? directory.status(),
      case .usable(let mount)? = try? observer.mountEntry(of: directory, status, at: path),
      !mount.capabilities.announcesChanges
    {
      limit("“\(path)” lies on a network file system, which does not announce changes made elsewhere", isLasting: true)
    }
    return watch
  }

  private func limit(_ reason: String, isLasting: Bool = false) {
    guard limitation == nil else { return }
    limitation = WatchLimitation(reason: reason, isLasting: isLasting)
    isRetried = !isLasting
    if isRetried { nextRetry = kernel.uptime() + Self.retryInterval }
    setLimitation(limitation)
  }

  private func end(_ watch: Int32) {
    for gone in table.remove(watch).sorted() { kernel.unwatch(inotify.raw, gone) }
  }
}
