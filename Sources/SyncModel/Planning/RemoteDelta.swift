/// What happened to a leaf's object since its base row was written.
enum RemoteDelta: Hashable, Sendable {
  case unchanged(RemoteStamp)
  /// Written again, but content and metadata are the same.
  case refreshed(RemoteStamp)
  /// Written again with the same content; only a HEAD tells what became of the metadata.
  case touched(RemoteStamp)
  /// Same content, other metadata; with the same stamp where both are of one second.
  case metadata(RemoteStamp, EntryMetadata)
  case changed(RemoteStamp)
  case absent

  init(of stamp: RemoteStamp, metadata: EntryMetadata?, since base: BaseEntry) {
    guard let baseStamp = base.remote, stamp.hasSameContent(as: baseStamp) else {
      self = .changed(stamp)
      return
    }
    // S3 counts in seconds: a stamp that is the same may be that of another one's metadata.
    if stamp.isSameVersion(as: baseStamp), metadata.map({ $0 == base.metadata }) ?? true {
      self = .unchanged(stamp)
    } else if let metadata {
      if metadata == base.metadata {
        self = .refreshed(stamp)
      } else {
        // The same bytes as a link's target and as a file are two contents.
        self = metadata.kind == base.metadata.kind ? .metadata(stamp, metadata) : .changed(stamp)
      }
    } else {
      self = .touched(stamp)
    }
  }
}
