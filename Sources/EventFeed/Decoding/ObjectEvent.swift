/// What S3 tells of one object. A hint: whoever takes it looks for himself.
package struct ObjectEvent: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable {
    /// New content, by a put, a post or a completed upload.
    case written
    /// By a copy, which may have changed nothing but metadata.
    case copied
    /// Also by a delete marker or a lifecycle rule.
    case removed
    /// From an archive class.
    case restored
  }

  package var kind: Kind
  package var bucket: String
  package var key: String
  /// Without quotes; removals mostly have none.
  package var etag: String?
  package var versionID: String?

  package init(_ kind: Kind, bucket: String, key: String, etag: String? = nil, versionID: String? = nil) {
    self.kind = kind
    self.bucket = bucket
    self.key = key
    self.etag = etag
    self.versionID = versionID
  }
}

/// What one message of a queue holds.
package struct DecodedMessage: Hashable, Sendable {
  package var events: [ObjectEvent] = []
  /// Records that are of no interest, such as those of tags.
  package var ignored = 0
  /// Records, or a whole message, that nobody understands.
  package var unknown = 0
  package init() {}
}
