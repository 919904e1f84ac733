/// A key of DeleteObjects.
public struct S3ObjectToDelete: Sendable, Equatable {
  public var key: String
  /// Delete only this version of the content; servers differ in whether they look at it.
  public var etag: String?
  public var versionID: String?

  public init(key: String, etag: String? = nil, versionID: String? = nil) {
    self.key = key
    self.etag = etag
    self.versionID = versionID
  }
}

/// What DeleteObjects did, key by key.
public struct S3DeletionResult: Sendable {
  public struct Failure: Sendable {
    public var key: String
    public var error: S3Error
  }

  public var deleted: [String]
  public var failures: [Failure]
}

/// The reply to DeleteObject.
public struct S3DeleteResult: Sendable, Equatable {
  public var versionID: String?
  public var isDeleteMarker: Bool
}
