package import SyncModel

/// A file, link or directory of a simulated file system; names refer to it.
///
/// `@unchecked Sendable`: used only on the world's thread.
package final class Inode: @unchecked Sendable {
  package internal(set) var number: UInt64
  package let kind: EntryKind
  /// The number of the mounted file system on which it lies.
  var fileSystem: UInt64
  /// A folder in which no name can be changed.
  var isReadOnly = false
  /// A link's content is its target.
  package internal(set) var content: [UInt8]
  package internal(set) var modified: Timestamp
  package internal(set) var changed: Timestamp
  package internal(set) var mode: UInt32
  /// Nil: that of the programs here.
  package internal(set) var owner: Owner?
  /// Descriptors and shared mappings for writing: a read lease is refused.
  package internal(set) var writers = 0
  /// Descriptors of any kind: they keep its number from being given out again.
  var pins = 0
  /// Names that refer to it, trash slots included.
  package internal(set) var links = 0
  /// Of a directory.
  var entries: [String: Dentry] = [:]
  /// Read leases, each with whether somebody asked to write since.
  var leases: [Lease] = []
  /// Openers for writing that wait for the leases to go.
  var waiters: [() -> Void] = []
  /// A mapped store has set the stamps since the pages were last clean: further stores set none.
  var isMappedDirty = false
  /// `flock`.
  var isLocked = false

  /// What of it a power failure leaves for certain.
  var durable: (content: [UInt8], mode: UInt32, modified: Timestamp)?
  /// Since when it differs from `durable`, virtual nanoseconds.
  var dirtySince: Int64?
  /// The names that a power failure leaves.
  var durableEntries: [String: Inode] = [:]

  final class Lease { var isBroken = false }

  init(
    number: UInt64, kind: EntryKind, fileSystem: UInt64, content: [UInt8], mode: UInt32, at time: Timestamp
  ) {
    self.number = number
    self.kind = kind
    self.fileSystem = fileSystem
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

  package func child(_ name: String) -> Inode? { entries[name]?.inode }

  var mayBeSearched: Bool { mode & 0o100 != 0 }
}

/// One name; it keeps its identity through renames, as an open file keeps its name.
final class Dentry {
  let inode: Inode
  /// A directory that has it lives; without the reference back a world would never be freed.
  weak var parent: Inode?
  var name: String

  init(_ inode: Inode, as name: String, in parent: Inode) {
    self.inode = inode
    self.name = name
    self.parent = parent
  }
}
