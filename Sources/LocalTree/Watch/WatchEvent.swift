internal import CLinux
internal import Glibc

/// One inotify event, its name decoded.
struct WatchEvent {
  let watch: Int32
  let mask: UInt32
  let cookie: UInt32
  /// Nil for events of the watched directory itself.
  let name: String?
  /// The name is not UTF-8; such entries are never synced.
  let isUnnameable: Bool

  func has(_ bits: some BinaryInteger) -> Bool { mask & UInt32(truncatingIfNeeded: bits) != 0 }

  var isDirectory: Bool { has(IN_ISDIR) }

  /// Modifications too: truncate(2) raises nothing else.
  static let interesting =
    UInt32(
      IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF
        | IN_MOVE_SELF) | UInt32(truncatingIfNeeded: IN_ONLYDIR) | UInt32(truncatingIfNeeded: IN_EXCL_UNLINK)

  /// Reads what is there without waiting; empty when nothing is.
  static func read(from inotify: Descriptor, into buffer: UnsafeMutableRawBufferPointer) throws -> [WatchEvent] {
    let count = try check(inotify.kernel.readEvents(inotify.raw, into: buffer))
    return parse(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
  }

  static func parse(_ bytes: UnsafeRawBufferPointer) -> [WatchEvent] {
    var events: [WatchEvent] = []
    var offset = 0
    let headerSize = MemoryLayout<inotify_event>.size
    while offset + headerSize <= bytes.count {
      let header = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
      let start = offset + headerSize
      offset = start + Int(header.len)
      let name = bytes[start..<offset].prefix { $0 != 0 }
      let text = String(validating: name, as: UTF8.self)
      events.append(
        WatchEvent(
          watch: header.wd, mask: header.mask, cookie: header.cookie,
          name: name.isEmpty ? nil : text, isUnnameable: text == nil))
    }
    return events
  }
}
