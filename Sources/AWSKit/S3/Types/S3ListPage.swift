/// A page of ListObjectsV2.
public struct S3ListPage: Sendable {
  public struct Object: Sendable, Equatable {
    public var key: String
    /// Without quotes; empty when the server gives none.
    public var etag: String
    /// Bytes.
    public var size: Int64
    public var lastModified: AWSTimestamp
    public var storageClass: String
    /// Whether the checksum of the object covers all of it, where the server says so.
    public var checksumType: S3ChecksumType?

    public init(
      key: String, etag: String, size: Int64, lastModified: AWSTimestamp, storageClass: String = "STANDARD",
      checksumType: S3ChecksumType? = nil
    ) {
      self.key = key
      self.etag = etag
      self.size = size
      self.lastModified = lastModified
      self.storageClass = storageClass
      self.checksumType = checksumType
    }
  }

  /// In the order of the reply.
  public var objects: [Object]
  public var commonPrefixes: [String]
  /// Keys that are not valid UTF-8 or not validly encoded, as they stood in the reply (escaped).
  public var undecodableKeys: [String]
  public var isTruncated: Bool
  public var nextContinuationToken: String?
  /// The server's clock when it replied.
  public var date: AWSTimestamp?

  public init(
    objects: [Object] = [], commonPrefixes: [String] = [], undecodableKeys: [String] = [], isTruncated: Bool = false,
    nextContinuationToken: String? = nil, date: AWSTimestamp? = nil
  ) {
    self.objects = objects
    self.commonPrefixes = commonPrefixes
    self.undecodableKeys = undecodableKeys
    self.isTruncated = isTruncated
    self.nextContinuationToken = nextContinuationToken
    self.date = date
  }
}
