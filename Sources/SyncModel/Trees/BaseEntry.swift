/// The last state in which the two sides were known to agree about a path, or were left as they are.
package struct BaseEntry: Hashable, Sendable {
  package var path: RelativePath
  /// As read back after the commit, so that a file system that rounds does not look changed.
  package var local: LocalStamp
  /// Nil for a directory that only its descendants' keys imply.
  package var remote: RemoteStamp?
  /// Of the agreed content, of the local one where they are apart; nil for directories.
  package var fingerprint: Fingerprint?
  /// As the object carries it.
  package var metadata: EntryMetadata
  /// The stamp proves nothing (somebody may have been writing): compare the content once more.
  package var isProvisional: Bool
  /// The remote version is known, but the local content is another one that must still go up.
  package var isLocalChanged: Bool
  /// The two sides never agreed: each was left as it is until one of them changes. It proves no deletion.
  package var isApart: Bool
  /// The store's revision at which the row was written.
  package var revision: Int64

  package init(
    path: RelativePath, local: LocalStamp, remote: RemoteStamp?, fingerprint: Fingerprint?, metadata: EntryMetadata,
    isProvisional: Bool = false, isLocalChanged: Bool = false, isApart: Bool = false,
    revision: Int64 = 0
  ) {
    self.path = path
    self.local = local
    self.remote = remote
    self.fingerprint = fingerprint
    self.metadata = metadata
    self.isProvisional = isProvisional
    self.isLocalChanged = isLocalChanged
    self.isApart = isApart
    self.revision = revision
  }
}

extension BaseEntry {
  /// Both sides held the row's content.
  package var isAgreed: Bool { !isLocalChanged && !isApart }

  /// Both versions are the row's, going by their stamps.
  package func isUnchanged(_ local: LocalStamp, _ remote: RemoteStamp) -> Bool {
    local.agrees(with: self.local) && self.remote.map { remote.hasSameContent(as: $0) } ?? false
  }
}
