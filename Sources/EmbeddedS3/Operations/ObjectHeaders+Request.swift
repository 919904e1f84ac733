import HTTPTypes

extension ObjectHeaders {
  private static let systemNames = [
    "content-type", "cache-control", "content-disposition", "content-encoding", "content-language", "expires",
  ]
  /// S3's limit for names and values together.
  private static let maximumUserSize = 2048

  /// The headers of a write that are kept with the object.
  init(_ request: S3Request) throws {
    for name in Self.systemNames { self.system[name] = request.header(name) }
    // `aws-chunked` is about the transfer, S3 takes it out.
    if let encoding = self.system["content-encoding"] {
      let kept = encoding.split(separator: ",").map { $0.trimming { $0 == " " } }.filter { $0 != "aws-chunked" }
      self.system["content-encoding"] = kept.isEmpty ? nil : kept.joined(separator: ",")
    }
    for (name, value) in request.headers where name.hasPrefix("x-amz-meta-") {
      self.user[String(name.dropFirst("x-amz-meta-".count))] = value
    }
    let size = self.user.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    guard size <= Self.maximumUserSize else {
      throw S3Error(
        .badRequest, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size",
        [("Size", String(size)), ("MaxSizeAllowed", String(Self.maximumUserSize))])
    }
    self.storageClass = request.header("x-amz-storage-class").flatMap { $0 == "STANDARD" ? nil : $0 }
    self.websiteRedirect = request.header("x-amz-website-redirect-location")
    self.encryption = try ObjectEncryption(request)
    self.access = try ObjectAccess(request, owner: S3Handler.ownerID)
  }

  /// As GetObject and HeadObject give them back.
  var replyHeaders: [(name: String, value: String)] {
    var headers = self.system.map { (name: $0.key, value: $0.value) }
    if self.system["content-type"] == nil { headers.append(("content-type", "binary/octet-stream")) }
    headers += self.user.map { (name: "x-amz-meta-\($0.key)", value: $0.value) }
    if let storageClass { headers.append(("x-amz-storage-class", storageClass)) }
    if let websiteRedirect { headers.append(("x-amz-website-redirect-location", websiteRedirect)) }
    headers += self.encryptionHeaders
    return headers
  }
  /// Of the replies to writes, too.
  var encryptionHeaders: [(name: String, value: String)] { self.encryption?.replyHeaders ?? [] }

  /// The ETag of content with this MD5, or MD5 of MD5s.
  func etag(_ digest: String) -> String {
    self.encryption?.hidesETag ?? false ? ObjectEncryption.opaque(digest) : digest
  }
}
