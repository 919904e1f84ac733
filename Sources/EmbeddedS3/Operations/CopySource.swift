import AWSKit

/// The source of CopyObject and UploadPartCopy: `x-amz-copy-source` and the conditions on it.
struct CopySource {
  var bucket: String
  var key: ObjectKey
  var versionID: String?
  private let request: S3Request

  init(_ request: S3Request) throws {
    let header = request.header("x-amz-copy-source") ?? ""
    var path = header.utf8[...]
    var versionID: String?
    // A `?` in the key comes encoded, so a plain one begins the version.
    if let mark = path.firstIndex(of: UInt8(ascii: "?")) {
      let query = String(Substring(path[mark...].dropFirst()))
      guard query.hasPrefix("versionId=") else {
        throw S3Error.invalidArgument("Unsupported copy source parameter.", name: "x-amz-copy-source", value: header)
      }
      versionID = String(query.dropFirst("versionId=".count))
      path = path[..<mark]
    }
    let decoded = URIEncoding.decode(path).map { Array($0.first == UInt8(ascii: "/") ? $0.dropFirst() : $0[...]) }
    guard let decoded, let slash = decoded.firstIndex(of: UInt8(ascii: "/")), slash + 1 < decoded.count,
      String(validating: decoded, as: UTF8.self) != nil
    else {
      throw S3Error.invalidArgument(
        "Copy Source must mention the source bucket and key: sourcebucket/sourcekey", name: "x-amz-copy-source",
        value: header)
    }
    self.bucket = String(decoding: decoded[..<slash], as: UTF8.self)
    self.key = ObjectKey(decoded[(slash + 1)...])
    self.versionID = versionID
    self.request = request
  }

  /// Throws 412 when `x-amz-copy-source-if-…` does not hold.
  func check(_ version: ObjectVersion, _ object: StoredObject) throws {
    guard !self.request.ignoresConditions else { return }
    func header(_ name: String) -> String? { self.request.header("x-amz-copy-source-\(name)") }
    func time(_ name: String) -> Int64? { header(name).flatMap { AWSTimestamp(httpDate: $0)?.seconds } }
    let modified = version.lastModified / 1000
    if let ifMatch = header("if-match") {
      guard matches(ifMatch, object.etag) else { throw S3Error.preconditionFailed("x-amz-copy-source-If-Match") }
    } else if let limit = time("if-unmodified-since"), modified > limit {
      throw S3Error.preconditionFailed("x-amz-copy-source-If-Unmodified-Since")
    }
    if let ifNoneMatch = header("if-none-match") {
      guard !matches(ifNoneMatch, object.etag) else {
        throw S3Error.preconditionFailed("x-amz-copy-source-If-None-Match")
      }
    } else if let limit = time("if-modified-since"), modified <= limit {
      throw S3Error.preconditionFailed("x-amz-copy-source-If-Modified-Since")
    }
  }

  /// The version that is copied, its conditions checked.
  func find(in store: ObjectStore) throws -> (version: ObjectVersion, object: StoredObject) {
    let version = try store.find(self.key, versionID: self.versionID, in: self.bucket)
    guard let object = version.object else { throw S3Error.noSuchKey(self.key) }
    try self.check(version, object)
    try ObjectEncryption.check(object.headers.encryption, self.request, scope: "copy-source-")
    return (version, object)
  }
}
