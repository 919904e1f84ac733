public import NIOHTTP1

/// What the headers of a HEAD or GET reply say about an object.
public struct S3ObjectHead: Sendable {
  public let status: Int
  /// All of them, as received.
  public let headers: HTTPHeaders

  package init(status: Int, headers: HTTPHeaders) {
    self.status = status
    self.headers = headers
  }

  /// Without quotes.
  public var etag: String? { headers.first(name: "ETag").map { ETag.normalised($0) } }
  /// Bytes of the whole object, also when a range was asked for.
  public var size: Int64? { contentRange?.size ?? contentLength }
  /// Bytes of this reply's body (of HEAD: of the body that GET would have).
  public var contentLength: Int64? { headers.first(name: "Content-Length").flatMap { Int64(byteCount: $0) } }
  /// The bytes that were delivered, nil when that is the whole object.
  public var range: Range<Int64>? { contentRange?.range }
  /// To the second.
  public var lastModified: AWSTimestamp? {
    headers.first(name: "Last-Modified").flatMap { AWSTimestamp(httpDate: $0) }
  }
  /// The server's clock when it replied.
  public var date: AWSTimestamp? { headers.first(name: "Date").flatMap { AWSTimestamp(httpDate: $0) } }
  /// Nil also for the "null" version of a bucket without versioning.
  public var versionID: String? { headers.first(name: "x-amz-version-id").flatMap { $0 == "null" ? nil : $0 } }
  public var requestID: String? { headers.first(name: "x-amz-request-id") }
  public var checksums: S3Checksums { S3Checksums(headers) }

  /// `x-amz-meta-*`, the names in lower case and without that prefix.
  public var metadata: [String: String] {
    var metadata: [String: String] = [:]
    for (name, value) in headers {
      let name = name.lowercased()
      guard name.hasPrefix("x-amz-meta-") else { continue }
      let key = String(name.dropFirst("x-amz-meta-".count))
      metadata[key] = metadata[key].map { "\($0),\(value)" } ?? value
    }
    return metadata
  }
  /// Number of metadata headers that the server could not express and left out.
  public var missingMetadata: Int { integer("x-amz-missing-meta") ?? 0 }

  public var contentType: String? { headers.first(name: "Content-Type") }
  public var cacheControl: String? { headers.first(name: "Cache-Control") }
  public var contentDisposition: String? { headers.first(name: "Content-Disposition") }
  public var contentEncoding: String? { headers.first(name: "Content-Encoding") }
  public var contentLanguage: String? { headers.first(name: "Content-Language") }
  public var expires: String? { headers.first(name: "Expires") }

  /// `STANDARD` when the server says nothing.
  public var storageClass: String { headers.first(name: "x-amz-storage-class") ?? "STANDARD" }
  public var serverSideEncryption: String? { headers.first(name: "x-amz-server-side-encryption") }
  public var kmsKeyID: String? { headers.first(name: "x-amz-server-side-encryption-aws-kms-key-id") }
  public var customerKeyAlgorithm: String? {
    headers.first(name: "x-amz-server-side-encryption-customer-algorithm")
  }
  public var bucketKeyEnabled: Bool { headers.first(name: "x-amz-server-side-encryption-bucket-key-enabled") == "true" }
  public var websiteRedirectLocation: String? { headers.first(name: "x-amz-website-redirect-location") }
  public var objectLockMode: String? { headers.first(name: "x-amz-object-lock-mode") }
  public var objectLockRetainUntil: String? { headers.first(name: "x-amz-object-lock-retain-until-date") }
  public var objectLockLegalHold: String? { headers.first(name: "x-amz-object-lock-legal-hold") }
  public var taggingCount: Int { integer("x-amz-tagging-count") ?? 0 }
  /// Of the object, when a single part was asked for.
  public var partsCount: Int? { integer("x-amz-mp-parts-count") }
  public var restore: String? { headers.first(name: "x-amz-restore") }
  public var isDeleteMarker: Bool { headers.first(name: "x-amz-delete-marker") == "true" }

  private func integer(_ name: String) -> Int? { headers.first(name: name).flatMap { Int($0) } }

  /// `bytes 0-8388607/9000000`.
  private var contentRange: (range: Range<Int64>, size: Int64?)? {
    guard let text = headers.first(name: "Content-Range"), text.hasPrefix("bytes ") else { return nil }
    let parts = text.dropFirst("bytes ".count).split(separator: "/")
    guard parts.count == 2 else { return nil }
    let bounds = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    guard bounds.count == 2, let first = Int64(byteCount: bounds[0]), let last = Int64(byteCount: bounds[1]),
      last >= first
    else { return nil }
    let size = Int64(byteCount: parts[1])
    guard size.map({ last < $0 }) ?? (parts[1] == "*") else { return nil }
    return (first..<last + 1, size)
  }
}

extension Int64 {
  /// A number of bytes in a reply; nil for what no object has, so that sums of sizes cannot overflow.
  init?(byteCount text: some StringProtocol) {
    guard let count = Int64(text), (0...1 << 60).contains(count) else { return nil }
    self = count
  }
}
