public import NIOHTTP1

/// What S3 answers to a successful write.
public struct S3WriteResult: Sendable {
  /// Without quotes; nil when the server sent none.
  public var etag: String?
  public var versionID: String?
  public var checksums: S3Checksums
  /// To the millisecond; only copies say it.
  public var lastModified: AWSTimestamp?
  public var headers: HTTPHeaders

  package init(etag: String?, checksums: S3Checksums, lastModified: AWSTimestamp? = nil, headers: HTTPHeaders) {
    self.etag = etag
    self.versionID = headers.first(name: "x-amz-version-id").flatMap { $0 == "null" ? nil : $0 }
    self.checksums = checksums
    self.lastModified = lastModified
    self.headers = headers
  }

  init(_ headers: HTTPHeaders) {
    self.init(
      etag: headers.first(name: "ETag").map { ETag.normalised($0) }, checksums: S3Checksums(headers), headers: headers)
  }

  /// The server's clock when it replied.
  public var date: AWSTimestamp? { headers.first(name: "Date").flatMap { AWSTimestamp(httpDate: $0) } }
}
