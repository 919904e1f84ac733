package import SyncModel

/// The durable record of a write to S3 about to be sent, by which its outcome is recognised after a lost
/// reply or a crash; or of a version about to be put into the folder or taken out of it.
package struct Intent: Hashable, Sendable, Identifiable, Codable {
  package struct ID: Hashable, Sendable, Codable {
    package var value: String
    package init(_ value: String) { self.value = value }
  }

  package enum Kind: String, Hashable, Sendable, Codable {
    case put, multipart, metadata, copy, delete
    /// `expected` is the version that is put into the folder.
    case install
    /// A version is taken out of the folder, which the bucket has no more.
    case remove
  }

  package var id: ID
  package var kind: Kind
  package var path: String
  /// The version that the write replaces or deletes; nil for a create.
  package var expected: ExpectedObject?
  /// Of the content that the write leaves behind.
  package var size: Int64?
  package var crc64: UInt64?
  package var mode: UInt32?
  /// Nanoseconds since 1970.
  package var modified: Int64?
  package var owner: IntentOwner?
  package var entryKind: UInt8?
  /// The local version that was sent.
  package var local: SentStamp?
  package var upload: MultipartUpload?
  package var parts: [PartReceipt]?
  /// A request was sent whose reply was lost: it may still land.
  package var isUncertain: Bool
  /// A look after the request found that it had not landed. Nil: false.
  package var wasMissed: Bool?
  /// Wall clock, nanoseconds since 1970.
  package var openedAt: Int64

  package init(id: ID, kind: Kind, path: RelativePath, expected: RemoteStamp?, openedAt: Timestamp) {
    self.id = id
    self.openedAt = openedAt.nanoseconds
    self.kind = kind
    self.path = path.string
    self.expected = expected.map(ExpectedObject.init)
    isUncertain = false
  }
}

/// A remote stamp as an intent keeps it.
package struct ExpectedObject: Hashable, Sendable, Codable {
  package var etag: String
  package var size: Int64
  /// Seconds since 1970.
  package var lastModified: Int64
  package var versionID: String?

  package init(_ stamp: RemoteStamp) {
    etag = stamp.etag
    size = stamp.size
    lastModified = stamp.lastModified.seconds
    versionID = stamp.versionID
  }

  package var stamp: RemoteStamp {
    RemoteStamp(etag: etag, size: size, lastModified: Timestamp(seconds: lastModified), versionID: versionID)
  }
}

/// An owner as an intent keeps it.
package struct IntentOwner: Hashable, Sendable, Codable {
  package var user: UInt32
  package var group: UInt32

  package var owner: Owner { Owner(user: user, group: group) }
}

/// A local stamp as an intent keeps it.
package struct SentStamp: Hashable, Sendable, Codable {
  package var kind: UInt8
  package var mount: UInt64
  package var inode: UInt64
  package var size: Int64
  package var modified: Int64
  package var changed: Int64
  package var mode: UInt32
  package var owner: IntentOwner?
  package var isProvisional: Bool

  package init(_ stamp: LocalStamp, isProvisional: Bool) {
    kind = stamp.kind.rawValue
    mount = stamp.mount.value
    inode = stamp.inode
    size = stamp.size
    modified = stamp.modified.nanoseconds
    changed = stamp.changed.nanoseconds
    mode = stamp.mode
    owner = stamp.owner.map { IntentOwner(user: $0.user, group: $0.group) }
    self.isProvisional = isProvisional
  }

  package var stamp: LocalStamp {
    LocalStamp(
      kind: EntryKind(rawValue: kind) ?? .file, mount: MountID(mount), inode: inode, size: size,
      modified: Timestamp(nanoseconds: modified), changed: Timestamp(nanoseconds: changed), mode: mode,
      owner: owner?.owner)
  }
}
