internal import CLinux
internal import Glibc
internal import SyncEngine
internal import SyncModel

/// N of the protocol: a durable new version in `tmp/`, with the descriptor that pins its inode.
struct Incoming {
  let mount: Mount
  let name: String
  let kind: EntryKind
  let fingerprint: Fingerprint
  let descriptor: Descriptor
  let ownership: Ownership
  /// As staged, the metadata set.
  let status: FileStatus
  private let staged: StagedContent?

  /// What N takes over from its place in the tree.
  enum Place {
    case replacing(OpenLeaf)
    /// A new entry in this directory.
    case new(in: Descriptor)
  }

  /// - Parameter umask: Of this process; for files whose object carries no mode.
  init(
    _ content: InstallContent, at place: Place, on mount: Mount, metadata: EntryMetadata, fingerprint: Fingerprint,
    path: RelativePath, ownership: Ownership, umask: UInt32
  ) throws {
    self.mount = mount
    self.ownership = ownership
    self.fingerprint = fingerprint
    switch content {
    case .symlink(let target):
      kind = .symlink
      staged = nil
      name = mount.staging.freshName()
      try Self.makeLink(name, to: target, at: place, metadata.modified, in: mount.staging.directory)
      try ownership.give(metadata.owner, toLink: name, in: mount.staging.directory, of: path)
      descriptor = try mount.staging.directory.open(name, clinux_flag_path())
      status = try descriptor.status()
    case .bytes(let bytes):
      let file = try StagedContent(on: mount, for: path.string, size: 0)
      try bytes.withUnsafeBytes { try file.write($0, at: 0) }
      (kind, staged, name) = (.file, file, file.name)
      (descriptor, status) = try Self.finish(file, at: place, metadata, ownership, umask, path)
    case .staged(let given):
      guard let file = given as? StagedContent else { preconditionFailure("a content staged by another tree") }
      let here = try Self.moved(file, to: mount, path: path)
      (kind, staged, name) = (.file, here, here.name)
      (descriptor, status) = try Self.finish(here, at: place, metadata, ownership, umask, path)
    }
  }

  /// It has left `tmp/`, or stays there as after a crash.
  func release() { staged?.release() }

  func discard() {
    if let staged { staged.remove() } else { try? mount.staging.directory.unlink(name) }
  }

  /// The directory may have become another mount's since the content was staged.
  private static func moved(_ file: StagedContent, to mount: Mount, path: RelativePath) throws -> StagedContent {
    guard file.mount !== mount, let source = file.file else { return file }
    let copy = try StagedContent(on: mount, for: path.string, size: 0)
    _ = try copy.fill(from: source)
    file.remove()
    return copy
  }

  private static func makeLink(
    _ name: String, to target: [UInt8], at place: Place, _ modified: Timestamp?, in directory: Descriptor
  ) throws {
    let kernel = directory.kernel
    try check(kernel.makeLink(directory.raw, name, to: target))
    if case .replacing(let old) = place {
      _ = kernel.setOwner(ofLink: name, in: directory.raw, old.status.uid, old.status.gid)
    }
    if let modified { try check(kernel.setModified(ofLink: name, in: directory.raw, modified.nanoseconds)) }
  }

  /// Gives the file its metadata, makes it durable, and lets go of the writing descriptor.
  private static func finish(
    _ staged: StagedContent, at place: Place, _ metadata: EntryMetadata, _ ownership: Ownership, _ umask: UInt32,
    _ path: RelativePath
  ) throws -> (Descriptor, FileStatus) {
    guard let writer = staged.file else { throw SystemError(EBADF) }
    // Opened first: the mode may forbid it later.
    let reader = try staged.mount.staging.directory.open(staged.name, O_RDONLY)
    try KeptAttributes.give(to: writer, at: place, mode: metadata.mode, umask: umask)
    if let modified = metadata.modified { try writer.setModified(modified) }
    try ownership.give(metadata.owner, to: writer, mode: metadata.mode ?? writer.status().permissions, of: path)
    if staged.mount.trash.isDurable { try writer.sync() }
    staged.finish()
    return (reader, try reader.status())
  }
}
