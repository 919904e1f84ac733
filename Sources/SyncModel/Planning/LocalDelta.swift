/// What happened to a leaf on the local side since its base row was written.
enum LocalDelta: Hashable, Sendable {
  case unchanged(LocalStamp)
  /// Same content and metadata, but the row's stamp is out of date or provisional.
  case refreshed(LocalStamp)
  /// Same content, another mode, mtime or owner.
  case metadata(LocalStamp)
  /// Only the content can tell.
  case suspect(LocalStamp)
  case changed(LocalStamp)
  /// The version that both sides agreed about was deleted.
  case deleted
  /// What was deleted is a local version that the bucket never had: it says nothing about the object.
  case discarded
  /// Nobody knows: the mount that held the entry is gone, or something stands there that is never synced.
  case unknown

  init(of local: LocalState, since base: BaseEntry) {
    switch local {
    case .unsupported:
      self = .unknown
    case .absent(let mount):
      if mount != base.local.mount {
        self = .unknown
      } else {
        self = base.isLocalChanged ? .discarded : .deleted
      }
    case .present(let stamp, let content):
      self = Self.ofPresent(stamp, content: content, since: base)
    }
  }

  private static func ofPresent(_ stamp: LocalStamp, content: Fingerprint?, since base: BaseEntry) -> Self {
    if base.isLocalChanged || !stamp.mayHoldSameContent(as: base.local) { return .changed(stamp) }
    let isSameStamp = stamp.agrees(with: base.local) && !base.isProvisional
    let lacksOwner = stamp.lacksOwner(beside: base.local)
    if content == nil, isSameStamp, lacksOwner { return .refreshed(stamp) }
    guard let content else { return isSameStamp ? .unchanged(stamp) : .suspect(stamp) }
    if content != base.fingerprint { return .changed(stamp) }
    if stamp.mode != base.local.mode || stamp.modified != base.local.modified { return .metadata(stamp) }
    if lacksOwner { return .refreshed(stamp) }
    if stamp.owner != base.local.owner { return .metadata(stamp) }
    return isSameStamp ? .unchanged(stamp) : .refreshed(stamp)
  }
}
