extension S3Handler {
  /// The largest object that one call copies.
  private static let maximumCopySize = 5 << 30

  func copyObject(_ call: Call) throws -> S3Reply {
    let conditions = try self.writeConditions(call.request)
    let source = try CopySource(call.request)
    let (version, original) = try source.find(in: self.store)
    guard original.size <= Self.maximumCopySize else {
      throw S3Error.invalidRequest(
        "The specified copy source is larger than the maximum allowable size for a copy source: \(Self.maximumCopySize)"
      )
    }
    let replacesHeaders = try Self.replaces(call.request, "x-amz-metadata-directive")
    let replacesTags = try Self.replaces(call.request, "x-amz-tagging-directive")
    let headers = try ObjectHeaders(call.request)
    let changesItself =
      replacesHeaders || headers.storageClass != nil || headers.websiteRedirect != nil || headers.encryption != nil
    if source.bucket == call.bucket, source.key == call.key, source.versionID == nil, !changesItself {
      throw S3Error.invalidRequest(
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's"
          + " metadata, storage class, website redirect location or encryption attributes.")
    }
    var copy = original
    if replacesHeaders {
      copy.headers = headers
    } else {
      // Storage class and redirect are the request's even when the metadata is copied.
      copy.headers.storageClass = headers.storageClass
      copy.headers.websiteRedirect = headers.websiteRedirect
      copy.headers.encryption = headers.encryption
      copy.headers.access = headers.access
    }
    if replacesTags { copy.tags = try Tag.list(header: call.header("x-amz-tagging")) }
    // A copy is one piece, whatever the source was: its ETag and checksum are those of the whole.
    if !original.parts.isEmpty || call.header("x-amz-checksum-algorithm") != nil {
      let checksums = try original.content.checksums(self.algorithm(call, original))
      if !original.parts.isEmpty { copy.etag = checksums.etag }
      let algorithm = self.algorithm(call, original)
      copy.checksum = checksums.base64[algorithm].map {
        ObjectChecksum(algorithm: algorithm, type: .fullObject, value: $0)
      }
      copy.parts = []
    }
    if [original.headers, copy.headers].contains(where: { $0.encryption?.hidesETag ?? false }) {
      copy.etag = copy.headers.etag(try original.content.checksums(nil).etag)
    }
    let written = try self.store.put(copy, at: call.key, in: call.bucket, if: conditions)
    var replyHeaders = written.headers + copy.headers.encryptionHeaders
    if try self.store.bucket(source.bucket).versioning != .unversioned {
      replyHeaders.append(("x-amz-copy-source-version-id", version.versionID))
    }
    return .xml(headers: replyHeaders, "CopyObjectResult") { xml in
      xml.element("LastModified", S3Date.listing(written.version.lastModified))
      xml.element("ETag", "\"\(copy.etag)\"")
      copy.checksum?.write(&xml)
    }
  }

  private func algorithm(_ call: Call, _ original: StoredObject) -> ChecksumAlgorithm {
    call.header("x-amz-checksum-algorithm").flatMap { ChecksumAlgorithm(rawValue: $0.uppercased()) }
      ?? original.checksum?.algorithm ?? .crc64nvme
  }

  /// Whether a directive says REPLACE; nothing and COPY mean no.
  private static func replaces(_ request: S3Request, _ name: String) throws -> Bool {
    switch request.header(name) {
    case nil, "COPY": return false
    case "REPLACE": return true
    case .some(let value):
      throw S3Error.invalidArgument("Unknown directive.", name: name, value: value)
    }
  }
}
