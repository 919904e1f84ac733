internal import SyncModel

/// What one call of the local port took away from names in the tree, as it was at that moment.
///
/// `@unchecked Sendable`: used only on the world's thread.
final class Displacements: @unchecked Sendable {
  @TaskLocal static var current: Displacements?

  /// The first; what follows is the way back.
  private(set) var first: Displaced?

  func note(_ displaced: Displaced) { if first == nil { first = displaced } }
}

/// An entry at the moment at which it left its name.
struct Displaced {
  let inode: UInt64
  let content: [UInt8]
  let modified: Timestamp
  /// Who had it open for writing, or had asked to.
  let writers: Int

  init(_ inode: Inode) {
    self.inode = inode.number
    content = inode.content
    modified = inode.modified
    writers = inode.writers
  }
}
