@testable import SyncModel

/// Named states of one leaf, relative to one agreed version.
enum Given {
  static let mount = MountID(1)
  static let otherMount = MountID(2)
  static let content = Fingerprint(size: 10, crc64: 0xA)
  static let otherContent = Fingerprint(size: 10, crc64: 0xB)
  static let metadata = EntryMetadata(kind: .file, mode: 0o644, modified: Timestamp(seconds: 1000))
  static let local = LocalStamp(
    kind: .file, mount: mount, inode: 5, size: 10, modified: Timestamp(seconds: 1000),
    changed: Timestamp(seconds: 1001), mode: 0o644)
  static let remote = RemoteStamp(etag: "a", size: 10, lastModified: Timestamp(seconds: 1002))
  static let leaf = RelativePath(unchecked: "d/leaf.txt")
  static let directory = RelativePath(unchecked: "d/sub/")

  static var base: BaseEntry {
    BaseEntry(path: leaf, local: local, remote: remote, fingerprint: content, metadata: metadata, revision: 7)
  }
  static var provisionalBase: BaseEntry { base.with { $0.isProvisional = true } }
  static var localChangedBase: BaseEntry { base.with { $0.isLocalChanged = true } }
  static var apart: BaseEntry { base.with { $0.isApart = true } }

  /// What only the root had when the sides met.
  static var leftAlone: BaseEntry {
    BaseEntry(path: leaf, local: local, remote: nil, fingerprint: nil, metadata: metadata, isApart: true)
  }

  // Local stamps.
  static let otherInode = local.with { $0.inode = 6 }
  static let chmodded = local.with {
    $0.mode = 0o600
    $0.changed = Timestamp(seconds: 1500)
  }
  static let retimed = local.with {
    $0.modified = Timestamp(seconds: 1400)
    $0.changed = Timestamp(seconds: 1500)
  }
  static let grown = local.with {
    $0.size = 11
    $0.modified = Timestamp(seconds: 1400)
  }
  static let link = local.with { $0.kind = .symlink }
  static let localDirectory = LocalStamp(
    kind: .directory, mount: mount, inode: 9, size: 0, modified: Timestamp(seconds: 900),
    changed: Timestamp(seconds: 900), mode: 0o755)

  // Remote stamps and metadata.
  static let rewritten = remote.with { $0.lastModified = Timestamp(seconds: 1600) }
  static let replaced = RemoteStamp(etag: "b", size: 10, lastModified: Timestamp(seconds: 1600))
  static let remoteMode = metadata.with { $0.mode = 0o400 }
  static let remoteTime = metadata.with { $0.modified = Timestamp(seconds: 1300) }
  static let marker = RemoteStamp(etag: "m", size: 0, lastModified: Timestamp(seconds: 800))

  static var directoryBase: BaseEntry {
    BaseEntry(
      path: directory, local: localDirectory, remote: marker, fingerprint: nil,
      metadata: EntryMetadata(kind: .directory))
  }
}

protocol Variable {}
extension Variable {
  func with(_ change: (inout Self) -> Void) -> Self {
    var copy = self
    change(&copy)
    return copy
  }
}
extension BaseEntry: Variable {}
extension LocalStamp: Variable {}
extension RemoteStamp: Variable {}
extension EntryMetadata: Variable {}
extension Policy: Variable {}
