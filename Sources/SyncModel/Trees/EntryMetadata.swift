/// The metadata that travels with a content; nil where the object carries none.
package struct EntryMetadata: Hashable, Sendable {
  package var kind: EntryKind
  /// Permission bits, `st_mode & 0o7777`.
  package var mode: UInt32?
  package var modified: Timestamp?
  /// Nil also where owners are not kept.
  package var owner: Owner?

  package init(kind: EntryKind, mode: UInt32? = nil, modified: Timestamp? = nil, owner: Owner? = nil) {
    self.kind = kind
    self.mode = mode
    self.modified = modified
    self.owner = owner
  }
}
