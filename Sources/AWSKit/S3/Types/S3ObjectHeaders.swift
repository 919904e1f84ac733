/// What an upload, a copy with replaced metadata or a new multipart upload says about the object.
public struct S3ObjectHeaders: Sendable, Equatable {
  public var contentType: String?
  /// User metadata; the names without `x-amz-meta-`.
  public var metadata: [String: String]
  /// Any others: `Cache-Control`, `x-amz-storage-class`, `x-amz-acl`, `x-amz-server-side-encryption`, …
  public var additional: [(name: String, value: String)]

  public init(
    contentType: String? = nil, metadata: [String: String] = [:], additional: [(name: String, value: String)] = []
  ) {
    self.contentType = contentType
    self.metadata = metadata
    self.additional = additional
  }

  public static func == (left: Self, right: Self) -> Bool {
    left.contentType == right.contentType && left.metadata == right.metadata
      && left.additional.elementsEqual(right.additional) { $0 == $1 }
  }

  var fields: [(name: String, value: String)] {
    var fields = additional
    if let contentType { fields.append(("Content-Type", contentType)) }
    for (name, value) in metadata.sorted(by: { $0.key < $1.key }) { fields.append(("x-amz-meta-\(name)", value)) }
    return fields
  }
}
