/// Identifies a version of an object.
package struct RemoteStamp: Hashable, Sendable {
  /// Without quotes.
  package var etag: String
  /// Bytes.
  package var size: Int64
  /// Whole seconds. After a commit of our own: the reply's `Date`, an upper bound, or `undated`.
  package var lastModified: Timestamp
  /// Nil where unknown: a LIST has none, nor has an unversioned bucket.
  package var versionID: String?

  package init(etag: String, size: Int64, lastModified: Timestamp, versionID: String? = nil) {
    self.etag = etag
    self.size = size
    self.lastModified = lastModified.wholeSeconds
    self.versionID = versionID
  }

  /// Before everything that a server tells: whatever is found there counts as written since.
  package static let undated = Timestamp(nanoseconds: 0)

  package var isDated: Bool { lastModified != Self.undated }

  /// Same content as `base`, going by ETag and size.
  package func hasSameContent(as base: RemoteStamp) -> Bool { etag == base.etag && size == base.size }

  /// Nothing happened to the object since `base` was recorded.
  ///
  /// A copy onto itself may keep the ETag while it changes metadata, so last-modified counts too; an
  /// earlier one is the same version, since a commit of our own only knows an upper bound.
  package func isSameVersion(as base: RemoteStamp) -> Bool {
    hasSameContent(as: base) && lastModified <= base.lastModified
  }
}

/// An object with what a HEAD adds to its stamp.
package struct RemoteObject: Hashable, Sendable {
  package var stamp: RemoteStamp
  package var metadata: EntryMetadata
  /// The CRC-64/NVME of the whole object, where the server keeps one.
  package var crc64: UInt64?

  package init(stamp: RemoteStamp, metadata: EntryMetadata, crc64: UInt64? = nil) {
    self.stamp = stamp
    self.metadata = metadata
    self.crc64 = crc64
  }
}
