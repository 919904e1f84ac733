internal import CLinux
internal import Glibc
internal import SyncModel

/// An inotify queue of one run: merges identical neighbours, and overflows.
final class EventQueue {
  struct Event: Equatable {
    var watch: Int32
    var mask: UInt32
    var cookie: UInt32
    var name: String
  }

  private(set) var events: [Event] = []
  private var watches: [Int32: Inode] = [:]
  private var numbers: [ObjectIdentifier: Int32] = [:]
  private var nextWatch: Int32 = 0
  private let limit: Int
  /// Called when events begin to wait.
  var onEvent: (() -> Void)?

  init(limit: Int) { self.limit = limit }

  func watch(_ directory: Inode) -> Int32 {
    if let known = numbers[ObjectIdentifier(directory)] { return known }
    nextWatch += 1
    numbers[ObjectIdentifier(directory)] = nextWatch
    watches[nextWatch] = directory
    return nextWatch
  }

  func unwatch(_ watch: Int32) {
    guard let directory = watches.removeValue(forKey: watch) else { return }
    numbers[ObjectIdentifier(directory)] = nil
    append(Event(watch: watch, mask: UInt32(IN_IGNORED), cookie: 0, name: ""))
  }

  func isWatching(_ inode: Inode) -> Int32? { numbers[ObjectIdentifier(inode)] }

  func append(_ event: Event) {
    // What is told already and not yet read is not told again.
    if events.last == event { return }
    if events.count >= limit {
      let overflow = Event(watch: -1, mask: UInt32(IN_Q_OVERFLOW), cookie: 0, name: "")
      if events.last != overflow { events.append(overflow) }
    } else {
      events.append(event)
    }
    onEvent?()
  }

  /// Packs what fits as `inotify_event`s; returns the bytes.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let header = MemoryLayout<inotify_event>.size
    var offset = 0
    var taken = 0
    for event in events {
      let name = Array(event.name.utf8)
      let length = name.isEmpty ? 0 : (name.count / 16 + 1) * 16
      guard offset + header + length <= buffer.count else { break }
      buffer.storeBytes(of: event.watch, toByteOffset: offset, as: Int32.self)
      buffer.storeBytes(of: event.mask, toByteOffset: offset + 4, as: UInt32.self)
      buffer.storeBytes(of: event.cookie, toByteOffset: offset + 8, as: UInt32.self)
      buffer.storeBytes(of: UInt32(length), toByteOffset: offset + 12, as: UInt32.self)
      for index in 0..<length {
        buffer[offset + header + index] = index < name.count ? name[index] : 0
      }
      offset += header + length
      taken += 1
    }
    events.removeFirst(taken)
    return offset
  }
}

// MARK: - What is told

extension SimFileSystem {
  /// Something happened to what has this name.
  func announce(_ dentry: Dentry, _ mask: Int32) {
    guard let parent = dentry.parent else { return }
    announce(mask, dentry.name, dentry.inode, in: parent)
    if dentry.inode.kind == .directory, mask == IN_ATTRIB { announceSelf(dentry.inode, mask) }
  }

  func announce(_ mask: Int32, _ name: String, _ inode: Inode, in parent: Inode, cookie: UInt32 = 0) {
    let mask = UInt32(mask) | (inode.kind == .directory ? UInt32(IN_ISDIR) : 0)
    for queue in queues {
      guard let watch = queue.isWatching(parent) else { continue }
      if generator.oneIn(traits.lostEvents) {
        lastLostEvent = environment.executor.now
        continue
      }
      queue.append(EventQueue.Event(watch: watch, mask: mask, cookie: cookie, name: name))
    }
  }

  private func announceSelf(_ inode: Inode, _ mask: Int32) {
    for queue in queues {
      guard let watch = queue.isWatching(inode) else { continue }
      queue.append(EventQueue.Event(watch: watch, mask: UInt32(mask) | UInt32(IN_ISDIR), cookie: 0, name: ""))
    }
  }

  /// Each direction of an exchange is told with a cookie of its own.
  func announceMove(_ inode: Inode, _ from: Inode, _ name: String, _ into: Inode, _ newName: String) {
    let cookie = cookie()
    announce(IN_MOVED_FROM, name, inode, in: from, cookie: cookie)
    announce(IN_MOVED_TO, newName, inode, in: into, cookie: cookie)
    if inode.kind == .directory { announceSelf(inode, IN_MOVE_SELF) }
  }

  func announceEnd(of inode: Inode) {
    guard inode.kind == .directory else { return }
    announceSelf(inode, IN_DELETE_SELF)
    for queue in queues { if let watch = queue.isWatching(inode) { queue.unwatch(watch) } }
  }
}
