/// Where a server-side copy reads.
public struct S3CopySource: Sendable, Equatable {
  public var bucket: String
  public var key: String
  public var versionID: String?
  /// The copy fails with `preconditionFailed` when the source has another ETag.
  public var ifMatch: String?
  /// Which it is encrypted with; nil: the one that the client uses for everything.
  public var customerKey: S3CustomerKey?

  public init(
    bucket: String, key: String, versionID: String? = nil, ifMatch: String? = nil, customerKey: S3CustomerKey? = nil
  ) {
    self.bucket = bucket
    self.key = key
    self.versionID = versionID
    self.ifMatch = ifMatch
    self.customerKey = customerKey
  }

  /// The value of `x-amz-copy-source`.
  var header: String {
    (AccessPointARN.isARN(bucket) ? "\(URIEncoding.path(bucket))/object" : bucket) + "/\(URIEncoding.path(key))"
      + (versionID.map { "?versionId=\(URIEncoding.query($0))" } ?? "")
  }
}

/// What becomes of the metadata of a copied object.
public enum S3MetadataDirective: Sendable, Equatable {
  /// The source's go along.
  case copy
  /// These replace all of the source's: content headers and user metadata.
  case replace(S3ObjectHeaders)
}
