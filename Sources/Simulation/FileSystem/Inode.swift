package import SyncModel

/// A file, link or directory of a simulated file system; names refer to it.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class Inode: @unchecked Sendable {
  package let number: UInt64
  package let kind: EntryKind
  /// A link's content is its target.
  package internal(set) var content: [UInt8]
  package internal(set) var modified: Timestamp
  package internal(set) var changed: Timestamp
  package internal(set) var mode: UInt32
  /// Programs that have it open for writing: a read lease is refused.
  package internal(set) var writers = 0
  /// Names that refer to it, trash slots included.
  package internal(set) var links = 0
  /// Of a directory.
  package internal(set) var children: [String: Inode] = [:]

  init(number: UInt64, kind: EntryKind, content: [UInt8], mode: UInt32, at time: Timestamp) {
    self.number = number
    self.kind = kind
    self.content = content
    self.mode = mode
    modified = time
    changed = time
  }

  package func stamp(on mount: MountID) -> LocalStamp {
    LocalStamp(
      kind: kind, mount: mount, inode: number, size: kind == .directory ? 0 : Int64(content.count), modified: modified,
      changed: changed, mode: mode)
  }
}
