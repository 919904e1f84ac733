internal import CLinux
internal import Glibc
internal import Logging
internal import SyncEngine
internal import SyncModel

/// Gives a content that somebody wrote into a displaced version a name in the tree again.
struct ConflictKeeper: Sendable {
  let observer: Observer
  let relay: HintRelay
  let node: String
  /// Of the key prefix, bytes.
  let prefixLength: Int
  let logger: Logger

  private static let attempts = 16
  private static let passing: Set<Int32> = [EACCES, EPERM, ENOSPC, EDQUOT, EIO, EROFS, EXDEV]

  func name(of slot: Slot, on mount: Mount) -> String { "\(ReservedNames.state)/…/trash/\(slot.name)" }

  /// Moves the slot's content beside its path under the name of a conflict copy. Inside `.git`, where an
  /// unknown name would do harm, and where no name can be had, it stays in the trash and does not expire.
  func keep(_ slot: Slot, _ state: Slot.State, _ look: SlotLook, _ record: SlotRecord, on mount: Mount) throws {
    let path = RelativePath(unchecked: record.path)
    let content = try look.content()
    if path.components.contains(".git") {
      try keepInTrash(slot, state, look, content, record, on: mount)
      relay.report(path.string, "was changed while it was replaced; the change is in the trash as \(slot.name)")
      return
    }
    do {
      let copy = try placeOnItsVolume(slot, content, look, path, on: mount)
      try mount.trash.drop(slot, state, bytes: record.displaced.size, unlinking: false)
      logger.warning("kept a change made during a replacement", metadata: ["path": "\(path)", "copy": "\(copy)"])
      relay.hint(look.status.kind == .directory ? .subtree(copy.asDirectory) : .path(copy))
    } catch let error as SystemError where Self.passing.contains(error.code) {
      // A closed folder, a full disk, a volume that is away: the slot stays as it is, and is tried again.
      throw error
    } catch {
      try keepInTrash(slot, state, look, content, record, on: mount)
      relay.report(
        path.string,
        "was changed while it was replaced; no conflict copy could be made (\(error)), the change is in the trash as "
          + slot.name)
    }
  }

  /// Where another volume is mounted over the folder of `path` now, in the nearest one above it that is of this volume.
  private func placeOnItsVolume(
    _ slot: Slot, _ content: Fingerprint, _ look: SlotLook, _ path: RelativePath, on mount: Mount
  ) throws -> RelativePath {
    var path = path
    while true {
      do { return try place(slot, content, look, path, on: mount) } catch let error as SystemError
        where error.code == EXDEV
      {
        guard let above = path.parent?.parent else { throw error }
        path = above.appending(path.name)
      }
    }
  }

  private func place(
    _ slot: Slot, _ content: Fingerprint, _ look: SlotLook, _ path: RelativePath, on mount: Mount
  ) throws -> RelativePath {
    let (directory, place) = try openNearest(path)
    for attempt in 0..<Self.attempts {
      let name = ConflictName.path(
        for: place, loser: .local(node: node, content: content), time: Timestamp(nanoseconds: look.status.modified),
        prefixLength: prefixLength, attempt: attempt)
      guard let name else { break }
      do {
        try mount.moveWithoutReplacing(
          slot.name, in: mount.trash.directory, to: name.name, in: directory,
          isDirectory: look.status.kind == .directory)
      } catch let error as SystemError where error.code == EEXIST {
        continue
      }
      // Durable before the record goes.
      try? observer.root.open(name.parent ?? .root, O_RDONLY).sync()
      return name
    }
    throw LocalFailure(.nameNotPossible, "\(path): no name for a conflict copy fits")
  }

  /// The directory of `path`, or the nearest ancestor that still can be one, and the path as it would be there.
  private func openNearest(_ path: RelativePath) throws -> (Descriptor, RelativePath) {
    var parent = path.parent ?? .root
    while true {
      do { return (try observer.root.makeDirectories(parent), parent.appending(path.name)) } catch {
        guard let next = parent.parent else { throw error }
        parent = next
      }
    }
  }

  private func keepInTrash(
    _ slot: Slot, _ state: Slot.State, _ look: SlotLook, _ content: Fingerprint, _ record: SlotRecord, on mount: Mount
  ) throws {
    let kept = SlotRecord(
      path: RelativePath(unchecked: record.path),
      displaced: SlotRecord.Version(
        kind: look.status.kind ?? .file, inode: look.status.inode, modified: look.status.modified,
        mode: look.status.permissions, content: content),
      installed: nil, isInBucket: false)
    let directory = mount.trash.directory
    try? directory.unlink(slot.recordName(.kept))
    try kept.write(slot.recordName(.kept), in: directory, isDurable: mount.trash.isDurable)
    if state != .kept { try directory.unlink(slot.recordName(state)) }
    mount.trash.noteKept(look.status.kind == .file ? look.status.size : 0)
  }

  /// Somebody changed the mode of a version just as it was displaced: the version in its place gets it.
  func mergeMode(_ mode: UInt32, of record: SlotRecord) {
    let path = RelativePath(unchecked: record.path)
    guard let installed = record.installed, let leaf = try? OpenLeaf(path, in: observer), leaf.kind == .file,
      leaf.status.inode == installed.inode, leaf.status.permissions == installed.mode
    else { return }
    try? leaf.descriptor.setMode(mode)
    relay.hint(.path(path))
  }
}
