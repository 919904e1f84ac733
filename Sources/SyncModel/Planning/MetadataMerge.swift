/// Mode, modification time and owner after both sides may have changed them, field by field: what one side
/// changed stays, what both changed is the remote's, what the object lacks is the local entry's.
package struct MetadataMerge: Hashable, Sendable {
  /// What the local entry shall have; no field is nil.
  package let result: EntryMetadata
  private let isModeLocal: Bool
  private let isModifiedLocal: Bool
  /// The object has yet to learn of an owner that the local side changed.
  package let isOwnerLocal: Bool

  /// `base` is the last agreement, `remote` what the object carries now.
  package init(base: BaseEntry, local: LocalStamp, remote: EntryMetadata) {
    var result = local.metadata
    // The local stamp is compared with the one read back after the last commit and the object with what it
    // carried then, since a file system that rounds holds other values than the object.
    if remote.mode != base.metadata.mode, let mode = remote.mode { result.mode = mode }
    if remote.modified != base.metadata.modified, let modified = remote.modified { result.modified = modified }
    if remote.owner != base.metadata.owner, local.owner != nil, let owner = remote.owner { result.owner = owner }
    isModeLocal = local.mode != base.local.mode && local.mode == result.mode && remote.mode != local.mode
    isModifiedLocal =
      local.modified != base.local.modified && local.modified == result.modified && remote.modified != local.modified
    isOwnerLocal =
      local.owner != nil && base.local.owner != nil && local.owner != base.local.owner && local.owner == result.owner
      && remote.owner != local.owner
    self.result = result
  }

  /// The object has yet to learn of a field that the local side changed.
  package var hasLocalChanges: Bool { isModeLocal || isModifiedLocal || isOwnerLocal }

  /// The stamp for the base row once `result` is applied and `readBack` was found.
  ///
  /// Fields that only the local side changed keep the base's value, so that the next plan still sees a local
  /// change and carries it to the object.
  package func rowStamp(readBack: LocalStamp, base: LocalStamp) -> LocalStamp {
    var stamp = readBack
    if isModeLocal { stamp.mode = base.mode }
    if isModifiedLocal { stamp.modified = base.modified }
    if isOwnerLocal { stamp.owner = base.owner }
    return stamp
  }
}
